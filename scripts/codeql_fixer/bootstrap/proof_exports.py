"""Wires what a verification is exported to: SARIF with baseline states, and OpenVEX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.adapters.openvex import encode_openvex
from codeql_fixer.adapters.sarif.baseline_state import with_baseline_state
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.bootstrap.verify import Verified, VerifyFiles
    from codeql_fixer.domain.evidence import Origin
    from codeql_fixer.domain.proof import Proof
    from codeql_fixer.domain.record import Producer


def openvex_of(verified: Verified, origin: Origin, *, producer: Producer, now: datetime) -> bytes:
    """The verdicts as an OpenVEX document."""
    commit = origin.candidate_commit or verified.candidate_commit
    return encode_openvex(verified.proof, replace(origin, candidate_commit=commit), producer=producer, now=now)


def sarif_of(files: VerifyFiles, proof: Proof) -> bytes:
    """The later scan with a baseline state on every result; `proof` is about everything that the earlier one found.

    Raises:
        UserError: the later scan cannot be used.
    """
    if proof.problem:
        raise UserError(f"no SARIF can be made of the candidate: {proof.problem}")
    return with_baseline_state(files.baseline, files.candidate, proof)
