"""Follows the issues of one repository from scan to scan: the same scans in the same order give the same state."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.scan_run import FIRST_GENERATION
from codeql_fixer.domain.tracked import TrackedIssue, Tracking
from codeql_fixer.policy.comparability import ScanSay, is_tracked
from codeql_fixer.policy.ledger_paths import path_of
from codeql_fixer.policy.succession import successors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from codeql_fixer.domain.scan_run import IssueRecord, ScanRun
    from codeql_fixer.domain.tracked import Attempt

_OLDEST_LENGTH = 16
_MANY = 10  # open issues; so many are hardly mended between two scans, see policy/proof/controls.py
_TOO_SILENT = "the scan reports nothing at all where many issues were open; the next one has to say the same"
_TENTHS = 10


class Sighting(Struct, frozen=True, gc=False):
    """An issue that a scan reported, and the line at which it did."""

    issue: TrackedIssue
    start_line: int | None


def order_of(run: ScanRun) -> tuple[datetime, str]:
    """The place of a scan in time. Two at the same moment go by path, so that everybody counts the same way."""
    return run.recorded_at, path_of(run)


class RepositoryIssues:
    """All issues of one repository, by fingerprint; `changed` are those that the last runs touched.

    Args:
        issues: as an earlier fold left them.
    """

    def __init__(self, issues: Iterable[TrackedIssue] = ()) -> None:
        self.issues = {issue.fingerprint: issue for issue in issues}
        self.changed: dict[str, TrackedIssue] = {}
        self._known_as: dict[str, list[TrackedIssue]] = {}
        for issue in self.issues.values():
            self._learn_names(issue)

    def fold(self, run: ScanRun) -> list[Sighting]:
        """Take in the next scan, and return what it saw. Scans of branches and pull requests change nothing."""
        if not is_tracked(run):
            return []
        source = path_of(run)
        sightings: dict[str, Sighting] = {}
        for record in run.issues:
            for issue in self._seen(record, run, source):
                if issue.fingerprint not in sightings:
                    sightings[issue.fingerprint] = Sighting(issue, record.start_line)
                    _mark_seen(issue, record, run, source=source)
                    self.changed[issue.fingerprint] = issue
        self._judge_absent(run, source, sightings)
        return list(sightings.values())

    def _seen(self, record: IssueRecord, run: ScanRun, source: str) -> list[TrackedIssue]:
        """The issues that a record is a sighting of: one, or all that an older name may mean."""
        known = self.issues.get(record.fingerprint)
        if known is not None and known.tracking is not Tracking.RENAMED:
            return [known]
        successors = [
            issue for issue in self._known_as.get(record.fingerprint, ()) if issue.tracking is not Tracking.RENAMED
        ]
        if successors:
            return successors
        if known is not None:
            return [self._living(known)]
        issue = _first_sight(record, run, source)
        earlier = list(self._predecessors(issue))
        if earlier:
            _take_over(issue, earlier)
            self.changed |= {item.fingerprint: item for item in earlier}
        self.issues[issue.fingerprint] = issue
        self._learn_names(issue)
        return [issue]

    def _living(self, issue: TrackedIssue) -> TrackedIssue:
        while issue.tracking is Tracking.RENAMED:
            issue = self.issues[issue.renamed_to]
        return issue

    def _predecessors(self, issue: TrackedIssue) -> Iterator[TrackedIssue]:
        for name in earlier_names(issue):
            earlier = self.issues.get(name)
            if earlier is not None and earlier is not issue:
                yield earlier

    def _learn_names(self, issue: TrackedIssue) -> None:
        for name in earlier_names(issue):
            self._known_as.setdefault(name, []).append(issue)

    def _judge_absent(self, run: ScanRun, source: str, sightings: Mapping[str, Sighting]) -> None:
        say, silent = ScanSay(run), _silent(run, self.issues.values(), sightings.values())
        gone: list[TrackedIssue] = []
        for fingerprint, issue in self.issues.items():
            if fingerprint in sightings or not issue.tracking.is_open:
                continue
            doubt = say.doubt(issue)
            if not doubt and (issue.tool, issue.category) in silent and issue.doubt != _TOO_SILENT:
                doubt = _TOO_SILENT
            if not doubt:
                gone.append(issue)
            if not doubt or doubt != issue.doubt:
                issue.doubt = doubt
                self.changed[fingerprint] = issue
        fresh = [seen.issue for seen in sightings.values() if seen.issue.appearances == 1]
        living_on = successors(gone, fresh)
        for issue in gone:
            successor = living_on.get(issue.fingerprint)
            if successor is None:
                issue.tracking = Tracking.FIXED
                issue.fixed_at, issue.fixed_run = run.recorded_at, source
            else:
                _succeed(successor, issue)
                self._learn_names(successor)


def _silent(run: ScanRun, issues: Iterable[TrackedIssue], sightings: Iterable[Sighting]) -> set[tuple[str, str]]:
    """Tools with their categories that reported nothing, not even what was set aside, though they had much to report.

    A scan that looked at the wrong folder lists its rules and succeeds as well.
    """
    read: Counter[tuple[str, str]] = Counter()
    for scan in run.scans:
        read[_plain(scan.tool), _plain(scan.category)] += scan.results_read
    quiet = {key for key, count in read.items() if not count}
    quiet -= {(seen.issue.tool, seen.issue.category) for seen in sightings} if quiet else quiet
    if not quiet:
        return quiet
    still_open = Counter((issue.tool, issue.category) for issue in issues if issue.tracking.is_open)
    return {key for key in quiet if still_open[key] >= _MANY}


def _succeed(issue: TrackedIssue, earlier: TrackedIssue) -> None:
    """Go on with the life of an issue whose code was edited or moved, so that its name changed."""
    issue.aliases = tuple(dict.fromkeys((*issue.aliases, earlier.fingerprint, *earlier.aliases)))
    appearances = issue.appearances
    _take_over(issue, [earlier])
    if issue.tracking is Tracking.NEW:
        issue.tracking = Tracking.RECURRING
    issue.appearances += appearances


def earlier_names(issue: TrackedIssue) -> Iterator[str]:
    """What records of earlier algorithms call an issue; the very first of them kept the start of the name only."""
    names = issue.aliases
    if issue.fingerprint_version == FIRST_GENERATION:
        names = (*names, issue.fingerprint)
    for name in names:
        if name != issue.fingerprint:
            yield name
        if len(name) > _OLDEST_LENGTH:
            yield name[:_OLDEST_LENGTH]


def attempts_at(issue: TrackedIssue, attempts: Mapping[str, tuple[Attempt, ...]]) -> list[Attempt]:
    """The attempts at an issue in the order of their claims, also those that name it as it was called before.

    Args:
        issue: of the repository.
        attempts: all of the repository, by the fingerprint that their records used.
    """
    if not attempts or issue.tracking is Tracking.RENAMED:
        return []
    names = dict.fromkeys((issue.fingerprint, *earlier_names(issue)))
    found = {attempt.intent_id: attempt for name in names for attempt in attempts.get(name, ())}
    return sorted(found.values(), key=lambda attempt: (attempt.claimed_at, attempt.intent_id))


def _first_sight(record: IssueRecord, run: ScanRun, source: str) -> TrackedIssue:
    """An issue that nothing is known of yet but its name; the sighting fills in the rest."""
    at = run.recorded_at
    return TrackedIssue(
        record.fingerprint,
        run.fingerprint_version,
        Tracking.NEW,
        evidence=record.evidence,
        occurrence=record.occurrence,
        aliases=record.aliases,
        first_seen_at=at,
        first_run=source,
        last_seen_at=at,
        last_run=source,
        opened_at=at,
    )


def _mark_seen(issue: TrackedIssue, record: IssueRecord, run: ScanRun, *, source: str) -> None:
    at = run.recorded_at
    if issue.tracking is Tracking.FIXED:
        issue.tracking = Tracking.REGRESSED
        issue.opened_at, issue.fixed_at, issue.fixed_run = at, None, ""
        issue.regressions += 1
    elif issue.tracking is Tracking.NEW and issue.appearances:
        issue.tracking = Tracking.RECURRING
    issue.appearances += 1
    issue.last_seen_at, issue.last_run = at, source
    issue.doubt = ""
    issue.rule_id, issue.family = _plain(record.rule_id), _plain(record.cwe_family)
    issue.tier, issue.score = record.severity_tier, record.severity_score
    issue.file, issue.start_line = _plain(record.file), record.start_line
    issue.message = _plain(record.message) or issue.message
    issue.reach = round(_TENTHS * run.reach.get(record.file, 0.0))
    # The latest sighting says whose silence counts: rules move between the parts of a scan.
    scan = run.scans[record.scan] if record.scan < len(run.scans) else None
    issue.tool, issue.category = (_plain(scan.tool), _plain(scan.category)) if scan else ("", "")


def _plain(text: str) -> str:
    """Text that every index can keep, so that what is compared is the same before and after: Postgres knows no NUL."""
    return text.replace("\0", "") if "\0" in text else text


def _take_over(issue: TrackedIssue, earlier: list[TrackedIssue]) -> None:
    """An issue under a new name goes on with the life it had under the old ones. Several may share one old name."""
    first = min(earlier, key=lambda item: item.first_seen_at)
    issue.first_seen_at, issue.first_run = first.first_seen_at, first.first_run
    issue.appearances = max(item.appearances for item in earlier)
    issue.regressions = max(item.regressions for item in earlier)
    still_open = [item for item in earlier if item.fixed_at is None]
    if still_open:
        issue.opened_at = min(item.opened_at for item in still_open)
        issue.tracking = Tracking.REGRESSED if any(item.regressions for item in still_open) else Tracking.NEW
    else:
        issue.tracking = Tracking.FIXED  # the sighting makes it regressed
    for item in earlier:
        if item.tracking is not Tracking.RENAMED:
            item.tracking, item.renamed_to = Tracking.RENAMED, issue.fingerprint
