"""What checks of OpenAPI documents need."""

from __future__ import annotations

from typing import Any


def pointer_part(name: str) -> str:
    """A name as it stands in a pointer within an address (RFC 6901, 6)."""
    return name.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def modern(part: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same schema without `nullable`, which OpenAPI 3.1 does not know any more."""
    if isinstance(part, list):
        return [modern(one) for one in part]
    if not isinstance(part, dict):
        return part
    new = {key: modern(value) for key, value in part.items() if key != "nullable"}
    if True in {part.get("nullable"), part.get("nullabe")}:  # it has a typing error
        new = {"anyOf": [new, {"type": "null"}]}
    return new
