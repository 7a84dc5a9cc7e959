"""The law of allowances: no window of their length ever holds more than the limit, wherever it begins.

A world of claims that are made, cost something, open pull requests and close them, with crashes in between after which
everything is rebuilt from the claims, by a clock that may be a little behind. Each claim is checked by plain counting.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from msgspec.structs import replace

from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit, Window
from codeql_fixer.domain.claim import Claim
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.policy.allowances import Allowances, Use, uses_of
from tests.records import START

STEPS = int(os.environ.get("STEPS", "20000"))  # noqa: TID251 - tests; 1,000,000 in `make soak`
TAGS = {
    "a/pay": frozenset({"pay"}),
    "a/both": frozenset({"pay", "web"}),
    "a/web": frozenset({"web"}),
    "a/none": frozenset(),
}
REPOSITORIES, FAMILIES, AGENTS = sorted(TAGS), ["xss", "ssrf"], ["basic", "devin"]
FLEET, TAG, REPOSITORY, FAMILY, AGENT = ScopeKind
SESSIONS, ACU, OPEN = Unit
ALLOWANCES = (
    Allowance(kind=FLEET, unit=SESSIONS, limit=3, window=Window.QUARTER),
    Allowance(kind=FLEET, unit=SESSIONS, limit=300, window=Window.MONTH),
    Allowance(kind=FLEET, unit=ACU, limit=60, window=Window.DAY),
    Allowance(kind=TAG, unit=SESSIONS, limit=4, window=Window.HOUR),
    Allowance(kind=TAG, unit=ACU, limit=25, name="pay", window=Window.DAY),
    Allowance(kind=REPOSITORY, unit=SESSIONS, limit=2, window=Window.HOUR),
    Allowance(kind=REPOSITORY, unit=OPEN, limit=3),
    Allowance(kind=FAMILY, unit=ACU, limit=12, window=Window.HOUR),
    Allowance(kind=AGENT, unit=SESSIONS, limit=10, name="devin", window=Window.DAY),
)
KEPT = timedelta(days=31)


class World:
    """Claims on a ledger, the pull requests of their sessions, and what one orchestrator remembers of them."""

    def __init__(self) -> None:
        self.now, self.count = START, 0
        self.refused: Counter[Allowance] = Counter()
        self.claims: dict[str, Claim] = {}
        self.open_prs: dict[str, int] = {}
        self.crash(0)

    def crash(self, seconds_behind: int) -> None:
        """All is forgotten but the ledger; the next one's clock may be behind."""
        self.now -= timedelta(seconds=seconds_behind)
        old = [
            name for name, claim in self.claims.items() if claim.claimed_at < self.now - KEPT and not self._holds(claim)
        ]
        for name in old:
            del self.claims[name]
        uses = uses_of(self.claims.values(), tags_of=TAGS.__getitem__, open_prs=self.open_prs)
        self.room = Allowances(ALLOWANCES, uses, now=self.now)

    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)

    def ask(self, repository: str, family: str, agent: str, *, acu: int) -> None:
        """Claim if there is room; a claim is on the ledger before anything is remembered."""
        use = Use(at=self.now, repository=repository, tags=TAGS[repository], family=family, agent=agent, acu=acu)
        refusal = self.room.problem(use)
        if refusal:
            self.refused[refusal.allowance] += 1
            return
        self.count += 1
        claim = Claim(
            intent_id=f"i-{self.count}",
            repository=repository,
            fingerprints=(),
            agent=agent,
            attempt=1,
            claimed_at=self.now,
            family=family,
            max_acu=acu,
        )
        self.claims[claim.intent_id] = claim
        self.room.take(use)
        for allowance in ALLOWANCES:
            self._check(allowance, claim)

    def settle(self, place: int, share: int, pulls: int) -> None:
        """A session ends with a part of what it might have cost, and perhaps with a pull request."""
        running = [claim for claim in self.claims.values() if claim.is_at_work]
        if running:
            claim = running[place % len(running)]
            ended = {"outcome": DispatchStatus.CREATED, "session": SessionState.FINISHED}
            self.claims[claim.intent_id] = replace(claim, acu_used=(claim.max_acu or 0) * share / 4, **ended)
            self.open_prs[claim.intent_id] = pulls

    def refuse(self, place: int) -> None:
        """An agent's service says no."""
        unsettled = [claim for claim in self.claims.values() if claim.outcome is None]
        if unsettled:
            claim = unsettled[place % len(unsettled)]
            self.claims[claim.intent_id] = replace(claim, outcome=DispatchStatus.REFUSED)

    def close(self, place: int) -> None:
        """A pull request is merged or closed."""
        names = [name for name, count in self.open_prs.items() if count]
        if names:
            del self.open_prs[names[place % len(names)]]

    def _holds(self, claim: Claim) -> bool:
        return claim.is_at_work or bool(self.open_prs.get(claim.intent_id))

    def _check(self, allowance: Allowance, new: Claim) -> None:
        for name in _names(allowance, new):
            mine = [claim for claim in self.claims.values() if name in _names(allowance, claim) and claim.has_session]
            amounts = [(claim.claimed_at, self._amount(allowance.unit, claim)) for claim in mine]
            if allowance.window is None:
                assert sum(amount for _, amount in amounts) <= allowance.limit
                continue
            length = allowance.window.length
            for end in {at for at, _ in amounts if new.claimed_at <= at < new.claimed_at + length}:
                assert sum(amount for at, amount in amounts if end - length < at <= end) <= allowance.limit

    def _amount(self, unit: Unit, claim: Claim) -> float:
        if unit is SESSIONS:
            return 1
        if unit is OPEN:
            return max(int(claim.is_at_work), self.open_prs.get(claim.intent_id, 0))
        return claim.max_acu or 0 if claim.is_at_work or not claim.acu_used else claim.acu_used


