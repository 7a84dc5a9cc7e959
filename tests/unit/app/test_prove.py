"""Verdicts on merged fixes: recorded once, and said at the pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.author import Author
from codeql_fixer.app.fsck import fsck
from codeql_fixer.app.prove import Prover
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.verification import Verdict, Verification
from codeql_fixer.errors import UpstreamError
from codeql_fixer.ports.ledger import Stored
from tests.pull_requests import MemoryPullRequests, pull_at
from tests.records import PRODUCER, at, cycle, fingerprint, intent, outcome, pull_request_seen, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Conflict, Landed

FIXED_AND_NOT = (
    scan("1", 0, 1, 2),
    intent("i-1", 1, 1, 2),
    outcome("i-1", 1),
    cycle("c-1", 3, pull_requests=(pull_request_seen(PullRequestState.MERGED, 3, intent_id="i-1"),)),
    scan("2", 4, 2),
)


def _talk() -> MemoryPullRequests:
    """The pull request, with labels of an earlier verdict and of somebody else."""
    talk = MemoryPullRequests({("acme/shop", 7): pull_at("acme/shop", 7, state=PullRequestState.MERGED)})
    talk.label("acme/shop", 7, add=["unknown", "other"], remove=[])
    return talk


class Room:
    """A prover with what it needs."""

    def __init__(self, folder: Path, *records: AnyRecord, talk: MemoryPullRequests | None = None) -> None:
        self.ledger = MemoryLedger()
        self.ledger.append(records)
        self.folder = folder
        self.talk = talk
        self.told: list[str] = []

    def prover(self, run: str = "run", hours: float = 5) -> Prover:
        return Prover(
            ledger=self.ledger,
            index=SqlIndex(SqliteDatabase(self.folder / f"{run}.sqlite")),
            author=Author(producer=PRODUCER, run_id=run, clock=lambda: at(hours)),
            pull_requests=self.talk,
            tell=self.told.append,
        )

    def verifications(self) -> list[Verification]:
        entries = [entry for entry in self.ledger.read_since("").entries if isinstance(entry, Stored)]
        return [entry.record for entry in entries if isinstance(entry.record, Verification)]


def test_prove__records_what_the_scan_after_the_merge_says(tmp_path: Path) -> None:
    room = Room(tmp_path, *FIXED_AND_NOT)

    count = room.prover().prove()

    [record] = room.verifications()
    assert count == 2
    assert [(one.fingerprint, one.verdict) for one in record.verdicts] == [
        (fingerprint(1), Verdict.VERIFIED_FIXED),
        (fingerprint(2), Verdict.STILL_PRESENT),
    ]
    assert (record.pull_request, record.intent_id, record.session_id) == (7, "i-1", "s-1")
    assert record.scan_run_id.endswith("2.json")
    assert fsck(room.ledger, at(10_000))[1] == []


def test_prove__says_it_once(tmp_path: Path) -> None:
    room = Room(tmp_path, *FIXED_AND_NOT)
    prover = room.prover()
    prover.prove()

    assert prover.prove() == 0
    assert len(room.verifications()) == 1


class Interrupted(MemoryLedger):
    """A ledger on which somebody else proves the same between our look and our record."""

    def __init__(self) -> None:
        super().__init__()
        self.between: Callable[[], object] = lambda: None

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        if records:
            between, self.between = self.between, lambda: None
            between()
        return super().append(records, expected_tip=expected_tip)


def test_prove__two_that_prove_the_same_write_one_record(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ledger = ledger = Interrupted()
    ledger.append(FIXED_AND_NOT)
    ledger.between = lambda: room.prover("quick").prove()

    assert room.prover("slow", hours=6).prove() == 0
    assert len(room.verifications()) == 1


def test_prove__says_it_at_the_pull_request(tmp_path: Path) -> None:
    room = Room(tmp_path, *FIXED_AND_NOT, talk=(talk := _talk()))

    room.prover().prove()

    [body] = talk.said("acme/shop", 7)
    assert "1 of 2 findings verified as fixed" in body
    assert talk.thread("acme/shop", 7).labels == ("other", "partial-fix")


def test_prove__a_host_that_is_down_costs_no_verdict(tmp_path: Path) -> None:
    talk = _talk()
    talk.faults = [UpstreamError("the host is down")]
    room = Room(tmp_path, *FIXED_AND_NOT, talk=talk)

    assert room.prover().prove() == 2
    assert len(room.verifications()) == 1
    assert "the host is down" in room.told[0]
