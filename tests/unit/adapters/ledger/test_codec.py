"""Records as text: what the types refuse and what the schemas refuse is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.adapters.ledger.codec import audit, decode, encode
from codeql_fixer.adapters.ledger.schemas import problems_of
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.kinds import KINDS, VERSIONS, AnyRecord
from codeql_fixer.domain.scan_run import ScanRun, ScanScope
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import DamagedRecordError, FutureRecordError
from codeql_fixer.policy.ledger_paths import path_of
from tests.records import at, intent, issue_record, one_of_each, outcome, scan, verification

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMAS = Path(__file__).parents[4] / "telemetry/schemas"
FIXTURES = Path(__file__).parents[3] / "fixtures"


@pytest.mark.parametrize("record", one_of_each(), ids=lambda record: record.kind)
def test_encode__decodes_to_the_same(record: AnyRecord) -> None:
    data = encode(record)

    assert decode(data, path_of(record)) == record
    assert list(problems_of(data)) == []
    assert data.endswith(b"\n")


@pytest.mark.parametrize("record", one_of_each(), ids=lambda record: record.kind)
def test_schema__accepts_what_we_write(record: AnyRecord) -> None:
    """With a validator that knows nothing of ours, from the file that strangers read."""
    schema = json.loads((SCHEMAS / f"{record.kind}.schema.json").read_text())

    jsonschema.Draft202012Validator(schema).validate(json.loads(encode(record)))


def test_schemas__there_is_one_for_every_kind() -> None:
    assert {path.name for path in SCHEMAS.glob("*.json")} == {f"{kind}.schema.json" for kind in KINDS}
    assert {record.kind for record in one_of_each()} == set(KINDS) == set(VERSIONS)


JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([1.0, 0.5, -1.5, 11.0, 1e300]),
    st.sampled_from(
        [
            "",
            "a/b",
            "a/b\n",
            "a/..",
            "../b",
            "a b/c",
            "0" * 16,
            "0" * 20,
            "0" * 20 + "\n",
            "0" * 17,
            "G" * 20,
            "low",
            "open",
        ]
    ),
    st.sampled_from(["x.lock", "x.", "a..b", "-x", "x" * 101, "https://x/y", "https://u:p@x/y", "ftp://x", "x" * 2001]),
    st.sampled_from(["2026-03-01T00:00:00Z", "2026-03-01T00:00:00", "2026-03-01", "2026-13-01T00:00:00Z", "now"]),
    st.builds(list),
    st.builds(dict),
    st.builds(lambda: [[]]),
    st.builds(lambda: [{}]),
    st.sampled_from([2**53 - 1, 2**53, 2**63, 2**70]),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    found = [path] if path else []
    if isinstance(value, dict):
        found += [place for key, item in value.items() for place in _places(item, (*path, key))]
    if isinstance(value, list):
        found += [place for key, item in enumerate(value) for place in _places(item, (*path, key))]
    return found


@st.composite
def _broken(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A record of any kind as JSON, with up to three members replaced, taken out or added."""
    record = draw(st.sampled_from(one_of_each()))
    raw = json.loads(encode(record))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(_places(raw)))
        holder = raw
        for key in parents:
            holder = holder[key]
        action = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if action == "replace":
            holder[last] = draw(JUNK)
        elif action == "remove":
            del holder[last]
        elif isinstance(holder, dict):
            holder["stranger"] = draw(JUNK)
    return record.kind, raw


@given(broken=_broken())
def test_types_and_schemas__refuse_the_same(broken: tuple[str, dict[str, Any]]) -> None:
    kind, raw = broken
    data = json.dumps(raw).encode()

    try:
        msgspec.json.decode(data, type=KINDS[kind])
    except msgspec.ValidationError:
        is_accepted = False
    else:
        is_accepted = True

    is_head_right = raw.get("kind") == kind and raw.get("schema_version") == VERSIONS[kind]
    is_valid = is_head_right and not list(problems_of(data))
    assert is_accepted == is_valid


