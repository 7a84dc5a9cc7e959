"""The structured output: a schema that the service takes, and reports that are read only if they are of that form."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from codeql_fixer.adapters.devin.output_schema import output_schema, report_of, triage_of, triage_schema
from codeql_fixer.domain.session import IssueReport, IssueResult, ReportStatus, SessionReport
from codeql_fixer.domain.triage import GivenScore, TriageAnswer

REPORT = SessionReport(
    status=ReportStatus.COMPLETED,
    progress_percent=100,
    approach="Bound parameters.",
    files_changed=("shop/db.py",),
    tests="41 passed",
    confidence="high",
    pull_request_url="https://github.com/acme/shop/pull/1",
    issues=(IssueReport(id="CQLF-R1-0001", result=IssueResult.FIXED),),
)


def _objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return [schema, *(found for one in inner for found in _objects(one))]


def test_schema__is_draft_7_self_contained_and_small() -> None:
    schema = output_schema()

    Draft7Validator.check_schema(schema)
    text = json.dumps(schema)
    assert "$ref" not in text
    assert len(text) < 64 * 1024 / 10
    assert schema["$schema"].startswith("http://json-schema.org/draft-07/")


def test_schema__has_every_member_with_its_meaning() -> None:
    found = {name: one for part in _objects(output_schema()) for name, one in part.get("properties", {}).items()}

    assert found.keys() == {*SessionReport.__struct_fields__, *IssueReport.__struct_fields__}
    assert all(one["description"] for one in found.values())


def test_report__is_read_back() -> None:
    assert report_of(msgspec.to_builtins(REPORT)) == REPORT


@pytest.mark.parametrize(
    "output",
    [
        None,
        {},
        [],
        "completed",
        '{"status":"completed"}',
        {"status": "done"},
        {"status": None},
        {"status": "completed", "progress_percent": "100"},
        {"status": "completed", "progress_percent": True},
        {"status": "completed", "files_changed": "shop/db.py"},
        {"status": "completed", "error": None},
        {"status": "completed", "issues": [{"id": "1", "result": "solved"}]},
        {"status": "completed", "issues": [{"result": "fixed"}]},
        {"status": "completed", "issues": {"1": "fixed"}},
    ],
)
def test_report__of_another_form_is_none(output: object) -> None:
    assert report_of(output) is None


def test_report__may_say_more_than_it_was_asked() -> None:
    assert report_of({"status": "failed", "mood": "grim", "error": "no tests"}) == SessionReport(
        status=ReportStatus.FAILED, error="no tests"
    )


_ANY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.lists(st.text(), max_size=2)
)
_ISSUE = st.dictionaries(
    st.sampled_from(["id", "result", "note", "x"]), st.one_of(st.sampled_from(list(IssueResult)).map(str), _ANY)
)
_OUTPUT = st.dictionaries(
    st.sampled_from([*SessionReport.__struct_fields__, "x"]),
    st.one_of(st.sampled_from(list(ReportStatus)).map(str), _ANY, st.lists(_ISSUE, max_size=2)),
)


@given(_OUTPUT)
def test_report__is_read_exactly_if_the_schema_allows_it(output: dict[str, Any]) -> None:
    is_valid = Draft7Validator(output_schema()).is_valid(output)

    assert (report_of(output) is not None) == is_valid


def test_triage_schema__is_draft_7_self_contained_and_explained() -> None:
    schema = triage_schema()

    Draft7Validator.check_schema(schema)
    assert "$ref" not in json.dumps(schema)
    assert all(one["description"] for part in _objects(schema) for one in part.get("properties", {}).values())
    assert Draft7Validator(schema).is_valid(
        {"status": "completed", "scores": [{"fingerprint": "a", "score": 100, "reason": "r"}]}
    )
    assert not Draft7Validator(schema).is_valid({"status": "completed", "scores": [{"fingerprint": "a", "score": 101}]})


@pytest.mark.parametrize("output", [None, [], "x", {}, {"scores": None}, {"scores": {}}, {"status": "completed"}])
def test_triage__is_none_where_there_is_no_list_of_scores(output: object) -> None:
    assert triage_of(output) is None


@pytest.mark.parametrize(
    "entry",
    [
        *(None, 7, "x", [], {}, {"fingerprint": "a"}, {"score": 1}),
        *({"fingerprint": "a", "score": "70"}, {"fingerprint": "a", "score": True}, {"fingerprint": 1, "score": 1}),
        *({"fingerprint": "a", "score": None}, {"fingerprint": "a", "score": 1, "reason": 7}),
        {"fingerprint": "a", "score": 10**400},
    ],
)
def test_triage__counts_entries_without_their_form_and_keeps_the_others(entry: object) -> None:
    good = {"fingerprint": "b", "score": 70.5, "more": 1}

    assert triage_of({"scores": [entry, good]}) == TriageAnswer(
        scores=(GivenScore(fingerprint="b", score=70.5),), malformed=1
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["scores", "fingerprint", "score"]) | st.text(), inner)
        ),
    )
)
def test_triage__never_fails(output: object) -> None:
    triage_of(output)
    triage_of({"scores": [output]})
