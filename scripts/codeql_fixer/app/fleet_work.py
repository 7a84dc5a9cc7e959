"""The open issues of all repositories as work for agents, the most important first, as far as anybody reads on."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.batch_work import BatchWork, Target
from codeql_fixer.app.brief import BriefWriter
from codeql_fixer.app.indexed_issue import id_of, issue_of
from codeql_fixer.domain.batch import Batch
from codeql_fixer.policy.batching import make_batches
from codeql_fixer.policy.clusters import clusters_of
from codeql_fixer.policy.dispatching import Candidate, CandidateIssue, context_of
from codeql_fixer.policy.ranking import parse_standing, ranked
from codeql_fixer.policy.readiness import DEFAULT_RULES
from codeql_fixer.policy.turns import in_turns
from codeql_fixer.ports.prompt_renderer import PromptRenderer
from codeql_fixer.ports.source_tree import SourceTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codeql_fixer.app.batch_work import Routers
    from codeql_fixer.app.planner import Plan, Planner
    from codeql_fixer.domain.dispatch import DispatchIntent
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.domain.queue import Line, Waiting
    from codeql_fixer.domain.registry import RepositoryEntry
    from codeql_fixer.domain.route import NoRoute, Route
    from codeql_fixer.domain.session import SessionRequest
    from codeql_fixer.policy.dispatching import Dispatch, Facts, Limits
    from codeql_fixer.policy.ranking import Ranked
    from codeql_fixer.ports.index import Index, IssueRow

_PAGE = 2  # batches of a family are made at a time
# A repository offers so many batches for each session that it may have, and the fleet so many in all: enough for some
# that have to wait, and a bound for what a plan costs when nearly all have to.
_OFFERS_PER_SESSION = 3
_MOST_OFFERS = 2000


class Words(Struct, frozen=True, kw_only=True):
    """What puts work into words: the renderer, a tree without files, excerpts of scans, playbooks by family."""

    renderer: PromptRenderer
    tree: SourceTree
    excerpt: Callable[[Batch], bytes]
    playbook_of: Callable[[str], str]


class FleetWork:
    """Work of a whole fleet, or of some of its repositories.

    Args:
        planner: what the operator wants, which repositories are meant, and what is known of their issues.
        routers: the agents that are there; whose routing holds is for each repository's entry to say.
        words: how agents are told.
        run_id: of the run.
    """

    def __init__(self, planner: Planner, *, routers: Routers, words: Words, run_id: str) -> None:
        self._index, self._planner, self._routers = planner.index, planner, routers
        self._words, self._run_id = words, run_id
        self._batches: dict[str, Batch] = {}

    def candidates(self, facts: Facts, limits: Limits) -> Iterator[Candidate]:
        """Batches of issues that are ready, the most important first; what is not ready comes for its reason."""
        self._batches = {}
        self._planner.line_up()  # repositories that are new, or that the operator thinks otherwise of now
        plan = self._planner.plan(facts, limits)
        offers: Counter[str] = Counter()
        families: dict[tuple[str, str], _Family] = {}
        for waiting, line in self._in_order(plan):
            repository = waiting.repository
            most = _OFFERS_PER_SESSION * limits.of(repository).max_sessions
            if offers[repository] >= most or repository in facts.pauses or not self._planner.means(repository):
                continue
            family = families.get((repository, line.family))
            if family is None:
                entry = plan.registry.entry(repository)
                family = families[repository, line.family] = _Family(self._index, line, repository, entry=entry)
            found = family.next_for(waiting.key, plan)
            if found is not None:
                offers[repository] += 1
                yield self._named(*found)
            if offers.total() >= _MOST_OFFERS:
                return

    def _named(self, candidate: Candidate, batch: Batch) -> Candidate:
        key = f"B{len(self._batches) + 1:03d}"
        self._batches[key] = replace(batch, id=key)
        return replace(candidate, key=key)

    def route(self, candidate: Candidate, number: int) -> Route | NoRoute:
        """Which agent gets it."""
        return self._work(candidate).route(candidate, number)

    def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
        """What the session is asked to do."""
        return self._work(dispatch.candidate).request(dispatch, intent)

    def _in_order(self, plan: Plan) -> Iterator[tuple[Waiting, Line]]:
        groups: dict[str, list[Line]] = {}
        for line in self._index.lines():
            groups.setdefault(parse_standing(line.standing).group, []).append(line)
        served = Counter(
            plan.registry.entry(claim.repository).group for claim in plan.facts.claims if claim.has_session
        )
        turns = in_turns(
            {group: self._stream(lines, plan) for group, lines in groups.items()},
            plan.registry.group_weights,
            served=served,
            worth=lambda item: item[1].score.total,
        )
        return ((waiting, one.stretch.line) for waiting, one in turns)

    def _stream(self, lines: list[Line], plan: Plan) -> Iterator[tuple[Waiting, Ranked]]:
        for one in ranked(lines, plan.stand, plan.facts.now):
            last = None
            while found := self._index.waiting(one.stretch, last):
                yield from ((waiting, one) for waiting in found)
                last = found[-1]

    def _work(self, candidate: Candidate) -> BatchWork:
        """The work of one batch, as a run of the pipeline for its repository would have it."""
        entry, words = self._planner.registry.entry(candidate.repository), self._words
        return BatchWork(
            batches=(self._batches[candidate.key],),
            target=Target(
                repository=candidate.repository,
                base_branch=entry.default_branch,
                run_id=self._run_id,
                labels=entry.labels,
                tags=entry.tags,
            ),
            routers=replace(self._routers, routing=entry.routing),
            index=self._index,
            briefs=BriefWriter(
                words.tree,
                target_repo=candidate.repository,
                default_branch=entry.default_branch,
                run_id=self._run_id,
            ),
            renderer=words.renderer,
            excerpt=words.excerpt,
            playbook_of=words.playbook_of,
        )


class _Family:
    """The open issues of one family in a repository, made batches as they are wanted."""

    def __init__(self, index: Index, line: Line, repository: str, *, entry: RepositoryEntry) -> None:
        self._index, self._line, self._repository, self._entry = index, line, repository, entry
        self._read = 0
        self._seen: set[int] = set()
        self._made: deque[tuple[Candidate, Batch]] = deque()

    def next_for(self, key: int, plan: Plan) -> tuple[Candidate, Batch] | None:
        """The next batch, or some issues that are not ready; None when the one with this key was in an earlier one."""
        if key in self._seen:
            return None
        if not self._made:
            self._made.extend(self._page(plan))
        if not self._made:
            return None
        candidate, batch = self._made.popleft()
        self._seen |= {issue.tracked.key for issue in candidate.issues if issue.tracked}
        return candidate, batch

    def _page(self, plan: Plan) -> Iterator[tuple[Candidate, Batch]]:
        rows = self._index.open_of(
            self._repository, self._line.family, start=self._read, most=_PAGE * self._entry.batch_size
        )
        self._read += len(rows)
        context = context_of(self._repository, self._line.family, plan.facts, limits=plan.limits)
        ready: dict[str, CandidateIssue] = {}
        rest: dict[str, CandidateIssue] = {}
        busy = plan.facts.busy_files.get(self._repository, frozenset())
        for row in rows:
            issue = candidate_issue(row, self._index)
            is_ready = row.issue.file not in busy and DEFAULT_RULES(issue, context) is None
            (ready if is_ready else rest)[issue.fingerprint] = issue
        if rest:
            yield self._candidate(Batch("", self._line.family, tuple(_issues(rest))), rest, plan)
        for members in self._cut(list(_issues(ready)), plan):
            yield self._candidate(Batch("", self._line.family, tuple(members)), ready, plan)

    def _cut(self, issues: list[Issue], plan: Plan) -> Iterator[Sequence[Issue]]:
        size = self._entry.batch_size
        if plan.registry.uses_clusters:
            yield from clusters_of(issues, lambda issue: issue.finding.file, max_size=size)
        else:
            yield from (batch.issues for batch in make_batches(issues, batch_size=size, max_batches=_PAGE).batches)

    def _candidate(self, batch: Batch, known: Mapping[str, CandidateIssue], plan: Plan) -> tuple[Candidate, Batch]:
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
        return candidate, batch


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