def test_encode__refuses_what_breaks_the_schema() -> None:
    with pytest.raises(DamagedRecordError, match=r"dispatch_intent i-1: breaks the schema.*fingerprints"):
        encode(intent("i-1", 1, fingerprints=("no",)))


# --- earlier versions


def _version_1() -> dict[str, Any]:
    """A scan run as the first version of this software wrote it."""
    raw: dict[str, Any] = json.loads((FIXTURES / "scan_run.v1.json").read_text())
    return raw


def test_decode__knows_version_1_of_a_scan_run() -> None:
    record = decode(json.dumps(_version_1()).encode(), "run.json")

    assert isinstance(record, ScanRun)
    assert (record.schema_version, record.scope, record.set_aside) == (2, ScanScope.UNKNOWN, None)
    assert [issue.scan for issue in record.issues] == [0, 1]  # the scan whose rules have the issue's
    assert decode(encode(record), path_of(record)) == record


def test_decode__an_issue_whose_rule_no_scan_lists_counts_for_the_first() -> None:
    raw = _version_1()
    raw["issues"][1]["rule_id"] = "py/elsewhere"

    record = decode(json.dumps(raw).encode(), "run.json")

    assert isinstance(record, ScanRun)
    assert record.issues[1].scan == 0


def test_decode__knows_version_1_of_a_cycle() -> None:
    """Its words for sessions were others; what was unknown then may be at work for all that we know."""
    record = decode((FIXTURES / "cycle.v1.json").read_bytes(), "cycle.json")

    assert isinstance(record, Cycle)
    assert [seen.state for seen in record.sessions] == ["working", "stopped", "finished"]
    assert decode(encode(record), path_of(record)) == record


@pytest.mark.parametrize("make", [intent, outcome])
def test_decode__knows_version_1_of_the_records_of_a_dispatch(make: Callable[[str, float], AnyRecord]) -> None:
    raw = json.loads(encode(make("i-1", 1))) | {"schema_version": 1}

    assert decode(json.dumps(raw).encode(), "record.json") == make("i-1", 1)


@pytest.mark.parametrize("kind", KINDS)
def test_decode__a_newer_version_is_a_clear_error(kind: str) -> None:
    text = json.dumps({"kind": kind, "schema_version": VERSIONS[kind] + 1}).encode()

    with pytest.raises(FutureRecordError, match=f"x.json: {kind} of version"):
        decode(text, "x.json")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"kind": 1}',
        b'{"kind": "cycle", "schema_version": "1"}',
        b'{"kind": "cycle"}',
    ],
)
def test_decode__names_the_file_that_is_no_record(text: bytes) -> None:
    for source in ("x.json", "telemetry/runs/a/b/2026/03/01-1.json"):
        with pytest.raises(DamagedRecordError, match=source):
            decode(text, source)


def test_audit__says_what_the_schema_says() -> None:
    raw = json.loads(encode(scan("1", 0, issue_record(1))))
    raw["issues"][0]["severity_score"] = 11

    problems = list(audit("telemetry/runs/acme/shop/2026/03/01-1.json", json.dumps(raw).encode()))

    assert len(problems) == 1
    assert "$.issues[0].severity_score" in problems[0].problem


def test_times__are_written_in_utc() -> None:
    assert b'"2026-03-01T00:00:00Z"' in encode(scan("1", 0, 1))
    assert path_of(scan("1", 0, 1)) == path_of(scan("1", 0, recorded_at=at(0)))


def test_decode__version_1_of_a_verification_called_a_proved_fix_by_another_name() -> None:
    raw = json.loads(encode(verification("v-1", 1, verdict=Verdict.VERIFIED_FIXED)))
    raw["schema_version"] = 1
    raw["verdicts"][0]["verdict"] = "fixed"

    record = decode(json.dumps(raw).encode(), "v-1.json")

    assert record == verification("v-1", 1, verdict=Verdict.VERIFIED_FIXED)