def _names(allowance: Allowance, claim: Claim) -> set[str]:
    names = {
        FLEET: {""},
        TAG: set(TAGS[claim.repository]),
        REPOSITORY: {claim.repository},
        FAMILY: {claim.family},
        AGENT: {claim.agent},
    }[allowance.kind]
    return names & {allowance.name} if allowance.name else names


PLACES = st.integers(0, 30)


class AnyOrder(RuleBasedStateMachine):
    """The world in any order of events that Hypothesis finds."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @rule(
        repository=st.sampled_from(REPOSITORIES),
        family=st.sampled_from(FAMILIES),
        agent=st.sampled_from(AGENTS),
        acu=st.integers(0, 8),
    )
    def ask(self, repository: str, family: str, agent: str, *, acu: int) -> None:
        self.world.ask(repository, family, agent, acu=acu)

    @rule(seconds=st.sampled_from([0, 1, 60, 899, 900, 901, 3600, 86_400, 2_592_000]))
    def wait(self, seconds: int) -> None:
        self.world.wait(seconds)

    @rule(place=PLACES, share=st.integers(0, 4), pulls=st.integers(0, 1))
    def settle(self, place: int, share: int, pulls: int) -> None:
        self.world.settle(place, share, pulls)

    @rule(place=PLACES)
    def refuse(self, place: int) -> None:
        self.world.refuse(place)

    @rule(place=PLACES)
    def close(self, place: int) -> None:
        self.world.close(place)

    @rule(seconds_behind=st.sampled_from([0, 0, 1, 300]))
    def crash(self, seconds_behind: int) -> None:
        self.world.crash(seconds_behind)


AnyOrder.TestCase.settings = settings(stateful_step_count=60)
test_allowances__in_any_order = AnyOrder.TestCase


def test_allowances__over_many_steps() -> None:
    """20,000 every day, a million at night (STEPS)."""
    chance, world = random.Random(20_261_121), World()  # noqa: S311 - no secret
    for _ in range(STEPS):
        dice = chance.random()
        if dice < 0.5:
            repository, family, agent = map(chance.choice, (REPOSITORIES, FAMILIES, AGENTS))
            world.ask(repository, family, agent, acu=chance.randint(0, 8))
        elif dice < 0.7:
            world.wait(int(chance.expovariate(1 / 1800)))
        elif dice < 0.8:
            world.settle(chance.randrange(99), chance.randint(0, 4), chance.randint(0, 1))
        elif dice < 0.9:
            world.close(chance.randrange(99))
        elif dice < 0.91:
            world.refuse(chance.randrange(99))
        elif dice < 0.93:
            world.crash(chance.choice((0, 0, 0, 120)))

    assert world.count > STEPS // 100  # something was claimed
    assert set(world.refused) == set(ALLOWANCES)  # and each of them was in the way at times
