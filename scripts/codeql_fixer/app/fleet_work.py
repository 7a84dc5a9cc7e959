"""The open issues of all repositories as work for agents, the most important first, as far as anybody reads on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from heapq import merge
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.batch_work import BatchWork, Target
from codeql_fixer.app.brief import BriefWriter
from codeql_fixer.app.family_work import Family, Found, TriagedFamily, line_of, triaged_rows
from codeql_fixer.domain.batch import Batch
from codeql_fixer.domain.queue import Line
from codeql_fixer.policy.ranking import parse_standing, ranked
from codeql_fixer.policy.turns import in_turns
from codeql_fixer.ports.prompt_renderer import PromptRenderer
from codeql_fixer.ports.source_tree import SourceTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codeql_fixer.app.batch_work import Routers
    from codeql_fixer.app.planner import Plan, Planner
    from codeql_fixer.domain.dispatch import DispatchIntent
    from codeql_fixer.domain.queue import Stretch, Waiting
    from codeql_fixer.domain.route import NoRoute, Route
    from codeql_fixer.domain.session import SessionRequest
    from codeql_fixer.policy.dispatching import Candidate, Dispatch, Facts, Limits

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

    def _named(self, found: Found) -> Candidate:
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
            if claim.repository and claim.has_session and claim.claimed_at > since
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
    found: tuple[Found, ...]


class _Lead(Struct, frozen=True):
    """The next issue in the order of scores, as one of its line or as one that an agent said something about."""

    worth: float
    repository: str
    key: int
    line: Line
    is_triaged: bool = False


class _Offers:
    """What repositories offer, read from their lines as far as somebody reads on.

    Issues that were triaged differ from those of their line, so they are not looked for there: they are few, and their
    own order is merged with that of the lines.
    """

    def __init__(self, planner: Planner, plan: Plan, standings: Mapping[str, str], *, routers: Routers) -> None:
        self._index, self._plan, self._standings, self._routers = planner.index, plan, standings, routers
        self._left: dict[str, int] = {}
        self._in_line: dict[str, set[str]] = {}  # by standing: repositories that may offer more
        for name, standing in standings.items():
            if standing and planner.means(name) and name not in plan.facts.pauses:
                self._left[name] = _OFFERS_PER_SESSION * plan.limits.of(name).max_sessions
                self._in_line.setdefault(standing, set()).add(name)
        self._families: dict[tuple[str, str, bool], Family] = {}
        self._triaged = (
            triaged_rows(planner.index, plan, {name: standings[name] for name in self._left}) if plan.triaged else {}
        )
        self._told = 0

    def of(self, lines: list[Line]) -> Iterator[_Offer]:
        """What a group offers, the most important first."""
        waiting: list[Found] = []
        worth = 0.0
        for lead in self._leads(lines):
            family = self._family(lead)
            worth = lead.worth
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

    def _leads(self, lines: list[Line]) -> Iterator[_Lead]:
        """Issues in the order of their scores."""
        in_line = self._leads_in(lines)
        standings = {line.standing for line in lines}
        others = [
            _Lead(worth, name, row.issue.key or 0, line_of(row, self._standings[name]), is_triaged=True)
            for (name, _), found in self._triaged.items()
            if self._standings[name] in standings
            for worth, row in found
        ]
        others.sort(key=lambda lead: (-lead.worth, -lead.line.tier.rank, lead.repository, lead.line.family))
        for lead in merge(in_line, others, key=lambda lead: -lead.worth):
            if lead.repository in self._in_line.get(lead.line.standing, ()):
                yield lead

    def _leads_in(self, lines: list[Line]) -> Iterator[_Lead]:
        """Those that nobody said anything about; lines of which nobody may offer more are not read on."""
        for one in ranked(lines, self._plan.stand, self._plan.facts.now):
            names = self._in_line.get(one.stretch.line.standing, set())
            whose = sorted(names) if len(names) <= _FEW else [""]
            parts = [self._waiting(one.stretch, name) for name in whose]
            for lead in merge(*parts, key=lambda lead: (lead.opened_at, lead.key)):
                if lead.repository in names and lead.key not in self._plan.triaged:
                    yield _Lead(one.score.total, lead.repository, lead.key, one.stretch.line)

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

    def _to_tell(self, found: Found) -> list[Found]:
        self._told += len(found.candidate.issues)
        return [found] if self._told <= _MOST_TOLD else []

    def _family(self, lead: _Lead) -> Family:
        key = (lead.repository, lead.line.family, lead.is_triaged)
        if key not in self._families:
            entry = self._plan.registry.entry(lead.repository)
            routers = replace(self._routers, routing=entry.routing)
            family = Family(self._index, lead.line, lead.repository, entry=entry, routers=routers)
            if lead.is_triaged:
                rows = self._triaged[lead.repository, lead.line.family]
                family = TriagedFamily(self._index, lead.line, lead.repository, entry=entry, routers=routers, rows=rows)
            self._families[key] = family
        return self._families[key]
