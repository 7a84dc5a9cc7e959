"""Settles claims of which nobody wrote what became of them: their claimer was killed, or its answer was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.dispatch import DispatchOutcome, DispatchStatus
from codeql_fixer.domain.session import TAG_PREFIX
from codeql_fixer.errors import CodeqlFixerError
from codeql_fixer.policy.claims import is_hopeless, settles_at
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Conflict, Ledger

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.domain.claim import Claim

_TRIES = 20


class Settler(Struct, frozen=True, kw_only=True):
    """Looks up by its tag what became of a claim, and writes it down.

    Args:
        ledger: where claims and outcomes are.
        index: what knows which claims are open.
        agents: by name.
        author: of the records.
        tell: hears, for people, what cannot be settled yet.
    """

    ledger: Ledger
    index: Index
    agents: Mapping[str, Agent]
    author: Author
    tell: Callable[[str], None]

    def settle(self) -> list[DispatchOutcome]:
        """Settle all claims whose claimer will not act any more; returns what was written down.

        Where two do this at once, the one who is first on the ledger decides, and the other goes by what that one left.
        An agent is asked once about a claim, however often others write first: what it says stays true, since nobody
        acts on the claim any more, and the answers of a slow agent would come too late each time.

        Raises:
            LedgerNotWrittenError: nothing was written down.
        """
        looked_up: dict[str, DispatchOutcome | None] = {}
        for _ in range(_TRIES):
            self.ledger.append([])
            catch_up(self.ledger, self.index)
            tip, now = self.index.position().tip, self.author.clock()
            open_claims = [claim for claim in self.index.claims(now) if not claim.is_settled]
            due = [claim for claim in open_claims if now >= settles_at(claim)]
            for claim in due:
                if claim.intent_id not in looked_up:
                    looked_up[claim.intent_id] = self._look_up(claim, now)
            outcomes = [outcome for claim in due if (outcome := looked_up[claim.intent_id]) is not None]
            if not outcomes or not isinstance(self.ledger.append(outcomes, expected_tip=tip), Conflict):
                return outcomes
        return []  # others settle, or the next run does

    def _look_up(self, claim: Claim, now: datetime) -> DispatchOutcome | None:
        """What became of a claim; None while that cannot be told."""
        agent = self.agents.get(claim.agent)
        problem = f"there is no agent {claim.agent} here"
        if agent is not None and claim.account not in {"", agent.account}:
            problem = f"its session would be in another account of {claim.agent}"
        elif agent is not None:
            try:
                found = agent.find_by_tag(f"{TAG_PREFIX}{claim.intent_id}")
            except CodeqlFixerError as error:
                problem = str(error)
            else:
                return self._outcome(claim, [(session.id, session.url) for session in found])
        if is_hopeless(claim, now):
            reason = f"its agent could not be asked for a day: {problem}"
            return self.author.outcome(claim.intent_id, DispatchStatus.AMBIGUOUS, reason=reason)
        self.tell(f"claim {claim.intent_id} of {claim.repository} cannot be settled yet: {problem}")
        return None

    def _outcome(self, claim: Claim, sessions: list[tuple[str, str]]) -> DispatchOutcome:
        match sessions:
            case []:
                reason = "its claimer started no session in time"
                return self.author.outcome(claim.intent_id, DispatchStatus.RELEASED, reason=reason)
            case [session]:
                return self.author.outcome(claim.intent_id, DispatchStatus.ADOPTED, session=session)
            case _:
                ids = ", ".join(session_id for session_id, _ in sessions)
                reason = f"several sessions bear its tag: {ids}"
                return self.author.outcome(claim.intent_id, DispatchStatus.AMBIGUOUS, reason=reason)
