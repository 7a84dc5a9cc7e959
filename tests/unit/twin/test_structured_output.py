"""Outputs of the twin fit whatever schema a client sends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from codeql_fixer.twin.devin.known_members import Facts
from codeql_fixer.twin.devin.structured_output import MAX_SCHEMA_BYTES, fault_of, output_of

STATUSES = ("analyzing", "fixing", "testing", "creating_pr", "completed", "failed")
LINK = "https://github.com/acme/shop/pull/7"
DONE = Facts(status="completed", issue_ids=("CQF-0001",), files=("app.py",), pull_request_url=LINK)
NAMES = st.sampled_from(["status", "progress_percent", "tests", "issues", "error", "pull_request_url", "x", "y"])


def _object(**properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _numbers(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    bounds = st.tuples(st.integers(-1000, 1000), st.integers(0, 500))
    return bounds.map(lambda pair: {"type": kind, "minimum": pair[0], "maximum": pair[0] + pair[1]})


def _lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(items, st.integers(0, 3)).map(
        lambda pair: {"type": "array", "items": pair[0], "minItems": pair[1]}
    )


@st.composite
def _objects(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(NAMES, values, max_size=4))
    required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": draw(st.booleans()),
    }


SIMPLE = st.one_of(
    st.sampled_from([{}, {"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {"format": "uri"}]),
    st.integers(0, 60).map(lambda size: {"type": "string", "minLength": size}),
    st.integers(0, 60).map(lambda size: {"type": "string", "maxLength": size}),
    st.lists(st.one_of(st.text(), st.integers()), min_size=1, max_size=3).map(lambda words: {"enum": words}),
    st.text().map(lambda word: {"const": word}),
    _numbers("integer"),
    _numbers("number"),
    st.integers(1, 50).map(lambda step: {"type": "integer", "multipleOf": step, "exclusiveMinimum": step}),
)
SCHEMAS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        _objects(inner),
        _lists(inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"anyOf": some}),
    ),
    max_leaves=8,
)


@given(schema=_objects(SCHEMAS), status=st.sampled_from(STATUSES), ids=st.lists(st.text(), max_size=3))
def test_output__is_valid_for_any_schema_that_people_write(schema: dict[str, Any], status: str, ids: list[str]) -> None:
    assert fault_of(schema) == ""

    output = output_of(schema, Facts(status=status, issue_ids=tuple(ids), pull_request_url=LINK))

    assert output is not None
    Draft7Validator(schema).validate(output)


TREE = {
    "type": "object",
    "definitions": {
        "node": {"type": "object", "properties": {"left": {"$ref": "#/definitions/node"}, "error": {"type": "string"}}}
    },
    "properties": {"tree": {"$ref": "#/definitions/node"}},
    "required": ["tree"],
}
MERGED = {
    "allOf": [
        {"$ref": "#/definitions/base"},
        {"properties": {"x": {"minLength": 3, "type": "string"}}, "required": ["x"]},
    ],
    "definitions": {"base": {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}},
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (_object(status={"type": "string"}, percent={"type": "integer"}), {"status": "completed", "percent": 0}),
        (_object(status={"enum": ["open", "done"]}), {"status": "done"}),
        (_object(Status={"enum": ["in_progress", "success"]}), {"Status": "success"}),
        (_object(progress={"type": "number", "maximum": 1}), {"progress": 1}),
        (_object(confidence={"type": "number"}), {"confidence": 0.9}),
        (_object(filesChanged={"type": "integer"}), {"filesChanged": 1}),
        (_object(pr_url={"type": "string", "format": "uri"}), {"pr_url": LINK}),
        (_object(pr_url={"type": "string", "pattern": "^https://"}), {"pr_url": LINK}),
        (_object(error={"type": ["string", "null"]}), {"error": None}),
        (_object(tests=_object(passed={"type": "boolean"})), {"tests": {"passed": False}}),
        (_object(issues={"type": "array", "items": {"type": "object"}}), {"issues": [{}]}),
        (_object(issues={"type": "array", "items": _object(id={})}), {"issues": [{"id": "CQF-0001"}]}),
        (_object(issues={"type": "array", "items": _object(id={}), "maxItems": 0}), {"issues": []}),
        (_object(version={"pattern": r"^\d+\.\d+\.\d+$", "type": "string"}), {"version": "1.0.0"}),
        (_object(sha={"type": "string", "pattern": "^[0-9a-f]{7}"}), {"sha": "0000000"}),
        (
            _object(pair={"type": "array", "items": [{"type": "null"}, {"const": 2}], "minItems": 2}),
            {"pair": [None, 2]},
        ),
        ({"type": "object", "minProperties": 2, "additionalProperties": {"const": 1}}, {"member0": 1, "member1": 1}),
        (TREE, {"tree": {"error": ""}}),
        (MERGED, {"status": "completed", "x": "text"}),
        ({}, {}),
        (_object(x={"oneOf": [{"type": "null"}, {"type": "integer"}]}), {"x": None}),
        (_object(status={"anyOf": [{"type": "null"}, {"type": "string"}]}), {"status": "completed"}),
    ],
)
def test_output__of_a_session_that_is_done(schema: dict[str, Any], expected: object) -> None:
    assert output_of(schema, DONE) == expected


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array"},  # outputs are objects
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},  # never ends
        _object(x={"type": "string", "pattern": "^(?:ab){7}$"}),  # none of the words that we try
        _object(x={"type": "string", "pattern": "("}),
        _object(x={"type": "integer", "minimum": 2, "maximum": 1}),
        _object(x=False),
        {"type": "object", "not": {}},
    ],
)
def test_output__is_none_where_none_was_found(schema: dict[str, Any]) -> None:
    assert output_of(schema, DONE) is None


def test_output__leaves_out_what_it_cannot_fill() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^(?:ab){7}$"}, "y": {"const": 1}}}

    assert output_of(schema, DONE) == {"y": 1}


def test_output__gives_only_what_is_required_when_all_is_not_allowed() -> None:
    schema = {**_object(x={"const": 1}), "properties": {"x": {"const": 1}, "y": {"const": 2}}, "maxProperties": 1}

    assert output_of(schema, DONE) == {"x": 1}


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"$ref": "other.json"}, "external $ref, other.json"),
        ({"items": [{"$ref": "https://a/b#/c"}]}, "external"),
        ({"$ref": "#/definitions/no"}, "to nothing"),
        ({"$ref": "#/type/0", "type": "object"}, "to nothing"),
        ({"type": "text"}, "no JSON Schema"),
        ({"minimum": "one"}, "no JSON Schema"),
        ({"title": "x" * MAX_SCHEMA_BYTES}, "larger than 65536 bytes"),
    ],
)
def test_schema__that_the_service_would_not_take(schema: dict[str, Any], problem: str) -> None:
    assert re.search(re.escape(problem), fault_of(schema))


def test_schema__of_the_largest_size_is_taken() -> None:
    empty = len('{"title":""}')

    assert fault_of({"title": "x" * (MAX_SCHEMA_BYTES - empty)}) == ""
