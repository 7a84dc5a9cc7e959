"""`evidence verify`: whether a file proves what it says, on a machine that has nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.bootstrap.evidence import examine_file
from codeql_fixer.entrypoints.cli.orchestrator.showing import cell
from codeql_fixer.entrypoints.cli.orchestrator.verify import files_of
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.app.evidence import Examination
    from codeql_fixer.domain.evidence import Evidence

_MOST = 200


def run(_flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the file is no evidence of ours, or it does not hold.
    """
    if own["action"] != "verify" or not own["file"]:
        raise UserError("say 'evidence verify FILE', the file that 'verify --evidence FILE' wrote")
    is_given = any(own[name] for name in ("baseline", "candidate"))
    path = Path(own["file"])
    evidence, found = examine_file(path, files_of(own) if is_given else None, os.environ)
    if is_json:
        print(json.dumps(_document(evidence, found)))
    else:
        _show(evidence, found)
    if found.faults:
        error = UserError(f"{path}: does not hold: {found.faults[0]}")
        error.is_told = True
        raise error


def _document(evidence: Evidence, found: Examination) -> dict[str, object]:
    return {
        "is_sound": not found.faults,
        "confirmed": found.confirmed,
        "faults": found.faults,
        "notes": found.notes,
        "origin": msgspec.to_builtins(evidence.origin),
        "decided_at": evidence.decided_at.isoformat(),
        "verifier": msgspec.to_builtins(evidence.verifier),
        "tools": msgspec.to_builtins(evidence.tools),
        "targets": msgspec.to_builtins(evidence.targets),
    }


def _show(evidence: Evidence, found: Examination) -> None:
    origin = evidence.origin
    tools = ", ".join(f"{tool.name} {tool.version}".strip() for tool in evidence.tools)
    for name, text in (
        ("repository", origin.repository),
        ("pull request", origin.pull_request_url),
        ("before", origin.baseline_commit),
        ("after", origin.candidate_commit),
        ("session", origin.session_id),
        ("scanned with", tools),
        (
            "decided",
            f"{evidence.decided_at:%Y-%m-%d %H:%M:%S %Z} by {evidence.verifier.name} {evidence.verifier.version}",
        ),
    ):
        if text:
            print(f"{name:13} {cell(text, _MOST)}")
    print()
    for target in evidence.targets:
        place = target.evidence.baseline
        where = f"{place.file}:{place.line or '?'}" if place else ""
        held = "confirmed" if target.fingerprint in found.confirmed else "not confirmed"
        print(f"{held:13} {cell(target.fingerprint)}  {cell(target.rule_id)}  {cell(where)}")
    for fault in found.faults:
        print(f"FAULT         {cell(fault, _MOST)}")
    for note in found.notes:
        print(f"note          {cell(note, _MOST)}")
    print()
    print(
        "It does not hold."
        if found.faults
        else f"It holds: {counted(len(found.confirmed), 'fix', 'fixes')} decided again with the same result."
    )
