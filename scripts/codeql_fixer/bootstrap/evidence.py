"""Wires evidence: what `verify` writes, and looking at it again on a machine that has nothing else."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.adapters.evidence import (
    DIFF_TYPE,
    SARIF_TYPE,
    encode_evidence,
    faults_of,
    material,
    material_of,
    parse_evidence,
)
from codeql_fixer.adapters.sarif.files import find_files
from codeql_fixer.app.evidence import Examination, examine
from codeql_fixer.bootstrap.verify import Verified, VerifyFiles, verify_files
from codeql_fixer.domain.evidence import Evidence, Material, Origin, ToolUsed
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import InputError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from codeql_fixer.domain.proof import Proof
    from codeql_fixer.domain.record import Producer


def evidence_of(files: VerifyFiles, verified: Verified, origin: Origin, *, verifier: Producer, now: datetime) -> bytes:
    """The evidence for what was verified as fixed, as a statement.

    Raises:
        UserError: nothing was.
    """
    fixed = tuple(one for one in verified.proof.targets if one.verdict is Verdict.VERIFIED_FIXED)
    if not fixed:
        raise UserError("nothing is verified as fixed, so that there is nothing to write evidence of")
    origin = replace(
        origin,
        baseline_commit=origin.baseline_commit or verified.baseline_commit,
        candidate_commit=origin.candidate_commit or verified.candidate_commit,
    )
    return encode_evidence(
        Evidence(
            origin=origin,
            decided_at=now,
            verifier=verifier,
            baseline=_materials(files.baseline),
            candidate=_materials(files.candidate),
            change=material("change.diff", DIFF_TYPE, verified.diff.encode()) if verified.diff is not None else None,
            tools=tuple(
                ToolUsed(name=scan.tool, version=scan.tool_version, packs=scan.packs) for scan in verified.scans
            ),
            targets=fixed,
            had_code=files.baseline_dir is not None or files.candidate_dir is not None,
        )
    )


def examine_file(path: Path, given: VerifyFiles | None, environ: Mapping[str, str]) -> tuple[Evidence, Examination]:
    """Look at a statement; with `given`, hold it against these files in place of what goes along with it.

    Raises:
        InputError: it is no statement of ours.
        UserError: a given path is not there.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror or error}") from error
    evidence = parse_evidence(data, str(path))
    faults = [*faults_of(evidence), *(_differences(evidence, given) if given else ())]
    with TemporaryDirectory(prefix="codeql-fixer-") as folder:
        files = given or _unpacked(evidence, Path(folder))
        decide: Callable[[], Proof] | None = (lambda: verify_files(files, environ).proof) if files is not None else None
        has_code = given is not None and given.baseline_dir is not None and given.candidate_dir is not None
        return evidence, examine(evidence, faults, decide, has_code=has_code)


def _materials(path: Path) -> tuple[Material, ...]:
    return tuple(material_of(file, SARIF_TYPE) for file in find_files([path]))


def _differences(evidence: Evidence, given: VerifyFiles) -> list[str]:
    """Given files that are not those that the statement is about."""
    found = []
    for name, path, materials in (
        ("baseline", given.baseline, evidence.baseline),
        ("candidate", given.candidate, evidence.candidate),
    ):
        digests = sorted(one.sha256 for one in _materials(path))
        if digests != sorted(one.sha256 for one in materials):
            found.append(f"--{name} {path}: is not what the statement is about (other SHA-256)")
    change = evidence.change.sha256 if evidence.change is not None else ""
    if given.diff is not None and material_of(given.diff, DIFF_TYPE).sha256 != change:
        found.append(f"--diff {given.diff}: is not what the statement is about (other SHA-256)")
    return found


def _unpacked(evidence: Evidence, folder: Path) -> VerifyFiles | None:
    """The materials as files, None where one of them does not go along."""
    places: dict[str, Path] = {}
    parts: Sequence[tuple[str, tuple[Material, ...]]] = (
        ("baseline", evidence.baseline),
        ("candidate", evidence.candidate),
    )
    for side, materials in parts:
        places[side] = folder / side
        places[side].mkdir()
        for number, one in enumerate(materials):
            if one.content is None:
                return None
            (places[side] / f"{number}.sarif").write_bytes(one.content)
    diff = None
    if evidence.change is not None:
        if evidence.change.content is None:
            return None
        diff = folder / "change.diff"
        diff.write_bytes(evidence.change.content)
    commit = evidence.origin.candidate_commit
    return VerifyFiles(baseline=places["baseline"], candidate=places["candidate"], diff=diff, commit=commit)
