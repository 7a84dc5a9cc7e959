"""What is on the ledger, read by somebody who does not trust the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.alert import Alert, AlertClaim, AlertOutcome
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.ports.ledger import Stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Ledger

SNAPSHOT = "snapshot"


class Book:
    """All records, which only ever become more.

    Args:
        ledger: is read, and never written to.
        names: what repositories are called that report under another name, in lower case.
    """

    def __init__(self, ledger: Ledger, names: Mapping[str, str]) -> None:
        self._names = names
        self._ledger, self._tip, self._waiting = ledger, "", tuple[str, ...]()
        self.records: dict[str, AnyRecord] = {}
        self.intents: dict[str, DispatchIntent] = {}
        self.outcomes: dict[str, DispatchOutcome] = {}
        self.alerts: dict[str, Alert] = {}
        self.alert_claims: dict[str, AlertClaim] = {}
        self.alert_outcomes: dict[str, AlertOutcome] = {}
        self.cycles = 0
        self.last_scan: dict[str, ScanRun] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def read(self) -> None:
        """Take in what is new."""
        changes = self._ledger.read_since(self._tip, waiting=self._waiting)
        for entry in changes.entries:
            assert isinstance(entry, Stored), entry
            known = self.records.setdefault(entry.path, entry.record)
            assert known == entry.record or entry.record.kind == SNAPSHOT, f"{entry.path} was changed"
            self._take(entry.record)
        assert not changes.lost, f"the ledger lost {changes.lost}"
        self._tip, self._waiting = changes.tip, changes.waiting

    def _take(self, record: AnyRecord) -> None:
        match record:
            case DispatchIntent():
                self.intents[record.id] = record
            case DispatchOutcome():
                self.outcomes[record.id] = record
            case Cycle():
                self.cycles += 1
            case Alert():
                assert self.alerts.setdefault(record.id, record) == record, f"{record.key} was noticed twice"
            case AlertClaim():
                self.alert_claims[record.id] = record
            case AlertOutcome():
                self.alert_outcomes[record.id] = record
            case ScanRun():
                repository = self._names.get(record.target_repo.lower(), record.target_repo.lower())
                for issue in record.issues:
                    self._numbers[repository, issue.fingerprint] = int(issue.message.split()[1])
                last = self.last_scan.get(repository)
                if last is None or record.recorded_at > last.recorded_at:
                    self.last_scan[repository] = record
            case _:
                pass

    def number_of(self, repository: str, fingerprint: str) -> int:
        """Which finding an issue is."""
        return self._numbers[repository.lower(), fingerprint]

    def findings_of(self, intent: DispatchIntent) -> list[int]:
        """The findings that a claim is about."""
        return [self.number_of(intent.target_repo, name) for name in intent.fingerprints]

    def claimed(self) -> set[tuple[str, int]]:
        """All findings that somebody ever claimed."""
        return {
            (intent.target_repo.lower(), number)
            for intent in self.intents.values()
            for number in self.findings_of(intent)
        }

    def found_last(self, repository: str) -> set[int] | None:
        """What the last scan of a repository found; None when there was none."""
        last = self.last_scan.get(repository.lower())
        if last is None:
            return None
        return {self.number_of(repository, issue.fingerprint) for issue in last.issues}

    def ever_found(self, repository: str) -> set[int]:
        """What any scan of it found."""
        return {number for (name, _), number in self._numbers.items() if name == repository.lower()}
