"""The open issues of all repositories as work for agents, the most important first, as far as anybody reads on."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from heapq import merge
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
from codeql_fixer.policy.readiness import DEFAULT_RULES, held_family
from codeql_fixer.policy.turns import in_turns
from codeql_fixer.ports.prompt_renderer import PromptRenderer
from codeql_fixer.ports.source_tree import SourceTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codeql_fixer.app.batch_work import Routers
    from codeql_fixer.app.planner import Plan, Planner
    from codeql_fixer.domain.dispatch import DispatchIntent
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.domain.queue import Line, Stretch, Waiting
    from codeql_fixer.domain.registry import RepositoryEntry
    from codeql_fixer.domain.route import NoRoute, Route
    from codeql_fixer.domain.session import SessionRequest
    from codeql_fixer.policy.dispatching import Dispatch, Facts, Limits
    from codeql_fixer.policy.ranking import Ranked
    from codeql_fixer.ports.index import Index, IssueRow

_PAGE = 2  # batches of a family are made at a time
_LONGEST_PAGE = 1000  # issues
# A repository offers so many batches for each session that it may have, and the fleet so many in all: enough for some
# that have to wait, and a bound for what a plan costs when nearly all have to. What is not ready is no offer: else a
# repository with many issues that rest would never offer those behind them.
_OFFERS_PER_SESSION = 3
_MOST_OFFERS = 2000
_FEW = 5  # repositories: each one's part of a line is read for itself, and nobody walks past all the others
_MOST_TOLD = 2000  # issues that are not ready are given for their reasons; further ones are passed over


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
        standings = self._planner.line_up()  # some are new, or the operator thinks otherwise of them now
        plan = self._planner.plan(facts, limits)
        for number, offer in enumerate(self._in_turns(plan, standings), start=1):
            yield from (self._named(found) for found in offer.found)
            if number >= _MOST_OFFERS:
                return

    def _named(self, found: _Found) -> Candidate:
        key = f"B{len(self._batches) + 1:03d}"
        self._batches[key] = replace(found.batch, id=key)
        return replace(found.candidate, key=key)

    def route(self, candidate: Candidate, number: int) -> Route | NoRoute:
        """Which agent gets it."""
        return self._work(candidate).route(candidate, number)

    def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
        """What the session is asked to do."""
        return self._work(dispatch.candidate).request(dispatch, intent)

    def _in_turns(self, plan: Plan, standings: Mapping[str, str]) -> Iterator[_Offer]:
        """What groups offer. A turn is a batch that is ready, so none goes to what waits or was in an earlier batch."""
        groups: dict[str, list[Line]] = {}
        for line in self._index.lines():
            groups.setdefault(parse_standing(line.standing).group, []).append(line)
        since = plan.facts.now - plan.limits.period
        served = Counter(
            plan.registry.entry(claim.repository).group
            for claim in plan.facts.claims
            if claim.has_session and claim.claimed_at > since
        )
        offers = _Offers(self._planner, plan, standings, routers=self._routers)
        return in_turns(
            {group: offers.of(lines) for group, lines in groups.items()},
            plan.registry.group_weights,
            served=served,
            worth=lambda offer: offer.worth,
        )

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
                sharing=self._planner.registry.learning.examples,
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


class _Offer(Struct, frozen=True):
    """A batch that is ready, behind what was found not to be; at the end of a group only that. `worth` is a score."""

    worth: float
    found: tuple[_Found, ...]


class _Offers:
    """What repositories offer, read from their lines as far as somebody reads on."""

    def __init__(self, planner: Planner, plan: Plan, standings: Mapping[str, str], *, routers: Routers) -> None:
        self._index, self._plan, self._standings, self._routers = planner.index, plan, standings, routers
        self._left: dict[str, int] = {}
        self._in_line: dict[str, set[str]] = {}  # by standing: repositories that may offer more
        for name, standing in standings.items():
            if standing and planner.means(name) and name not in plan.facts.pauses:
                self._left[name] = _OFFERS_PER_SESSION * plan.limits.of(name).max_sessions
                self._in_line.setdefault(standing, set()).add(name)
        self._families: dict[tuple[str, str], _Family] = {}
        self._told = 0

    def of(self, lines: list[Line]) -> Iterator[_Offer]:
        """What a group offers, the most important first."""
        waiting: list[_Found] = []
        worth = 0.0
        for lead, one in self._leads(lines):
            family = self._family(lead.repository, one.stretch.line)
            worth = one.score.total
            for found in family.up_to(lead.key, self._plan):
                if not found.is_ready:
                    waiting += self._to_tell(found)
                    continue
                self._take(lead.repository)
                yield _Offer(worth, (*waiting, found))
                waiting = []
                if not self._left[lead.repository]:
                    break
        if waiting:
            yield _Offer(worth, tuple(waiting))

    def _leads(self, lines: list[Line]) -> Iterator[tuple[Waiting, Ranked]]:
        """Issues in the order of their scores; lines of which nobody may offer more are not read on."""
        for one in ranked(lines, self._plan.stand, self._plan.facts.now):
            names = self._in_line.get(one.stretch.line.standing, set())
            whose = sorted(names) if len(names) <= _FEW else [""]
            parts = [self._waiting(one.stretch, name) for name in whose]
            for lead in merge(*parts, key=lambda lead: (lead.opened_at, lead.key)):
                if lead.repository in names:
                    yield lead, one

    def _waiting(self, stretch: Stretch, repository: str) -> Iterator[Waiting]:
        """All of a stretch, or one repository's part of it, as long as somebody there may offer more."""
        names, last = self._in_line[stretch.line.standing], None
        while (repository in names if repository else names) and (
            found := self._index.waiting(stretch, last, repository=repository)
        ):
            yield from found
            last = found[-1]

    def _take(self, repository: str) -> None:
        self._left[repository] -= 1
        if not self._left[repository]:
            self._in_line[self._standings[repository]].remove(repository)

    def _to_tell(self, found: _Found) -> list[_Found]:
        self._told += len(found.candidate.issues)
        return [found] if self._told <= _MOST_TOLD else []

    def _family(self, repository: str, line: Line) -> _Family:
        key = (repository, line.family)
        if key not in self._families:
            entry = self._plan.registry.entry(repository)
            routers = replace(self._routers, routing=entry.routing)
            self._families[key] = _Family(self._index, line, repository, entry=entry, routers=routers)
        return self._families[key]


