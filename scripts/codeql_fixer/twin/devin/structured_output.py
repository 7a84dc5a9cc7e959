"""Fills a structured output that is valid against the schema that the client sent, JSON Schema Draft 7.

Members with a name that we know get a value that makes sense; all others get the simplest one that is allowed. What was
filled is checked as a whole, so nothing invalid ever goes out.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from jsonschema import Draft7Validator
from jsonschema.exceptions import SchemaError
from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.twin.devin.known_members import Facts, members_of, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_SCHEMA_BYTES = 64 * 1024
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "email": "devin@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
# One of these fits most patterns that people write.
_WORDS = ("", "a", "A", "0", "text", "1.0.0", "a-1", "A-1", "0000000", "a" * 40, *_FORMATS.values())
_TYPE_BY_KEYWORD = {
    "object": ("properties", "required", "additionalProperties", "minProperties"),
    "array": ("items", "minItems", "uniqueItems", "contains"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def fault_of(schema: dict[str, Any]) -> str:
    """Why the service would not take a schema, "" when it does."""
    encoded = msgspec.json.encode(schema, order="deterministic")
    if len(encoded) > MAX_SCHEMA_BYTES:
        return f"structured_output_schema is larger than {MAX_SCHEMA_BYTES} bytes"
    return _checked(encoded)[1]


def output_of(schema: dict[str, Any], facts: Facts) -> dict[str, Any] | None:
    """An instance of the schema, None when none was found: some schemas have none."""
    validator, _ = _checked(msgspec.json.encode(schema, order="deterministic"))
    if validator is None:
        return None
    for wants_all in (True, False):
        with suppress(_NoValueError, LookupError, ValueError, RecursionError, re.error):
            value = _Filler(schema, wants_all=wants_all).fill(schema, _Hints([{}], members_of(facts)))
            if isinstance(value, dict) and validator.is_valid(value):
                return value
    return None


@lru_cache(maxsize=256)
def _checked(encoded: bytes) -> tuple[Draft7Validator | None, str]:
    """The validator of a schema, or what is wrong with it; clients send the same one again and again."""
    schema = msgspec.json.decode(encoded)
    for reference in _references(schema):
        if not reference.startswith("#"):
            return None, f"structured_output_schema must be self-contained: it has an external $ref, {reference}"
        try:
            _at(schema, reference)
        except (LookupError, ValueError, TypeError):
            return None, f"structured_output_schema has a $ref to nothing, {reference}"
    try:
        Draft7Validator.check_schema(schema)
    except SchemaError as error:
        return None, f"structured_output_schema is no JSON Schema (Draft 7): {error.message}"
    return Draft7Validator(schema), ""


def _references(part: Any) -> list[str]:  # noqa: ANN401 - any JSON
    if isinstance(part, list):
        return [found for one in part for found in _references(one)]
    if not isinstance(part, dict):
        return []
    own = part.get("$ref")
    return ([own] if isinstance(own, str) else []) + [found for one in part.values() for found in _references(one)]


def _at(root: Any, reference: str) -> Any:  # noqa: ANN401 - any JSON
    """What a reference within the same schema points to."""
    part = root
    for name in reference.removeprefix("#").split("/")[1:]:
        key = unquote(name).replace("~1", "/").replace("~0", "~")
        part = part[int(key)] if isinstance(part, list) else part[key]
    return part


class _NoValueError(Exception):
    """Nothing that we can think of is allowed here."""


class _Hints(Struct, frozen=True):
    """What helps to fill one place: values that would make sense there, and those of the members around it.

    `opened` are the references that led here: one that comes again goes round in circles.
    """

    wanted: list[Any]
    around: dict[str, list[Any]]
    opened: frozenset[str] = frozenset()

    def at(self, name: str) -> _Hints:
        """The hints for a member."""
        return replace(self, wanted=self.around.get(normal(name), []))


class _Filler:
    """Fills one schema.

    Args:
        root: the whole schema, for references.
        wants_all: fill members that are not required, too.
    """

    def __init__(self, root: dict[str, Any], *, wants_all: bool) -> None:
        self._root, self._wants_all = root, wants_all

    def fill(self, schema: Any, hints: _Hints) -> Any:  # noqa: ANN401 - any JSON
        """A value for a schema.

        Raises:
            _NoValueError: none was found.
        """
        if not isinstance(schema, dict):
            schema = {} if schema is True else {"enum": []}
        if "$ref" in schema:
            return self.fill(*self._followed(schema["$ref"], hints))
        if "const" in schema or "enum" in schema:
            return _listed(schema.get("enum", [schema.get("const")]), hints.wanted)
        if "allOf" in schema:
            return self.fill(*self._merged(schema, "allOf", parts=schema["allOf"], hints=hints))
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self._chosen(schema, choice, hints)
        return _first(
            self._typed(schema, kind=kind, value=value, hints=hints)
            for kind, value in _candidates(schema, hints.wanted)
        )

    def _followed(self, reference: str, hints: _Hints) -> tuple[Any, _Hints]:
        if reference in hints.opened:
            raise _NoValueError
        return _at(self._root, reference), replace(hints, opened=hints.opened | {reference})

    def _merged(
        self, schema: dict[str, Any], keyword: str, *, parts: list[Any], hints: _Hints
    ) -> tuple[dict[str, Any], _Hints]:
        """All that has to hold, in one schema. Good for what people write, and checked in the end."""
        merged = {key: value for key, value in schema.items() if key != keyword}
        for part in parts:
            while isinstance(part, dict) and "$ref" in part:
                part, hints = self._followed(part["$ref"], hints)  # noqa: PLW2901 - the reference stands for it
            if isinstance(part, dict):
                properties = {**merged.get("properties", {}), **part.get("properties", {})}
                required = [*merged.get("required", []), *part.get("required", [])]
                merged = {**merged, **part, "properties": properties, "required": required}
        return {key: value for key, value in merged.items() if value not in ({}, [])}, hints

    def _chosen(self, schema: dict[str, Any], keyword: str, hints: _Hints) -> Any:  # noqa: ANN401 - any JSON
        """A value by the first alternative that takes one of the wanted types, or the first that works."""
        options = []
        for part in schema[keyword]:
            with suppress(_NoValueError):
                options.append(self._merged(schema, keyword, parts=[part], hints=hints))
        kinds = [_kind_of(value) for value in hints.wanted]
        fitting = [option for kind in kinds for option in options if kind in _kinds(option[0])]
        return _first(partial(self.fill, *option) for option in [*fitting, *options])

    def _typed(self, schema: dict[str, Any], *, kind: str, value: Any, hints: _Hints) -> Callable[[], Any]:  # noqa: ANN401
        match kind:
            case "object":
                around = {**hints.around, **value} if value else hints.around
                return lambda: self._object(schema, replace(hints, around=around))
            case "array":
                return lambda: self._array(schema, value or [], hints)
            case "string":
                return lambda: _string(schema, value)
            case "integer" | "number":
                return lambda: _number(schema, value, is_whole=kind == "integer")
            case "boolean":
                return lambda: value is True
            case _:
                return lambda: None

    def _object(self, schema: dict[str, Any], hints: _Hints) -> dict[str, Any]:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        more = schema.get("additionalProperties", True)
        filled = {}
        for name in dict.fromkeys([*properties, *required]):
            if name in required:
                filled[name] = self.fill(properties.get(name, more), hints.at(name))
            elif self._wants_all:
                with suppress(_NoValueError):
                    filled[name] = self.fill(properties[name], hints.at(name))
        for number in range(schema.get("minProperties", 0) - len(filled)):
            filled[f"member{number}"] = self.fill(more, hints.at(""))
        return filled

    def _array(self, schema: dict[str, Any], values: list[Any], hints: _Hints) -> list[Any]:
        items = schema.get("items", True)
        least = schema.get("minItems", 0)
        length = min(max(least, len(values)), schema.get("maxItems", math.inf))
        filled: list[Any] = []
        for place in range(int(length)):
            one = items if not isinstance(items, list) else items[place] if place < len(items) else True
            try:
                filled.append(self.fill(one, replace(hints, wanted=values[place : place + 1])))
            except _NoValueError:
                if place < least:
                    raise
        return filled


def _first(tries: Iterable[Callable[[], Any]]) -> Any:  # noqa: ANN401 - any JSON
    for attempt in tries:
        with suppress(_NoValueError):
            return attempt()
    raise _NoValueError


def _listed(allowed: list[Any], wanted: list[Any]) -> Any:  # noqa: ANN401 - any JSON
    if not allowed:
        raise _NoValueError
    return next((value for value in wanted if value in allowed), allowed[0])


def _candidates(schema: dict[str, Any], wanted: list[Any]) -> list[tuple[str, Any]]:
    """Types to try, with the wanted values that have them first, then with None for no value; null comes last."""
    kinds = _kinds(schema)
    fitting = [(kind, value) for value in wanted for kind in kinds if _is_of(kind, value)]
    return fitting + [(kind, None) for kind in sorted(kinds, key=lambda kind: kind == "null")]


def _is_of(kind: str, value: Any) -> bool:  # noqa: ANN401 - any JSON
    return _kind_of(value) == kind or (_kind_of(value) == "integer" and kind == "number")


def _kinds(schema: dict[str, Any]) -> list[str]:
    """The types that a schema allows, "string" for one that says nothing."""
    given = schema.get("type")
    if given is not None:
        return [given] if isinstance(given, str) else list(given)
    found = [kind for kind, keywords in _TYPE_BY_KEYWORD.items() if any(word in schema for word in keywords)]
    return found or ["string", "object", "array", "boolean", "integer", "number", "null"]


def _kind_of(value: Any) -> str:  # noqa: ANN401 - any JSON
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds[type(value)]


def _string(schema: dict[str, Any], value: str | None) -> str:
    """A text, the wanted one if there is one."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    form = _FORMATS.get(schema.get("format", ""))
    if value is not None:
        words = [value] if form is None or "://" in value else []
    else:
        words = [form] if form else [*_WORDS, "a" * least]
    pattern = re.compile(schema.get("pattern", ""))
    for word in words:
        if least <= len(word) <= most and pattern.search(word):
            return word
    raise _NoValueError


def _number(schema: dict[str, Any], value: float | None, *, is_whole: bool) -> float:
    """A number, the wanted one if there is one."""
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    step = schema.get("multipleOf", 1 if is_whole else 0)
    for one in [value] if value is not None else _numbers(max(low, above), min(high, below), step):
        if low <= one <= high and above < one < below and (not step or one % step == 0):
            return int(one) if one == int(one) else one
    raise _NoValueError


def _numbers(low: float, high: float, step: float) -> list[float]:
    """Some numbers from low to high, both of which may be infinite or not allowed."""
    begin = low if math.isfinite(low) else min(0, high)
    tries = [begin, (begin + high) / 2]
    if step:
        first = math.ceil(begin / step) * step
        tries += [first, first + step, first - step]
    return [one for one in tries if math.isfinite(one)]
