"""Where each record stands on the ledger: one place per record, so nothing is ever overwritten."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, assert_never

from codeql_fixer.domain.alert import Alert, AlertClaim, AlertOutcome
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.dismissal import Dismissal
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
from codeql_fixer.domain.fix_example import FixExample
from codeql_fixer.domain.follow_up import FollowUp, FollowUpOutcome
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.domain.snapshot import Snapshot
from codeql_fixer.domain.triage import Triage, TriageOutcome
from codeql_fixer.domain.verification import Verification

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord

ROOT = "telemetry/"
SNAPSHOT_PATH = f"{ROOT}orchestrator_state.json"
PACKS = f"{ROOT}packs/"
# A person puts it there by hand, in a browser if need be; what it says is the reason.
PAUSE_PATH = f"{ROOT}paused"
# Letters of names, and nothing that means something to a shell, a terminal or git's own import language.
_WORD = "[A-Za-z0-9._-]+"
_MONTH = "[0-9]{4}/[0-9]{2}"
_OF_REPOSITORY = re.compile(
    rf"telemetry/(?:packs/)?(?:runs|verifications|dismissals|examples)/(?P<owner>{_WORD})/(?P<name>{_WORD})/[^/].*"
)
_RECORD = re.compile(
    rf"telemetry/(?:orchestrator_state\.json"
    rf"|(?:runs|verifications)/{_WORD}/{_WORD}/{_MONTH}/{_WORD}\.json"
    rf"|packs/runs/{_WORD}/{_WORD}/{_MONTH}\.jsonl"
    rf"|(?:dismissals|examples)/{_WORD}/{_WORD}/{_WORD}\.json"
    rf"|cycles/{_MONTH}/{_WORD}\.json"
    rf"|dispatches/{_MONTH}/{_WORD}\.(?:intent|outcome)\.json"
    rf"|alerts/{_MONTH}/{_WORD}\.(?:alert|claim|outcome)\.json"
    rf"|(?:follow-ups|triages)/{_MONTH}/{_WORD}\.(?:claim|outcome)\.json)"
)
_PARTS = {"follow_up": "claim", "follow_up_outcome": "outcome", "triage": "claim", "triage_outcome": "outcome"}


def path_of(record: AnyRecord) -> str:
    """The one path of a record. Months and days are those of `recorded_at` in UTC.

    GitHub takes two spellings of a repository for one, so folders have small letters.
    """
    at = record.recorded_at.astimezone(UTC)
    month, day = f"{at:%Y/%m}", f"{at:%d}"
    match record:
        case ScanRun():
            path = f"{runs_of(record.target_repo)}{month}/{day}-{record.run_id}.json"
        case Verification():
            path = f"{ROOT}verifications/{record.target_repo.lower()}/{month}/{record.id}.json"
        case Dismissal():
            path = f"{ROOT}dismissals/{record.target_repo.lower()}/{record.id}.json"
        case FixExample():
            path = f"{ROOT}examples/{record.target_repo.lower()}/{record.id}.json"
        case Cycle():
            path = f"{ROOT}cycles/{month}/{day}-{record.id}.json"
        case DispatchIntent() | DispatchOutcome():
            path = f"{ROOT}dispatches/{month}/{record.id}.{record.kind.removeprefix('dispatch_')}.json"
        case Alert() | AlertClaim() | AlertOutcome():
            path = f"{ROOT}alerts/{month}/{record.id}.{record.kind.removeprefix('alert_')}.json"
        case FollowUp() | FollowUpOutcome() | Triage() | TriageOutcome():
            folder = "follow-ups" if record.kind.startswith("follow_up") else "triages"
            path = f"{ROOT}{folder}/{month}/{record.id}.{_PARTS[record.kind]}.json"
        case Snapshot():
            path = SNAPSHOT_PATH
        case _:
            assert_never(record)
    return path


def runs_of(repository: str) -> str:
    """The folder with the scan runs of a repository."""
    return f"{ROOT}runs/{repository.lower()}/"


def pack_of(path: str) -> str:
    """The file that takes in a scan run when its month is compacted, one JSON text per line; "" for other records."""
    month, _, _ = path.rpartition("/")
    return f"{month.replace(ROOT, PACKS, 1)}.jsonl" if path.startswith(f"{ROOT}runs/") else ""


def repository_of(path: str) -> str:
    """The repository that a record is about, as its path tells; "" where the path does not."""
    found = _OF_REPOSITORY.fullmatch(path)
    return f"{found['owner']}/{found['name']}" if found else ""


def in_folder(path: str, folder: str) -> bool:
    """True for files below a folder, and for the packs that took in files from there."""
    return path.startswith((folder, folder.replace(ROOT, PACKS, 1)))


def is_record_path(path: str) -> bool:
    """True for places where a record may stand. Anything else in a push from elsewhere is not folded in."""
    return _RECORD.fullmatch(path) is not None and ".." not in path.split("/")
