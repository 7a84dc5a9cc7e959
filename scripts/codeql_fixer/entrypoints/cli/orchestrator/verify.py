"""`verify`: what the scan after a change proves about findings of the scan before it."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

import codeql_fixer
from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.bootstrap.evidence import evidence_of
from codeql_fixer.bootstrap.proof_exports import openvex_of, sarif_of
from codeql_fixer.bootstrap.proof_room import ProofRoom
from codeql_fixer.bootstrap.verify import VerifyFiles, verify_files
from codeql_fixer.domain.evidence import Origin, TestOutcome
from codeql_fixer.domain.proof import SeenAt
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import cell, print_table
from codeql_fixer.errors import InputError, UserError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.bootstrap.verify import Verified
    from codeql_fixer.domain.proof import Proof, TargetVerdict

_FINGERPRINT = re.compile("[0-9a-f]{16}(?:[0-9a-f]{4})?")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile("[0-9a-fA-F]{7,64}")
_MOST_REASON = 200


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it; the exit code says whether there are verdicts, not which.

    Raises:
        UserError: a path or fingerprint is wrong, or the baseline cannot be read.
        UpstreamError: git failed, or the pull request cannot be written to.
        LedgerNotWrittenError: the record is kept for a replay.
    """
    files = files_of(own)
    origin, number = _origin(own)
    room = None
    if _is_told(own):
        settings = FleetSettings.from_environ(os.environ, flags)
        room = ProofRoom(settings, os.environ, producer=_producer(), tell=say)
    verified = verify_files(files, os.environ)
    written = _written(files, verified, origin, own=own)
    if room is not None and own["record"]:
        room.record(verified, origin, number=number, evidence_sha256=written.get("evidence", ""))
    if room is not None and own["publish"]:
        room.publish(verified, origin, number=number)
    if is_json:
        print(json.dumps(_document(verified.proof)))
    else:
        _show(verified.proof)


def files_of(own: Mapping[str, str | None]) -> VerifyFiles:
    """What the arguments name.

    Raises:
        UserError: one is missing, or a fingerprint is none.
    """
    return VerifyFiles(
        baseline=_path(own, "baseline"),
        candidate=_path(own, "candidate"),
        targets=_targets(own.get("targets") or ""),
        baseline_dir=_optional(own, "baseline_dir"),
        candidate_dir=_optional(own, "candidate_dir"),
        diff=_optional(own, "diff"),
        commit=_commit(own.get("commit") or ""),
    )


def _is_told(own: Mapping[str, str | None]) -> bool:
    return bool(own["record"] or own["publish"])


def _origin(own: Mapping[str, str | None]) -> tuple[Origin, int | None]:
    """Where the change comes from, and the number of its pull request."""
    repository, number = own["repo"] or "", own["pull_request"] or ""
    if _is_told(own) and not repository:
        raise UserError("--record and --publish need --repo OWNER/NAME")
    if own["publish"] and not number:
        raise UserError("--publish needs --pull-request NUMBER")
    if repository and not _REPOSITORY.fullmatch(repository):
        raise UserError(f"--repo {repository!r:.80}: is not owner/name")
    if number and not (number.isascii() and number.isdecimal() and int(number[:18])):
        raise UserError(f"--pull-request {number!r:.40}: is no number of a pull request")
    server = os.environ.get("GITHUB_SERVER_URL", "") or "https://github.com"
    url = f"{server}/{repository}/pull/{int(number)}" if number and repository else ""
    origin = Origin(
        repository=repository,
        pull_request_url=url,
        session_id=own["session"] or "",
        candidate_commit=own["commit"] or "",
        tests=tuple(map(_test, own["check"] or ())),
    )
    return origin, int(number) if number else None


def _test(given: str) -> TestOutcome:
    name, found, outcome = given.partition("=")
    if not (found and name.strip() and outcome.strip()):
        raise UserError(f"--check {given!r:.80}: is not NAME=OUTCOME, such as 'unit tests=passed'")
    return TestOutcome(name.strip(), outcome.strip())


