"""Checks the whole ledger: every text against its schema, every record against the others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
from codeql_fixer.domain.fix_example import FixExample
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.domain.triage import TriageOutcome
from codeql_fixer.domain.verification import Verification
from codeql_fixer.ports.ledger import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Ledger

_TOLERANCE = timedelta(minutes=5)  # clocks of machines in good order differ by less


class Fault(Struct, frozen=True):
    """Something about the ledger that a person should know."""

    path: str
    problem: str


def fsck(ledger: Ledger, now: datetime) -> tuple[int, list[Fault]]:
    """How many records there are, and what is wrong with them.

    Raises:
        FutureRecordError: a newer version wrote one of them.
        UpstreamError: the ledger cannot be read.
    """
    faults = [Fault(damage.path, damage.problem) for damage in ledger.audit()]
    records = [entry for entry in ledger.read_since("").entries if isinstance(entry, Stored)]
    return len(records), [*faults, *_among(records, now)]


def _among(records: list[Stored], now: datetime) -> Iterator[Fault]:
    seen: dict[tuple[str, str], str] = {}
    paths = set()
    for item in records:
        name = (item.record.kind, item.record.id)
        first = seen.setdefault(name, item.path)
        if first != item.path:
            yield Fault(item.path, f"{item.path}: has the same id as {first}: {item.record.id}")
        if item.path in paths:
            yield Fault(item.path, f"{item.path}: is on the ledger twice")
        paths.add(item.path)
        if item.record.recorded_at > now + _TOLERANCE:
            yield Fault(item.path, f"{item.path}: is dated {item.record.recorded_at:%Y-%m-%d %H:%M}, in the future")
    for item in records:
        problem = _unproved(item.record, seen, paths) or _orphaned(item.record, seen)
        if problem:
            yield Fault(item.path, f"{item.path}: {problem}")


def _unproved(record: AnyRecord, seen: dict[tuple[str, str], str], paths: set[str]) -> str:
    """Which scan a verification rests on that is not there; cycles name it by its path, as the index knows it."""
    scan = record.scan_run_id if isinstance(record, Verification) else ""
    is_there = not scan or scan in paths or ("scan_run", scan) in seen
    return "" if is_there else f"rests on the scan {scan}, which is not there"


def _orphaned(record: AnyRecord, seen: dict[tuple[str, str], str]) -> str:
    """What a record speaks of that is not there; "" when all of it is."""
    if isinstance(record, DispatchOutcome | TriageOutcome):
        return _without_claim(record, seen)
    if isinstance(record, DispatchIntent) and record.cycle_id and ("cycle", record.cycle_id) not in seen:
        return f"was claimed by the cycle {record.cycle_id}, which is not there"
    if isinstance(record, FixExample) and record.intent_id and ("dispatch_intent", record.intent_id) not in seen:
        return "shows the fix of an intent that is not there"
    if isinstance(record, ScanRun) and record.counts.issues != len(record.issues):
        return f"counts {record.counts.issues} issues and lists {len(record.issues)}"
    return ""


def _without_claim(record: DispatchOutcome | TriageOutcome, seen: dict[tuple[str, str], str]) -> str:
    """Both kinds of claims have outcomes of sessions; a triage has one of its own as well."""
    if ("triage", record.id) in seen:
        return ""
    if isinstance(record, TriageOutcome):
        return "is the outcome of a triage that is not there"
    return "" if ("dispatch_intent", record.id) in seen else "is the outcome of an intent that is not there"
