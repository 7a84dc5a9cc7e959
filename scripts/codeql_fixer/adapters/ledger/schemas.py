"""JSON Schemas of the records, made from their types, and checks against them that do not rest on those types."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec

from codeql_fixer.domain.kinds import KINDS, VERSIONS
from codeql_fixer.domain.record import Time

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLES = {
    "scan_run": "A scan and what was made of it",
    "dispatch_intent": "A claim: some issues get a session of an agent",
    "dispatch_outcome": "What became of a claim",
    "cycle": "What one cycle of the orchestrator saw and decided",
    "verification": "What a later scan proves about a fix",
    "dismissal": "A person's word that an issue is not going to be fixed",
    "fix_example": "A change that fixed issues of a rule, as was proved",
    "snapshot": "The state of the fleet for people and older tools",
    "alert": "An event that is to be told, once",
    "alert_claim": "The right to tell an alert over a channel for a while",
    "alert_outcome": "What became of telling an alert over a channel",
    "follow_up": "The right to tell a session what was said at its pull request, for a while",
    "follow_up_outcome": "What became of telling a session that",
    "triage": "A claim: an agent is asked how much some issues matter",
    "triage_outcome": "What it answered",
}
_FORMATS = jsonschema.FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    """RFC 3339 with a time zone, as msgspec reads it."""
    if isinstance(value, str):
        msgspec.convert(value, Time)
    return True


_STRICT = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    # JSON Schema takes 1.0 for an integer; records hold whole numbers without a fraction.
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of the present version of a kind."""
    schema = msgspec.json.schema(KINDS[kind])
    version = schema["$defs"][KINDS[kind].__name__]["properties"]["schema_version"]
    version["type"] = "integer"  # for JSON Schema 1.0 equals 1
    return {"$schema": _DIALECT, "title": TITLES[kind], **schema}


def problems_of(data: bytes) -> Iterator[str]:
    """What the schema says against a record; nothing about earlier versions, which have no schema any more."""
    raw = msgspec.json.decode(data, type=dict[str, Any])
    kind = raw.get("kind")
    if kind in KINDS and raw.get("schema_version") == VERSIONS[kind]:
        for error in _validator(kind).iter_errors(raw):
            yield f"{error.json_path}: {error.message[:300]}"


@cache
def _validator(kind: str) -> jsonschema.Draft202012Validator:
    validator: jsonschema.Draft202012Validator = _STRICT(schema_of(kind), format_checker=_FORMATS)
    return validator
