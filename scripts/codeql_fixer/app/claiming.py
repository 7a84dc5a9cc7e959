"""Claims issues for sessions: decides on one state of the ledger, and records the claims on exactly that state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.facts import facts_of
from codeql_fixer.domain.cycle import Decision, DecisionAction, DecisionInputs
from codeql_fixer.domain.dispatch import DispatchIntent
from codeql_fixer.domain.learning import Versions
from codeql_fixer.errors import LedgerNotWrittenError
from codeql_fixer.policy.dispatching import Dispatch, decide
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.index import Index, Position
from codeql_fixer.ports.ledger import Conflict, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.route import NoRoute, Route
    from codeql_fixer.domain.session import SessionRequest
    from codeql_fixer.policy.dispatching import Candidate, Facts, Held, Limits

_MOST_REASON = 2000
_SECONDS_OF_CONFLICTS = 300.0
_MOST_FOLDS = 10


class Work(Protocol):
    """What could be fixed, and how an agent is told about it."""

    def candidates(self, facts: Facts, limits: Limits) -> Iterable[Candidate]:
        """All that could get a session, most important first, with what the index knows at this moment."""
        ...

    def route(self, candidate: Candidate, number: int) -> Route | NoRoute:
        """Which agent gets a candidate, `number` claims after the first one on record."""
        ...

    def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
        """What the session of a claim is asked to do."""
        ...


class Claimed(Struct, frozen=True):
    """A decision and the claim for it, which is on the ledger."""

    dispatch: Dispatch
    intent: DispatchIntent


def _unknown(family: str) -> Versions:
    del family
    return Versions()


class Claimer(Struct, frozen=True, kw_only=True):
    """Makes claims.

    Args:
        ledger: where they go.
        index: what decisions rest on.
        agents: by name; a claim says in whose account its session will be.
        author: of the records.
        monotonic: seconds that never go back, to bound how often others may come first.
        inputs: what decisions rest on beside the ledger, for the record; None where nobody will ask. A record goes
            without them, too, while the inbox is never empty: then nobody could make its decisions again.
        versions_of: what agents are told by about a family, for the record.
    """

    ledger: Ledger
    index: Index
    agents: Mapping[str, Agent]
    author: Author
    monotonic: Callable[[], float]
    inputs: DecisionInputs | None = None
    versions_of: Callable[[str], Versions] = _unknown

    def claim(self, work: Work, limits: Limits) -> tuple[list[Claimed], list[Held]]:
        """Decide and record; when others wrote to the ledger meanwhile, decide again on what they wrote.

        Args:
            work: what could be fixed.
            limits: what is allowed.

        Raises:
            LedgerNotWrittenError: nothing was claimed.
        """
        until = self.monotonic() + _SECONDS_OF_CONFLICTS
        while self.monotonic() < until:
            position = self._caught_up()
            tip, facts = position.tip, self.facts(limits)
            dispatches, held = decide(work.candidates(facts, limits), facts, limits, route=work.route)
            claimed = [Claimed(dispatch, self._intent(dispatch)) for dispatch in dispatches]
            if not claimed:
                return [], held
            is_on_branch = not position.waiting  # else nobody could say later what was decided on
            inputs = (
                replace(self.inputs, decided_at=facts.now, note=facts.note) if self.inputs and is_on_branch else None
            )
            records: list[AnyRecord] = [
                *(item.intent for item in claimed),
                self.author.cycle("dispatch", tip=tip, decisions=decisions_of(claimed, held), inputs=inputs),
            ]
            if not isinstance(self.ledger.append(records, expected_tip=tip), Conflict):
                return claimed, held
        raise LedgerNotWrittenError("others wrote to the ledger each time before a claim could; nothing was claimed")

    def _caught_up(self) -> Position:
        """The state to decide on: all that is known stands on the branch, where a claim can rest on it.

        What came into the inbox after it was folded is known, too, and in no state that could be named: it is folded
        again, as often as a busy fleet may ask for.
        """
        position = Position()
        for _ in range(_MOST_FOLDS):
            self.ledger.append([])
            catch_up(self.ledger, self.index)
            position = self.index.position()
            if not position.waiting:
                break
        return position

    def facts(self, limits: Limits) -> Facts:
        """What a decision has to know."""
        return facts_of(self.index, limits, self.author.clock(), note=self.ledger.pause())

    def _intent(self, dispatch: Dispatch) -> DispatchIntent:
        agent = self.agents.get(dispatch.route.agent)
        versions = self.versions_of(dispatch.candidate.family)
        return self.author.intent(dispatch, agent.account if agent else "", versions)


def decisions_of(claimed: Sequence[Claimed], held: Sequence[Held]) -> list[Decision]:
    """Decisions as a record has them."""
    return [*map(_claimed_decision, claimed), *map(_held_decision, held)]


def _claimed_decision(item: Claimed) -> Decision:
    what = f"attempt {item.dispatch.attempt} by {item.intent.agent}: {item.intent.reason}"
    return replace(_decision(item.dispatch.candidate, DecisionAction.DISPATCH, what), intent_id=item.intent.id)


def _held_decision(item: Held) -> Decision:
    return replace(_decision(item.candidate, item.action, item.reason), not_before=item.until)


def _decision(candidate: Candidate, action: DecisionAction, reason: str) -> Decision:
    score = candidate.score
    return Decision(
        action=action,
        reason=reason[:_MOST_REASON],
        target_repo=candidate.repository,
        fingerprints=tuple(sorted({issue.fingerprint for issue in candidate.issues})),
        score=score.total if score else None,
        terms=score.terms() if score else {},
    )


def described(held: Sequence[Held]) -> list[str]:
    """What is held and why, for people: one line per reason."""
    by_reason: dict[str, int] = {}
    for item in held:
        by_reason[item.reason] = by_reason.get(item.reason, 0) + len(item.candidate.issues)
    return [f"{counted(count, 'issue')}: {reason}" for reason, count in by_reason.items()]
