"""The open issues of one family in a repository as batches, made as they are wanted."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.indexed_issue import id_of, issue_of
from codeql_fixer.domain.batch import Batch
from codeql_fixer.domain.queue import Line
from codeql_fixer.policy.batching import make_batches
from codeql_fixer.policy.clusters import clusters_of
from codeql_fixer.policy.dispatching import Candidate, CandidateIssue, context_of
from codeql_fixer.policy.readiness import DEFAULT_RULES, held_family

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codeql_fixer.app.batch_work import Routers
    from codeql_fixer.app.planner import Plan
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.domain.registry import RepositoryEntry
    from codeql_fixer.ports.index import Index, IssueRow

_PAGE = 2  # batches of a family are made at a time
_LONGEST_PAGE = 1000  # issues


class Found(Struct, frozen=True):
    """Some issues of a family, and whether they could be a session."""

    candidate: Candidate
    batch: Batch
    is_ready: bool


class Family:
    """The open issues of one family in a repository, made batches as they are wanted."""

    def __init__(self, index: Index, line: Line, repository: str, *, entry: RepositoryEntry, routers: Routers) -> None:
        self._index, self._line, self._repository, self._entry = index, line, repository, entry
        self._routers = routers
        self._read, self._most = 0, _PAGE * entry.batch_size
        self._is_read = False
        self._seen: set[int] = set()
        self._over: dict[str, CandidateIssue] = {}  # ready, and too few for a batch so far
        self._made: deque[Found] = deque()

    def up_to(self, key: int, plan: Plan) -> Iterator[Found]:
        """What comes next, as far as the issue with this key; nothing when that one came before."""
        while key not in self._seen:
            while not self._made and not self._is_read:
                self._made.extend(self._page(plan))
            if not self._made:
                return
            found = self._made.popleft()
            self._seen |= {issue.tracked.key for issue in found.candidate.issues if issue.tracked}
            yield found

    def _page(self, plan: Plan) -> Iterator[Found]:
        rows, is_end = self._rows(plan)
        context = context_of(self._repository, self._line.family, plan.facts, limits=plan.limits)
        # What holds the whole family needs no more than some of it to be told.
        self._is_read = is_end or held_family(context) is not None
        ready, self._over = self._over, {}
        rest: dict[str, CandidateIssue] = {}
        busy = plan.facts.busy_files.get(self._repository, frozenset())
        for row in rows:
            issue = candidate_issue(row, self._index)
            is_ready = row.issue.file not in busy and DEFAULT_RULES(issue, context) is None
            (ready if is_ready else rest)[issue.fingerprint] = issue
        if not ready:
            self._most = min(2 * self._most, _LONGEST_PAGE)  # to get past many that rest by a few questions
        if rest:
            yield self._found(Batch("", self._line.family, tuple(_issues(rest))), rest, plan, is_ready=False)
        found: list[Sequence[Issue]] = []
        for part in self._parts(ready):
            batches = list(self._cut(part, plan))
            if not self._is_read and len(batches[-1]) < self._entry.batch_size:  # the next page may fill it
                names = [issue.identity.fingerprint for issue in batches.pop()]
                self._over |= {name: ready[name] for name in names}
            found += batches
        for members in sorted(found, key=self._place):
            yield self._found(Batch("", self._line.family, tuple(members)), ready, plan, is_ready=True)

    def _rows(self, plan: Plan) -> tuple[list[IssueRow], bool]:
        """The next issues, and whether those are the last ones."""
        rows = self._index.open_of(self._repository, self._line.family, start=self._read, most=self._most)
        self._read += len(rows)
        return [row for row in rows if row.issue.key not in plan.triaged], len(rows) < self._most

    def _place(self, issues: Sequence[Issue]) -> float:
        """By what batches of a page are put in order."""
        return -issues[0].severity.tier.rank

    def _parts(self, ready: Mapping[str, CandidateIssue]) -> list[list[Issue]]:
        """What codemods can fix is apart, so that nobody pays for it."""
        parts: tuple[list[Issue], list[Issue]] = ([], [])
        for issue in _issues(ready):
            parts[self._routers.is_for_codemods(issue.finding.rule.id)].append(issue)
        return [part for part in parts if part]

    def _cut(self, issues: list[Issue], plan: Plan) -> Iterator[Sequence[Issue]]:
        size = self._entry.batch_size
        if plan.registry.uses_clusters:
            yield from clusters_of(issues, lambda issue: issue.finding.file, max_size=size)
        else:
            batching = make_batches(issues, batch_size=size, max_batches=max(1, len(issues)))
            yield from (batch.issues for batch in batching.batches)

    def _found(self, batch: Batch, known: Mapping[str, CandidateIssue], plan: Plan, *, is_ready: bool) -> Found:
        issues = tuple(known[issue.identity.fingerprint] for issue in batch.issues)
        scores = [plan.score(self._line.standing, issue.tracked) for issue in issues if issue.tracked]
        candidate = Candidate(
            key="",
            repository=self._repository,
            family=self._line.family,
            tier=batch.severity.tier,
            issues=issues,
            score=max(scores, key=lambda score: score.total),
        )
        return Found(candidate, batch, is_ready)


class TriagedFamily(Family):
    """Those issues of a family that were triaged, the highest score first."""

    def __init__(
        self,
        index: Index,
        line: Line,
        repository: str,
        *,
        entry: RepositoryEntry,
        routers: Routers,
        rows: Sequence[tuple[float, IssueRow]],
    ) -> None:
        super().__init__(index, line, repository, entry=entry, routers=routers)
        self._scored = rows
        self._worth = {row.issue.fingerprint: worth for worth, row in rows}

    def _rows(self, plan: Plan) -> tuple[list[IssueRow], bool]:
        del plan
        return [row for _, row in self._scored], True

    def _place(self, issues: Sequence[Issue]) -> float:
        return -max(self._worth[issue.identity.fingerprint] for issue in issues)

    def _cut(self, issues: list[Issue], plan: Plan) -> Iterator[Sequence[Issue]]:
        if plan.registry.uses_clusters:
            yield from super()._cut(issues, plan)
            return
        size = self._entry.batch_size
        yield from (issues[start : start + size] for start in range(0, len(issues), size))


def triaged_rows(
    index: Index, plan: Plan, standings: Mapping[str, str]
) -> dict[tuple[str, str], list[tuple[float, IssueRow]]]:
    """Triaged issues of these repositories with what they score, by repository and family, the highest first."""
    found: dict[tuple[str, str], list[tuple[float, IssueRow]]] = {}
    for one in plan.triaged.values():
        standing = standings.get(one.repository)
        if standing is None:
            continue
        for row in index.issues(one.fingerprint, one.repository):
            if row.issue.key == one.key:
                key = (one.repository, row.issue.family)
                found.setdefault(key, []).append((plan.score(standing, row.issue).total, row))
    for rows in found.values():
        rows.sort(key=lambda item: (-item[0], item[1].issue.opened_at, item[1].issue.fingerprint))
    return found


def line_of(row: IssueRow, standing: str) -> Line:
    """The line that an issue would stand in."""
    return Line(standing, row.issue.tier, row.issue.family, row.issue.reach)


def candidate_issue(row: IssueRow, index: Index) -> CandidateIssue:
    """An issue of the index with the attempts at it."""
    return CandidateIssue(
        id=id_of(row.issue),
        fingerprint=row.issue.fingerprint,
        tracked=row.issue,
        lifecycle=row.lifecycle,
        reason=row.reason,
        dismissed_until=row.dismissed_until,
        attempts=index.attempts_at(row.issue.key),
    )


def _issues(known: Mapping[str, CandidateIssue]) -> Iterator[Issue]:
    return (issue_of(issue.tracked) for issue in known.values() if issue.tracked)
