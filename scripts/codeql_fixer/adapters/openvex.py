"""What verdicts say, as an OpenVEX document (specification v0.2.0): `fixed` is said of proved fixes only."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from codeql_fixer.domain.evidence import Origin
    from codeql_fixer.domain.proof import Proof, TargetVerdict
    from codeql_fixer.domain.record import Producer

_CONTEXT = "https://openvex.dev/ns/v0.2.0"
_DIGITS = 32
_STATUS = {
    Verdict.VERIFIED_FIXED: "fixed",
    Verdict.STILL_PRESENT: "affected",
    Verdict.MOVED: "affected",
    Verdict.GAMED: "affected",
    Verdict.UNKNOWN: "under_investigation",
}
_ACTION = "The finding is there still: mend the code at the place that the notes name."


class _Vulnerability(Struct, kw_only=True, rename={"at": "@id"}):
    """What is or was there."""

    at: str
    name: str


class _Product(Struct, kw_only=True, rename={"at": "@id"}):
    """What has it."""

    at: str


class _Statement(Struct, kw_only=True, omit_defaults=True):
    """What is said of one finding; an `affected` one needs to say what to do (section "action_statement")."""

    vulnerability: _Vulnerability
    products: list[_Product]
    status: str
    status_notes: str
    action_statement: str = ""


class _Document(Struct, kw_only=True, rename={"context": "@context", "at": "@id"}):
    """A VEX document."""

    context: str
    at: str
    author: str
    timestamp: datetime
    version: int
    tooling: str
    statements: list[_Statement]


def encode_openvex(proof: Proof, origin: Origin, *, producer: Producer, now: datetime) -> bytes:
    """The document; findings of an analyser have no CVE, so that each is named by rule and fingerprint.

    Args:
        proof: the verdicts.
        origin: where the change comes from.
        producer: this software.
        now: the time.

    Raises:
        UserError: there is no verdict on any finding.
    """
    statements = [_statement(one, origin) for one in proof.targets if one.rule_id]
    if not statements:
        raise UserError("there is no finding to speak of, and an OpenVEX document has to speak of one")
    digest = sha256(msgspec.json.encode(statements) + now.isoformat().encode()).hexdigest()[:_DIGITS]
    document = _Document(
        context=_CONTEXT,
        at=f"urn:codeql-fixer:vex:{digest}",
        author=producer.name,
        timestamp=now,
        version=1,
        tooling=f"{producer.name} {producer.version}",
        statements=statements,
    )
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def _statement(target: TargetVerdict, origin: Origin) -> _Statement:
    status = _STATUS[target.verdict]
    return _Statement(
        vulnerability=_Vulnerability(at=f"urn:codeql-fixer:finding:{target.fingerprint}", name=target.rule_id),
        products=[_Product(at=_product(origin))],
        status=status,
        status_notes=f"{target.verdict.value}: {'; '.join(target.reasons)}",
        action_statement=_ACTION if status == "affected" else "",
    )


def _product(origin: Origin) -> str:
    """The code as a package URL (purl type github); where nobody says which repository, a name of our own."""
    if not origin.repository:
        return "urn:codeql-fixer:product:unnamed"
    version = f"@{origin.candidate_commit}" if origin.candidate_commit else ""
    return f"pkg:github/{origin.repository.lower()}{version}"
