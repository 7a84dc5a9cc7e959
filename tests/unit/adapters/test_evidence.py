"""Evidence as an in-toto statement: it comes back as it was, others can read it, and changes to it are noticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import in_toto_attestation.v1.statement_pb2 as statements
import pytest
from google.protobuf import json_format
from in_toto_attestation.v1.statement import Statement
from msgspec.structs import replace

from codeql_fixer.adapters import evidence as adapter
from codeql_fixer.adapters.evidence import encode_evidence, faults_of, material, material_of, parse_evidence
from codeql_fixer.domain.evidence import Evidence, Origin, TestOutcome, ToolUsed
from codeql_fixer.domain.hiding import HidingKind, HidingSign
from codeql_fixer.domain.proof import SeenAt, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import InputError
from tests.records import PRODUCER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVIDENCE = Evidence(
    origin=Origin(
        repository="acme/shop",
        baseline_commit="a" * 40,
        candidate_commit="b" * 40,
        pull_request_url="https://github.com/acme/shop/pull/7",
        session_id="s-1",
        tests=(TestOutcome("ci", "passed"),),
    ),
    decided_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    verifier=PRODUCER,
    baseline=(material("before.sarif", adapter.SARIF_TYPE, b"{}"),),
    candidate=(material("after.sarif", adapter.SARIF_TYPE, b"[]"),),
    change=material("change.diff", adapter.DIFF_TYPE, b"+x\n"),
    tools=(ToolUsed(name="CodeQL", version="2.20.1", packs=(("codeql/python-queries", "1.3.0"),)),),
    targets=(
        TargetVerdict(
            fingerprint="0" * 20,
            rule_id="py/sql-injection",
            verdict=Verdict.VERIFIED_FIXED,
            reasons=("gone",),
            evidence=VerdictEvidence(
                baseline=SeenAt("shop/app.py", 3), hiding=(HidingSign(kind=HidingKind.SUPPRESSION, file="a.py"),)
            ),
        ),
    ),
    had_code=True,
)


@pytest.mark.parametrize("change", [EVIDENCE.change, None])
def test_parse__gives_back_what_was_written(change: Any) -> None:  # noqa: ANN401 - of the evidence
    evidence = replace(EVIDENCE, change=change)

    data = encode_evidence(evidence)

    assert parse_evidence(data, "fix.json") == evidence
    assert faults_of(evidence) == []
    assert encode_evidence(evidence) == data


def test_encode__an_independent_reader_takes_it_for_a_statement() -> None:
    message = statements.Statement()

    json_format.Parse(encode_evidence(EVIDENCE).decode(), message)

    Statement.copy_from_pb(message).validate()
    assert [(one.name, dict(one.digest)) for one in message.subject] == [
        ("acme/shop", {"gitCommit": "b" * 40}),
        ("after.sarif", {"sha256": EVIDENCE.candidate[0].sha256}),
    ]
    assert message.predicate_type == "urn:codeql-fixer:verified-fix:v1"


def test_encode__without_a_known_commit_the_scan_is_the_subject() -> None:
    evidence = replace(EVIDENCE, origin=Origin())

    found = json.loads(encode_evidence(evidence))

    assert [one["name"] for one in found["subject"]] == ["after.sarif"]
    assert parse_evidence(encode_evidence(evidence), "fix.json") == evidence


def _put(path: str, value: object) -> Callable[[dict[str, Any]], object]:
    *folders, last = path.split(".")

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for name in folders:
            place = place[int(name)] if name.isdecimal() else place[name]
        place[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_put("_type", "https://in-toto.io/Statement/v0.1"), "$._type"),
        (_put("predicateType", "https://slsa.dev/provenance/v1"), "$.predicateType"),
        (_put("subject", []), "$.subject"),  # about nothing
        (_put("subject.0.digest", {"gitCommit": "c" * 40}), "$.subject"),  # about another commit
        (_put("predicate.targets", "all"), "is no evidence of ours"),
        (_put("predicate.decidedAt", "yesterday"), "is no evidence of ours"),
        (_put("predicate.candidate.0.content", "not base64!"), "is no evidence of ours"),
        (_put("predicate.targets.0.verdict", "surely_fixed"), "is no evidence of ours"),
    ],
)
def test_parse__refuses_what_is_no_statement_of_ours(change: Callable[[dict[str, Any]], object], problem: str) -> None:
    document = json.loads(encode_evidence(EVIDENCE))
    change(document)

    with pytest.raises(InputError, match=r"fix\.json") as caught:
        parse_evidence(json.dumps(document).encode(), "fix.json")
    assert problem in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"_type": 1}'])
def test_parse__refuses_what_is_no_json_or_another_document(data: bytes) -> None:
    with pytest.raises(InputError, match=r"fix\.json"):
        parse_evidence(data, "fix.json")


def test_parse__refuses_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "_MAX_BYTES", 10)

    with pytest.raises(InputError, match="is larger than"):
        parse_evidence(b" " * 11, "fix.json")


def test_faults__notice_content_that_was_changed() -> None:
    document = json.loads(encode_evidence(EVIDENCE))
    document["predicate"]["baseline"][0]["content"] = "e30K"

    found = faults_of(parse_evidence(json.dumps(document).encode(), "fix.json"))

    assert found == ["before.sarif: its content has another digest than the statement says"]


def test_material__large_files_go_along_by_their_digest_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "_MOST_KEPT", 3)
    (tmp_path / "large").write_bytes(b"1234")

    found = material_of(tmp_path / "large", "text/plain")

    assert (found.content, len(found.sha256)) == (None, 64)
    with pytest.raises(InputError, match="cannot be read"):
        material_of(tmp_path / "missing", "text/plain")
