"""Hands a pull request over: its session is gone, and another one goes on with it, claimed and counted as any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.author import Author, address
from codeql_fixer.app.batch_work import fix_target
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.claiming import Claimed
from codeql_fixer.app.facts import facts_of
from codeql_fixer.app.family_work import candidate_issue
from codeql_fixer.app.indexed_issue import issue_of
from codeql_fixer.app.start import Results, Starter
from codeql_fixer.domain.claim import Claim
from codeql_fixer.domain.cycle import Decision, DecisionAction, PullRequestObservation, PullRequestState
from codeql_fixer.domain.follow_up import FollowUpStatus
from codeql_fixer.domain.route import Complexity, Route
from codeql_fixer.domain.session import SessionRequest
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.policy.budget import session_budget
from codeql_fixer.policy.dispatching import Candidate, Dispatch, Limits
from codeql_fixer.policy.follow_up import Tell
from codeql_fixer.policy.plain_text import counted, one_line
from codeql_fixer.policy.room import Room
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Conflict, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from codeql_fixer.domain.dispatch import DispatchIntent
    from codeql_fixer.domain.route import NoRoute
    from codeql_fixer.policy.dispatching import CandidateIssue, Facts

_TRIES = 20
_MOST_TAG, _MOST_REASON = 200, 300
_GONE = frozenset({Lifecycle.FIXED, Lifecycle.VERIFIED_FIXED, Lifecycle.DISMISSED})


class Successor(Struct, frozen=True, kw_only=True):
    """What is wanted: a session that goes on with the pull request of a claim.

    `agent` has it, `step` is the round that it begins with, `why` the old session cannot, `prompt` all that it has to
    know. `head` is the branch of the pull request, `base` the one that it goes to, `url` its page.
    """

    claim: Claim
    agent: str
    place: tuple[str, int]
    step: Tell
    why: str
    prompt: str
    head: str
    base: str
    url: str


class NoSuccessor(Struct, frozen=True):
    """There will be none; `is_final` when a person has to go on, else it may be tried again."""

    reason: str
    is_final: bool = False


class Successors(Struct, frozen=True, kw_only=True):
    """Claims and starts such sessions.

    Args:
        ledger: where claims go.
        index: what they rest on.
        agents: by name; a claim says in whose account its session will be.
        starter: starts sessions.
        limits: what is allowed.
        author: of the records.
    """

    ledger: Ledger
    index: Index
    agents: Mapping[str, Agent]
    starter: Starter
    limits: Limits
    author: Author

    def claim(self, wanted: Successor, prompts: dict[str, SessionRequest]) -> Claimed | NoSuccessor:
        """Claim one, and say on record that the round is handed over to it: both or neither.

        Args:
            wanted: the session.
            prompts: gets what it is asked to do, by its claim.

        Raises:
            LedgerNotWrittenError: nothing was claimed.
        """
        for _ in range(_TRIES):
            self.ledger.append([])
            catch_up(self.ledger, self.index)
            tip = self.index.position().tip
            facts = facts_of(self.index, self.limits, self.author.clock(), note=self.ledger.pause())
            dispatch = self._decided(wanted, facts)
            if isinstance(dispatch, NoSuccessor):
                return dispatch
            agent = self.agents[wanted.agent]
            intent = replace(self.author.intent(dispatch, agent.account), parent=wanted.claim.intent_id, complexity="")
            handed = self.author.follow_up_outcome(
                wanted.claim,
                wanted.place,
                wanted.step,
                status=FollowUpStatus.HANDED_OVER,
                reason=wanted.why,
                child=intent.id,
            )
            cycle = self.author.cycle(
                "follow-up",
                tip=tip,
                decisions=[_decision(intent)],
                pull_requests=[_goes_on(wanted, intent.id, self.author.clock())],
            )
            if not isinstance(self.ledger.append([intent, handed, cycle], expected_tip=tip), Conflict):
                prompts[intent.id] = _request(wanted, dispatch, intent, run_id=self.author.run_id)
                return Claimed(dispatch, intent)
        return NoSuccessor("others wrote to the ledger each time before it could be claimed")

    def start(self, claimed: Sequence[Claimed], prompts: Mapping[str, SessionRequest], results: Results) -> None:
        """Start what was claimed.

        Raises:
            LedgerNotWrittenError: all sessions were started; outcomes are kept, and can be found by their tags.
        """
        if claimed:
            self.starter.start(claimed, _Prepared(prompts), results)

    def _decided(self, wanted: Successor, facts: Facts) -> Dispatch | NoSuccessor:
        """The session, as far as limits leave room. Its pull request is open already, so that is no hindrance."""
        claim, room = wanted.claim, Room(facts, self.limits)
        issues = self._issues(claim, facts.now)
        if not issues:
            return NoSuccessor("no issue that it is for is open any more", is_final=True)
        had = max(sum(attempt.is_ours for attempt in issue.attempts) for issue in issues)
        most = self.limits.of(claim.repository).max_attempts
        if had >= most:
            return NoSuccessor(f"it had its {counted(most, 'session')}", is_final=True)
        pause = facts.paused or facts.pauses.get(claim.repository, "")
        if pause:
            return NoSuccessor(f"paused: {pause}")
        if _others_at_work(claim, facts):
            return NoSuccessor("another session is at work on its issues")
        tracked = next(issue.tracked for issue in issues if issue.tracked)
        candidate = Candidate(
            key=f"PR{wanted.place[1]}",
            repository=claim.repository,
            family=claim.family,
            tier=tracked.tier,
            issues=tuple(issues),
        )
        limit = claim.max_acu if wanted.agent == claim.agent else None  # another one counts in no such units
        max_acu = session_budget(limit, facts.acu_by_family.get(claim.family, ()))
        full = room.for_any() or room.for_session(candidate, wanted.agent, max_acu)
        if full:
            return NoSuccessor(full.reason)
        reason = f"goes on with pull request {wanted.place[1]}: {one_line(wanted.why, _MOST_REASON)}"
        route = Route(agent=wanted.agent, mode="", max_acu=max_acu, complexity=Complexity.SIMPLE, reason=reason)
        number = 1 + max(attempt.number for issue in issues for attempt in issue.attempts)
        return Dispatch(candidate=candidate, route=route, attempt=number, max_acu=max_acu)

    def _issues(self, claim: Claim, now: datetime) -> list[CandidateIssue]:
        """The issues of a claim that are still there, each once."""
        rows = {
            row.issue.fingerprint: row
            for name in claim.fingerprints
            for row in self.index.issues(name, claim.repository)
            if row.lifecycle not in _GONE and not (row.dismissed_until and row.dismissed_until > now)
        }
        return [candidate_issue(row, self.index) for row in rows.values()]


def _others_at_work(claim: Claim, facts: Facts) -> bool:
    """True when another claim for one of its issues is open; the claim itself may look so, since nobody asked since."""
    return any(
        other.is_at_work
        and other.intent_id != claim.intent_id
        and other.repository == claim.repository
        and not set(other.fingerprints).isdisjoint(claim.fingerprints)
        for other in facts.claims
    )


class _Prepared:
    """Work whose words are ready."""

    def __init__(self, prompts: Mapping[str, SessionRequest]) -> None:
        self._prompts = prompts

    def candidates(self, facts: Facts, limits: Limits) -> Iterable[Candidate]:
        """None: what goes on was chosen already."""
        del facts, limits
        return ()

    def route(self, candidate: Candidate, number: int) -> Route | NoRoute:
        """Never asked."""
        raise NotImplementedError

    def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
        """What the session of a claim is asked to do."""
        del dispatch
        return self._prompts[intent.id]


def _request(wanted: Successor, dispatch: Dispatch, intent: DispatchIntent, *, run_id: str) -> SessionRequest:
    repository, number = wanted.place
    family = dispatch.candidate.family
    tags = ("codeql-fixer", f"family:{family}", f"repo:{repository}", f"run:{run_id}", f"pull-request:{number}")
    tracked = [issue.tracked for issue in dispatch.candidate.issues if issue.tracked]
    return SessionRequest(
        intent_id=intent.id,
        target_repo=intent.target_repo,
        title=f"Go on with pull request {number} of {repository}",
        prompt=wanted.prompt,
        family=family,
        targets=tuple(fix_target(issue_of(issue)) for issue in tracked),
        tags=tuple(one_line(tag, _MOST_TAG) for tag in tags),
        base_branch=wanted.base,
        head_branch=wanted.head,
        max_acu=intent.max_acu,
    )


def _decision(intent: DispatchIntent) -> Decision:
    return Decision(
        action=DecisionAction.DISPATCH,
        reason=f"attempt {intent.attempt} by {intent.agent}: {intent.reason}",
        target_repo=intent.target_repo,
        fingerprints=intent.fingerprints,
        intent_id=intent.id,
    )


def _goes_on(wanted: Successor, intent_id: str, now: datetime) -> PullRequestObservation:
    """The pull request belongs to the new claim, too: what becomes of it is the outcome of both."""
    return PullRequestObservation(
        target_repo=wanted.place[0],
        number=wanted.place[1],
        state=PullRequestState.OPEN,
        observed_at=now,
        url=address(wanted.url),
        intent_id=intent_id,
    )
