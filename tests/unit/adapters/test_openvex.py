"""Verdicts as OpenVEX: checked against what the specification asks of each status."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from codeql_fixer.adapters.openvex import encode_openvex
from codeql_fixer.domain.evidence import Origin
from codeql_fixer.domain.proof import Proof, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import UserError
from tests.records import PRODUCER

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _proof(*verdicts: Verdict, rule: str = "py/xss") -> Proof:
    return Proof(
        targets=tuple(
            TargetVerdict(
                fingerprint=f"{number:020x}",
                rule_id=rule,
                verdict=verdict,
                reasons=("because", "of this"),
                evidence=VerdictEvidence(),
            )
            for number, verdict in enumerate(verdicts)
        )
    )


def test_encode__every_verdict_has_its_status_and_only_a_proved_fix_is_fixed() -> None:
    origin = Origin(repository="Acme/Shop", candidate_commit="b" * 40)

    document = json.loads(encode_openvex(_proof(*Verdict), origin, producer=PRODUCER, now=NOW))

    statuses = {one["status_notes"].partition(":")[0]: one["status"] for one in document["statements"]}
    assert statuses == {
        "verified_fixed": "fixed",
        "still_present": "affected",
        "moved": "affected",
        "unknown": "under_investigation",
        "gamed": "affected",
    }
    for one in document["statements"]:
        assert bool(one.get("action_statement")) == (one["status"] == "affected")  # required there, wrong elsewhere
        assert one["products"] == [{"@id": f"pkg:github/acme/shop@{'b' * 40}"}]
        assert set(one["vulnerability"]) == {"@id", "name"}
    assert document["@context"] == "https://openvex.dev/ns/v0.2.0"
    assert set(document) == {"@context", "@id", "author", "timestamp", "version", "tooling", "statements"}
    assert document["timestamp"] == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("origin", "product"),
    [(Origin(), "urn:codeql-fixer:product:unnamed"), (Origin(repository="acme/shop"), "pkg:github/acme/shop")],
)
def test_encode__names_the_product_as_well_as_it_is_known(origin: Origin, product: str) -> None:
    document = json.loads(encode_openvex(_proof(Verdict.UNKNOWN), origin, producer=PRODUCER, now=NOW))

    assert document["statements"][0]["products"] == [{"@id": product}]


def test_encode__the_id_follows_what_is_said() -> None:
    ids = {
        json.loads(encode_openvex(_proof(verdict), Origin(), producer=PRODUCER, now=NOW))["@id"] for verdict in Verdict
    }

    assert len(ids) == len(Verdict)


def test_encode__there_has_to_be_something_to_say() -> None:
    with pytest.raises(UserError, match="no finding to speak of"):
        encode_openvex(_proof(Verdict.UNKNOWN, rule=""), Origin(), producer=PRODUCER, now=NOW)
