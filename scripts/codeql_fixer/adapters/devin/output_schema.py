"""The structured output that sessions are asked for, as Devin wants schemas, and what comes back of it.

Sessions that fix answer in the form of `SessionReport`, those that triage in that of `_Triage`.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from codeql_fixer.domain.session import SessionReport
from codeql_fixer.domain.triage import GivenScore, TriageAnswer
from codeql_fixer.transport.message_types import ready

_DRAFT = "http://json-schema.org/draft-07/schema#"
_REFERENCE = "#/definitions/"
# For the agent, which fills it in; what the types say for us is left out.
_MEANINGS = {
    "status": "where you are; completed or failed is the last word",
    "progress_percent": "0 to 100",
    "approach": "how you fix the issues, in a few sentences",
    "files_changed": "paths from the repository's root",
    "tests": "which tests you ran and what came out",
    "confidence": "that the fix is right and breaks nothing: low, medium or high",
    "pull_request_url": "of the pull request; empty while there is none",
    "issues": "one entry for each issue of the task, by its id",
    "id": "as the task names the issue",
    "result": "false_positive if the code is safe as it is; not_fixed if you leave it",
    "note": "why, if it is not fixed",
    "error": "what went wrong, if it failed",
    "scores": "one entry for each issue of the task, by its fingerprint",
    "fingerprint": "the heading of the issue",
    "score": "how much it matters: 0 can wait for ever, 100 comes before all others",
    "reason": "why, in one sentence",
}
_DROPPED = frozenset({"$ref", "title", "description", "default"})


_MOST_SCORES = 1000  # entries that are looked at; nobody is asked for so many


class _Score(Struct):
    fingerprint: str
    score: Annotated[int, Meta(ge=0, le=100)]
    reason: str = ""


class _Triage(Struct):
    status: Literal["analyzing", "completed", "failed"]
    scores: tuple[_Score, ...]
    error: str = ""


class _Given(Struct):
    """An entry as it comes: numbers with a fraction are numbers, too, and what is out of range is told apart later."""

    fingerprint: str
    score: float
    reason: str = ""


@cache
def output_schema() -> dict[str, Any]:
    """Draft 7, without any reference: the service takes self-contained schemas of 64 KB at most. Not to be changed."""
    (root,), definitions = msgspec.json.schema_components([SessionReport], ref_template=_REFERENCE + "{name}")
    return {"$schema": _DRAFT, **_flat(root, definitions)}


@cache
def triage_schema() -> dict[str, Any]:
    """The same for sessions that triage."""
    (root,), definitions = msgspec.json.schema_components([_Triage], ref_template=_REFERENCE + "{name}")
    return {"$schema": _DRAFT, **_flat(root, definitions)}


def triage_of(output: Any) -> TriageAnswer | None:  # noqa: ANN401 - an agent wrote it
    """What a session says of issues, entry by entry; None where it has no list of scores at all."""
    entries = output.get("scores") if isinstance(output, dict) else None
    if not isinstance(entries, list):
        return None
    given = [one for entry in entries[:_MOST_SCORES] if (one := _given(entry)) is not None]
    return TriageAnswer(scores=tuple(given), malformed=len(entries) - len(given))


def _given(entry: Any) -> GivenScore | None:  # noqa: ANN401 - an agent wrote it
    try:
        one = msgspec.convert(entry, _Given)
    except msgspec.ValidationError:
        return None
    return GivenScore(fingerprint=one.fingerprint, score=one.score, reason=one.reason)


def report_of(output: Any) -> SessionReport | None:  # noqa: ANN401 - an agent wrote it
    """What a session reports, None where it is not exactly of that form. Further members are allowed."""
    try:
        return msgspec.convert(output, ready(SessionReport))
    except msgspec.ValidationError:
        return None


def _flat(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema with what it refers to in its place."""
    if "$ref" in schema:
        return _flat(definitions[schema["$ref"].removeprefix(_REFERENCE)], definitions)
    flat = {name: value for name, value in schema.items() if name not in _DROPPED}
    if "items" in flat:
        flat["items"] = _flat(flat["items"], definitions)
    if "properties" in flat:
        flat["properties"] = {
            name: {"description": _MEANINGS[name], **_flat(value, definitions)}
            for name, value in flat["properties"].items()
        }
    return flat