class _Found(Struct, frozen=True):
    """Some issues of a family, and whether they could be a session."""

    candidate: Candidate
    batch: Batch
    is_ready: bool


class _Family:
    """The open issues of one family in a repository, made batches as they are wanted."""

    def __init__(self, index: Index, line: Line, repository: str, *, entry: RepositoryEntry, routers: Routers) -> None:
        self._index, self._line, self._repository, self._entry = index, line, repository, entry
        self._routers = routers
        self._read, self._most = 0, _PAGE * entry.batch_size
        self._is_read = False
        self._seen: set[int] = set()
        self._over: dict[str, CandidateIssue] = {}  # ready, and too few for a batch so far
        self._made: deque[_Found] = deque()

    def up_to(self, key: int, plan: Plan) -> Iterator[_Found]:
        """What comes next, as far as the issue with this key; nothing when that one came before."""
        while key not in self._seen:
            while not self._made and not self._is_read:
                self._made.extend(self._page(plan))
            if not self._made:
                return
            found = self._made.popleft()
            self._seen |= {issue.tracked.key for issue in found.candidate.issues if issue.tracked}
            yield found

    def _page(self, plan: Plan) -> Iterator[_Found]:
        rows = self._index.open_of(self._repository, self._line.family, start=self._read, most=self._most)
        self._read += len(rows)
        context = context_of(self._repository, self._line.family, plan.facts, limits=plan.limits)
        # What holds the whole family needs no more than some of it to be told.
        self._is_read = len(rows) < self._most or held_family(context) is not None
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
        for members in sorted(found, key=lambda issues: -issues[0].severity.tier.rank):
            yield self._found(Batch("", self._line.family, tuple(members)), ready, plan, is_ready=True)

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

    def _found(self, batch: Batch, known: Mapping[str, CandidateIssue], plan: Plan, *, is_ready: bool) -> _Found:
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
        return _Found(candidate, batch, is_ready)


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
