"""Sends sessions back to their pull requests: what reviewers and checks said goes to a session once, as one message.

A claim on the ledger comes before each message. Whoever finds a claim that lapsed looks into the session for the
message before sending it again, so nobody hears the same thing twice, whoever was killed when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.claiming import Claimed
from codeql_fixer.app.hand_over import NoSuccessor, Successor, Successors
from codeql_fixer.app.planner import Planner
from codeql_fixer.app.start import Results
from codeql_fixer.app.watch_pulls import Sighting
from codeql_fixer.domain.claim import Claim
from codeql_fixer.domain.cycle import Decision, DecisionAction
from codeql_fixer.domain.feedback import Feedback, StillSeen
from codeql_fixer.domain.follow_up import FollowUpStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.errors import (
    AgentDeniedError,
    BudgetStopError,
    CodeqlFixerError,
    LedgerNotWrittenError,
    SessionNotFoundError,
    SessionRefusedError,
)
from codeql_fixer.policy.claims import LEASE
from codeql_fixer.policy.follow_up import (
    Ask,
    Rest,
    Tell,
    can_wait,
    check_key,
    events_of,
    marker_of,
    next_step,
    review_key,
    verdict_key,
)
from codeql_fixer.policy.pull_request_state import failures
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Conflict, Ledger
from codeql_fixer.ports.prompt_renderer import FeedbackWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.domain.follow_up import FollowUpOutcome
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.session import SessionRequest

_TRIES = 20
_MOST = 100  # in one cycle; the next one goes on
_AT_ONCE = 10  # between two records of what became of messages
_ENDED = frozenset({SessionState.FINISHED, SessionState.FAILED, SessionState.STOPPED})
_MARGIN = timedelta(minutes=3)  # what looking for a message and sending it takes at most


class Answered(Struct, kw_only=True):
    """What came of it: sessions that were told, pull requests for people, sessions that go on, and what went wrong."""

    told: int = 0
    asked: int = 0
    claimed: list[Claimed] = []
    results: Results = field(default_factory=Results)
    problems: list[str] = []


class Responder(Struct, frozen=True, kw_only=True):
    """Answers what is said at our pull requests.

    Args:
        ledger: where claims and outcomes are.
        index: knows what was answered.
        agents: by name.
        planner: what the operator wants.
        successors: claims sessions that go on where the old one is gone.
        writer: puts it into words.
        author: of the records.
        tell: hears, for people, what cannot be answered here.
    """

    ledger: Ledger
    index: Index
    agents: Mapping[str, Agent]
    planner: Planner
    successors: Successors
    writer: FeedbackWriter
    author: Author
    tell: Callable[[str], None]

    def respond(
        self, sightings: Sequence[Sighting], answered: Answered, *, is_over: Callable[[], bool] = lambda: False
    ) -> None:
        """Answer what is new.

        Args:
            sightings: our open pull requests, with all that was said at them.
            answered: filled on the way, so that what was done is known when something fails.
            is_over: True when nothing more is to be done now.

        Raises:
            LedgerNotWrittenError: nobody was told anything that is not claimed on record.
        """
        jobs = self._claimed(sightings, answered) if sightings else []
        prompts: dict[str, SessionRequest] = {}
        while jobs and not is_over():
            now, jobs = jobs[:_AT_ONCE], jobs[_AT_ONCE:]
            outcomes = [self._act(job, answered, prompts) for job in now]
            self.ledger.append([outcome for outcome in outcomes if outcome is not None])
        self.successors.start(answered.claimed, prompts, answered.results)

    def _claimed(self, sightings: Sequence[Sighting], answered: Answered) -> list[_Job]:
        """Decide on one state of the ledger, and record the claims on exactly that state."""
        for _ in range(_TRIES):
            self.ledger.append([])
            catch_up(self.ledger, self.index)
            tip = self.index.position().tip
            jobs = self._jobs(sightings)[:_MOST]
            asked = [job for job in jobs if isinstance(job.step, Ask)]
            records: list[AnyRecord] = [self._record(job) for job in jobs]
            until = self.author.clock() + LEASE
            if asked:
                records.append(self.author.cycle("follow-up", tip=tip, decisions=map(_asking, asked)))
            if not records or not isinstance(self.ledger.append(records, expected_tip=tip), Conflict):
                answered.asked = len(asked)
                return [replace(job, until=until) for job in jobs if isinstance(job.step, Tell)]
        raise LedgerNotWrittenError("others wrote to the ledger each time before a follow-up could be claimed")

    def _record(self, job: _Job) -> AnyRecord:
        if isinstance(job.step, Tell):
            return self.author.follow_up(job.claim, job.place, job.step)
        return self._ended(job, FollowUpStatus.ASKED, job.step.reason)

    def _ended(self, job: _Job, status: FollowUpStatus, reason: str = "") -> FollowUpOutcome:
        return self.author.follow_up_outcome(job.claim, job.place, job.step, status=status, reason=reason)

    def _jobs(self, sightings: Iterable[Sighting]) -> list[_Job]:
        """What there is to do, at the state of the ledger that the index reflects."""
        now = self.author.clock()
        if self.planner.registry.paused or self.ledger.pause() is not None:
            return []
        linked, pauses = self.index.linked_claims(), self.index.pauses()
        rounds, still_seen = self.index.rounds(), self.index.still_seen()
        claims = {claim.intent_id: claim for claim in self.index.claims(now) if claim.session_id}
        jobs = []
        for sighting in sightings:
            place = (sighting.pull.repository.lower(), sighting.pull.number)
            mine = [claims[name] for name in linked.get(place, ()) if name in claims]
            entry = self.planner.registry.entry(place[0])
            if not mine or not entry.auto_dispatch or place[0] in pauses or not self.planner.means(place[0]):
                continue
            claim = max(mine, key=lambda one: (one.claimed_at, one.intent_id))
            seen = still_seen.get(place, ())
            step = next_step(
                events_of(
                    sighting.reviews,
                    sighting.checks,
                    seen,
                    head_commit=sighting.pull.head_commit,
                    can_wait=can_wait(sighting.pull.updated_at, now),
                ),
                rounds.get(place, ()),
                pull_request=place,
                most_rounds=entry.max_follow_ups,
                now=now,
            )
            if isinstance(step, Tell):
                step = self._possible(claim, step)
            if not isinstance(step, Rest):
                jobs.append(_Job(sighting, claim, step, seen, entry.max_follow_ups))
        return jobs

    def _possible(self, claim: Claim, step: Tell) -> Tell | Ask | Rest:
        """What can be done about it here: others may have an agent that is not set up on this machine."""
        agent = self.agents.get(claim.agent)
        if agent is None or claim.account not in {"", agent.account}:
            self.tell(f"warning: session {claim.session_id} of {claim.agent} is to be told something, and is not ours")
            return Rest()
        if not agent.capabilities.takes_messages:
            if not self._heir_of(claim):
                reason = f"{claim.agent} takes no messages: a person has to answer its reviewers"
                return Ask(round_id=step.round_id, round=step.round, attempt=step.attempt, reason=reason)
            if claim.is_at_work:
                return Rest()  # two would push to the same branch
        return step

    def _heir_of(self, claim: Claim) -> str:
        """Who goes on where nobody reads messages: the same agent if it can, else the first that can; "" for nobody."""
        offered = self.planner.registry.entry(claim.repository).routing.offered()
        names = sorted((name for name in self.agents if name in offered), key=lambda name: name != claim.agent)
        return next((name for name in names if self.agents[name].capabilities.goes_on), "")

    def _act(self, job: _Job, answered: Answered, prompts: dict[str, SessionRequest]) -> FollowUpOutcome | None:
        """Tell the session; None where nobody can say whether it heard, or another record says what became of it."""
        assert isinstance(job.step, Tell)  # noqa: S101 - chosen so
        if job.until is None or self.author.clock() + _MARGIN >= job.until:
            return None  # somebody else may act on it by then
        if not self.agents[job.claim.agent].capabilities.takes_messages:
            why, heir = f"{job.claim.agent} takes no messages", self._heir_of(job.claim)
            wanted = self._successor(job, job.step, why, agent=heir)
            return self._handed_over(job, self.successors.claim(wanted, prompts), answered, why=why)
        try:
            return self._sent(job, job.step, answered)
        except (SessionNotFoundError, SessionRefusedError, AgentDeniedError) as error:
            if _is_gone(self.agents[job.claim.agent], job.claim.session_id, error):
                wanted = self._successor(job, job.step, str(error), agent=job.claim.agent)
                claimed = self.successors.claim(wanted, prompts)
                return self._handed_over(job, claimed, answered, why="its session is gone")
            answered.problems.append(f"{job.name}: {error}")
            return self._ended(job, FollowUpStatus.FAILED, str(error))
        except CodeqlFixerError as error:
            # The message may have arrived all the same: whoever comes after this claim looks for it.
            answered.problems.append(f"{job.name}: {error}")
            return None

    def _sent(self, job: _Job, step: Tell, answered: Answered) -> FollowUpOutcome:
        agent, session_id = self.agents[job.claim.agent], job.claim.session_id
        if step.attempt > 1 and _has_heard(agent, session_id, marker_of(step.round_id)):
            return self._ended(job, FollowUpStatus.FOUND)
        agent.send(session_id, self.writer.message(job.feedback(step)))
        answered.told += 1
        return self._ended(job, FollowUpStatus.SENT)

    def _successor(self, job: _Job, step: Tell, why: str, *, agent: str) -> Successor:
        """The session that is to go on."""
        feedback = replace(job.feedback(step), is_for_new_session=True, fingerprints=job.claim.fingerprints)
        pull = job.sighting.pull
        return Successor(
            claim=job.claim,
            agent=agent,
            place=job.place,
            step=step,
            why=why,
            prompt=self.writer.message(feedback),
            head=pull.head,
            base=pull.base,
            url=pull.url,
        )

    def _handed_over(
        self, job: _Job, claimed: Claimed | NoSuccessor, answered: Answered, *, why: str
    ) -> FollowUpOutcome | None:
        """What became of that; a claim says so itself."""
        if not isinstance(claimed, NoSuccessor):
            answered.claimed.append(claimed)
            return None
        reason = f"{why}, and no other one goes on: {claimed.reason}"
        answered.problems.append(f"{job.name}: {reason}")
        answered.asked += claimed.is_final
        return self._ended(job, FollowUpStatus.ASKED if claimed.is_final else FollowUpStatus.FAILED, reason)


class _Job(Struct, frozen=True):
    """One pull request with something to answer, and the claim whose session is to do so."""

    sighting: Sighting
    claim: Claim
    step: Tell | Ask
    still_seen: tuple[StillSeen, ...]
    most_rounds: int
    until: datetime | None = None

    @property
    def place(self) -> tuple[str, int]:
        return self.sighting.pull.repository, self.sighting.pull.number

    @property
    def name(self) -> str:
        return f"pull request {self.sighting.pull.repository}#{self.sighting.pull.number}"

    def feedback(self, step: Tell) -> Feedback:
        """What the round answers, and nothing else."""
        pull, wanted = self.sighting.pull, step.events
        return Feedback(
            round_id=step.round_id,
            round=step.round,
            most_rounds=self.most_rounds,
            repository=pull.repository,
            number=pull.number,
            url=pull.url,
            head=pull.head,
            reviews=tuple(review for review in self.sighting.reviews if review_key(review) in wanted),
            checks=tuple(
                check for check in failures(self.sighting.checks) if check_key(pull.head_commit, check) in wanted
            ),
            still_seen=tuple(seen for seen in self.still_seen if verdict_key(seen) in wanted),
        )


def _has_heard(agent: Agent, session_id: str, marker: str) -> bool:
    """True when a message with the marker is in the session."""
    cursor = ""
    while True:
        page = agent.messages(session_id, cursor)
        if any(marker in message.text for message in page.messages if not message.is_agent):
            return True
        if not page.messages or page.cursor == cursor:
            return False
        cursor = page.cursor


def _is_gone(agent: Agent, session_id: str, error: CodeqlFixerError) -> bool:
    """True when a session that took no message has surely ended: one that goes on is not to get a second beside it."""
    if isinstance(error, SessionNotFoundError):
        return True
    if isinstance(error, AgentDeniedError | BudgetStopError):
        return False
    try:
        return agent.get(session_id).state in _ENDED
    except SessionNotFoundError:
        return True
    except CodeqlFixerError:
        return False


def _asking(job: _Job) -> Decision:
    assert isinstance(job.step, Ask)  # noqa: S101 - chosen so
    return Decision(
        action=DecisionAction.ASK,
        reason=job.step.reason,
        target_repo=job.claim.repository,
        fingerprints=job.claim.fingerprints,
        intent_id=job.claim.intent_id,
    )