def _written(
    files: VerifyFiles, verified: Verified, origin: Origin, *, own: Mapping[str, str | None]
) -> dict[str, str]:
    """Write what was asked for; returns the digest of each."""
    now, producer = SystemClock().now(), _producer()
    made = {}
    if own["evidence"]:
        if any(target.verdict is Verdict.VERIFIED_FIXED for target in verified.proof.targets):
            made["evidence"] = evidence_of(files, verified, origin, verifier=producer, now=now)
        else:
            say(f"{own['evidence']} is not written: nothing is verified as fixed")
    if own["export_vex"]:
        made["export_vex"] = openvex_of(verified, origin, producer=producer, now=now)
    if own["export_sarif"]:
        whole = verified if not files.targets else verify_files(replace(files, targets=()), os.environ)
        made["export_sarif"] = sarif_of(files, whole.proof)
    for name, data in made.items():
        path = Path(own[name] or "")
        try:
            path.write_bytes(data)
        except OSError as error:
            raise InputError(str(path), "", f"cannot be written: {error.strerror or error}") from error
    return {name: sha256(data).hexdigest() for name, data in made.items()}


def _producer() -> Producer:
    commit = os.environ.get("CODEQL_FIXER_COMMIT", "")
    return Producer(name="codeql-fixer", version=codeql_fixer.__version__, commit=commit)


def _path(own: Mapping[str, str | None], name: str) -> Path:
    given = own[name]
    if not given:
        when = "before" if name == "baseline" else "after"
        raise UserError(f"--{name} is missing: the SARIF of the scan {when} the change")
    return Path(given)


def _optional(own: Mapping[str, str | None], name: str) -> Path | None:
    given = own.get(name)
    return Path(given) if given else None


def _targets(given: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in given.split(",") if name.strip())
    wrong = [name for name in names if not _FINGERPRINT.fullmatch(name)]
    if wrong:
        raise UserError(f"--targets {wrong[0]!r:.60}: is no fingerprint; 'verify' without --targets shows them all")
    return names


def _commit(given: str) -> str:
    """A commit; a name such as `HEAD`, or a few characters, would agree with nothing or with anything."""
    if given and not _COMMIT.fullmatch(given):
        raise UserError(f"--commit {given!r:.60}: a commit is 7 to 64 hex characters; `git rev-parse` prints it")
    return given


def _document(proof: Proof) -> dict[str, object]:
    counts = Counter(target.verdict.value for target in proof.targets)
    return {
        "summary": {verdict.value: counts[verdict.value] for verdict in Verdict} | {"new": len(proof.new_findings)},
        "problem": proof.problem,
        "targets": msgspec.to_builtins(proof.targets),
        "new_findings": msgspec.to_builtins(proof.new_findings),
        "coverage": msgspec.to_builtins(proof.coverage),
    }


def _show(proof: Proof) -> None:
    print_table([("VERDICT", "FINGERPRINT", "RULE", "WAS", "IS", "WHY"), *map(_row, proof.targets)])
    if proof.new_findings:
        print()
        new = [(one.fingerprint, cell(one.rule_id), _at(SeenAt(one.file, one.line))) for one in proof.new_findings]
        print_table([("NEW", "RULE", "PLACE"), *new])
    for scan in proof.coverage:
        if scan.doubts or scan.missing_rules:
            print()
            print(f"{cell(scan.tool)} {cell(scan.category)}".rstrip() + ":")
            for doubt in scan.doubts:
                print(f"  {cell(doubt, _MOST_REASON)}")
            if scan.missing_rules:
                print(f"  {counted(len(scan.missing_rules), 'rule')} of the earlier scan did not run in the later one")
    counts = Counter(target.verdict for target in proof.targets)
    print()
    print(", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict) + f", {len(proof.new_findings)} new")


def _row(target: TargetVerdict) -> tuple[str, ...]:
    evidence = target.evidence
    was, now = _at(evidence.baseline), _at(evidence.candidate)
    why = cell("; ".join(target.reasons), _MOST_REASON)
    return (target.verdict.value, target.fingerprint, cell(target.rule_id), was, now, why)


def _at(place: SeenAt | None) -> str:
    return cell(f"{place.file or '(no file)'}:{place.line or '?'}") if place else ""
