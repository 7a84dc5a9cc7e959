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
from tests.records import PRODUCER, at, cycle, fingerprint, intent, outcome, pull_request_seen, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.pull_request import Check, CheckReport, Review
    from codeql_fixer.ports.ledger import Conflict, Landed

FIXED_AND_NOT = (
    scan("1", 0, 1, 2),
    intent("i-1", 1, 1, 2),
    outcome("i-1", 1),
    cycle("c-1", 3, pull_requests=(pull_request_seen(PullRequestState.MERGED, 3, intent_id="i-1"),)),
    scan("2", 4, 2),
)


class Talk:
    """PullRequests that remembers what is said; it may fail."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.comments: dict[tuple[str, int, str], str] = {}
        self.labels: set[str] = {"unknown", "other"}
        self._is_down = is_down

    def is_mergeable(self, _repository: str, _number: int) -> bool | None:
        return None

    def reviews(self, _repository: str, _number: int) -> list[Review]:
        return []

    def checks(self, _repository: str, _commit: str) -> list[Check]:
        return []

    def diff(self, _repository: str, _number: int) -> str:
        return ""

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        if self._is_down:
            raise UpstreamError("the host is down")
        self.comments[repository, number, marker] = body
        return "https://forge.invalid/comment"

    def label(self, _repository: str, _number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        self.labels = self.labels - set(remove) | set(add)

    def close(self, _repository: str, _number: int) -> None:
        raise AssertionError

    def open_issue(self, *_: object, **__: object) -> str:
        raise AssertionError

    def report_check(self, _repository: str, _report: CheckReport) -> str:
        raise AssertionError


class Room:
    """A prover with what it needs."""

    def __init__(self, folder: Path, *records: AnyRecord, talk: Talk | None = None) -> None:
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
    room = Room(tmp_path, *FIXED_AND_NOT, talk=(talk := Talk()))

    room.prover().prove()

    [body] = talk.comments.values()
    assert "1 of 2 findings verified as fixed" in body
    assert talk.labels == {"partial-fix", "other"}


def test_prove__a_host_that_is_down_costs_no_verdict(tmp_path: Path) -> None:
    room = Room(tmp_path, *FIXED_AND_NOT, talk=Talk(is_down=True))

    assert room.prover().prove() == 2
    assert len(room.verifications()) == 1
    assert "the host is down" in room.told[0]
