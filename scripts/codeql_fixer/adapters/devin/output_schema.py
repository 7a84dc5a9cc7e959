"""The structured output that a session is asked for: the JSON Schema of `SessionReport`, as Devin wants schemas."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from codeql_fixer.domain.session import SessionReport
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
}
_DROPPED = frozenset({"$ref", "title", "description", "default"})


@cache
def output_schema() -> dict[str, Any]:
    """Draft 7, without any reference: the service takes self-contained schemas of 64 KB at most. Not to be changed."""
    (root,), definitions = msgspec.json.schema_components([SessionReport], ref_template=_REFERENCE + "{name}")
    return {"$schema": _DRAFT, **_flat(root, definitions)}


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
