"""Evidence as an in-toto statement (in-toto attestation framework, Statement v1 and ResourceDescriptor v1).

Statements carry no signature of their own: whoever needs one signs the file, as `cosign attest-blob` and GitHub's
attestations do, and the digest on the ledger tells which file it was.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from codeql_fixer.domain.evidence import Evidence, Material, Origin, ToolUsed
from codeql_fixer.domain.proof import TargetVerdict
from codeql_fixer.domain.record import Producer
from codeql_fixer.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:codeql-fixer:verified-fix:v1"
SARIF_TYPE, DIFF_TYPE = "application/sarif+json", "text/x-diff"
_MOST_KEPT = 4_000_000  # bytes of one file that goes along
_MAX_BYTES = 200_000_000
_REMEDY = "ask whoever made it for the file as 'verify --evidence' wrote it"
_COMMIT = re.compile("[0-9a-f]{40}(?:[0-9a-f]{24})?")


class _Descriptor(Struct, kw_only=True, rename="camel", omit_defaults=True):
    """A ResourceDescriptor, as far as we use it."""

    name: str = ""
    digest: dict[str, str] = {}
    media_type: str = ""
    content: str = ""


class _Predicate(Struct, kw_only=True, rename="camel"):
    """What we say of the subject."""

    decided_at: datetime
    verifier: Producer
    origin: Origin
    baseline: list[_Descriptor]
    candidate: list[_Descriptor]
    change: _Descriptor | None
    tools: list[ToolUsed]
    targets: list[TargetVerdict]
    had_code: bool


class _Statement(Struct, kw_only=True, rename={"type": "_type", "predicate_type": "predicateType"}):
    type: str
    subject: list[_Descriptor]
    predicate_type: str
    predicate: _Predicate


def material_of(path: Path, media_type: str) -> Material:
    """A file, with its content when it is small.

    Raises:
        InputError: it cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror or error}") from error
    return material(path.name, media_type, data)


def material(name: str, media_type: str, data: bytes) -> Material:
    """Some bytes as a file of this name."""
    kept = data if len(data) <= _MOST_KEPT else None
    return Material(name=name, media_type=media_type, sha256=sha256(data).hexdigest(), content=kept)


def encode_evidence(evidence: Evidence) -> bytes:
    """The statement, always the same bytes for the same evidence.

    Its subjects are the commit that holds the fix, where that is known, and the scan that proves it.
    """
    statement = _Statement(
        type=STATEMENT,
        subject=_subject(evidence),
        predicate_type=PREDICATE,
        predicate=_Predicate(
            decided_at=evidence.decided_at,
            verifier=evidence.verifier,
            origin=evidence.origin,
            baseline=[_descriptor(one) for one in evidence.baseline],
            candidate=[_descriptor(one) for one in evidence.candidate],
            change=_descriptor(evidence.change) if evidence.change else None,
            tools=list(evidence.tools),
            targets=list(evidence.targets),
            had_code=evidence.had_code,
        ),
    )
    return msgspec.json.format(msgspec.json.encode(statement)) + b"\n"


def parse_evidence(data: bytes, source: str) -> Evidence:
    """The evidence in a statement. Digests are taken as they are written; `faults_of` holds them against the content.

    Raises:
        InputError: it is no statement of ours.
    """
    if len(data) > _MAX_BYTES:
        raise InputError(source, "", f"is larger than {_MAX_BYTES // 1_000_000} MB", remedy=_REMEDY)
    try:
        head = msgspec.json.decode(data, type=dict[str, Any])
        for member, wanted in (("_type", STATEMENT), ("predicateType", PREDICATE)):
            if head.get(member) != wanted:
                raise InputError(source, f"$.{member}", f"is {head.get(member)!r:.80}, not {wanted}", remedy=_REMEDY)
        statement = msgspec.json.decode(data, type=_Statement)
        said = statement.predicate
        evidence = Evidence(
            origin=said.origin,
            decided_at=said.decided_at,
            verifier=said.verifier,
            baseline=tuple(map(_material, said.baseline)),
            candidate=tuple(map(_material, said.candidate)),
            change=_material(said.change) if said.change else None,
            tools=tuple(said.tools),
            targets=tuple(said.targets),
            had_code=said.had_code,
        )
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(source, "", f"is no evidence of ours: {error}", remedy=_REMEDY) from error
    if statement.subject != _subject(evidence):
        raise InputError(source, "$.subject", "is about something else than the predicate", remedy=_REMEDY)
    return evidence


def faults_of(evidence: Evidence) -> list[str]:
    """Materials whose content is not what their digest says."""
    all_of_them = [*evidence.baseline, *evidence.candidate, *([evidence.change] if evidence.change else [])]
    return [
        f"{one.name}: its content has another digest than the statement says"
        for one in all_of_them
        if one.content is not None and sha256(one.content).hexdigest() != one.sha256
    ]


def _subject(evidence: Evidence) -> list[_Descriptor]:
    subject = [_Descriptor(name=one.name, digest={"sha256": one.sha256}) for one in evidence.candidate]
    commit = evidence.origin.candidate_commit
    if _COMMIT.fullmatch(commit):
        subject.insert(0, _Descriptor(name=evidence.origin.repository or "_", digest={"gitCommit": commit}))
    return subject


def _descriptor(one: Material) -> _Descriptor:
    content = b64encode(one.content).decode() if one.content is not None else ""
    return _Descriptor(name=one.name, digest={"sha256": one.sha256}, media_type=one.media_type, content=content)


def _material(one: _Descriptor) -> Material:
    content = b64decode(one.content, validate=True) if one.content else None
    return Material(name=one.name, media_type=one.media_type, sha256=one.digest.get("sha256", ""), content=content)
