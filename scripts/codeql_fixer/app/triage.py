"""Asks an agent how much issues matter: a claim first, then one session, and what it answered on the ledger.

Its claim is settled, and its session looked at, counted and paid for like any other one; it fixes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.author import Author, outcome_on_record
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.facts import facts_of
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.planner import Planner
from codeql_fixer.domain.dispatch import DispatchOutcome, DispatchStatus
from codeql_fixer.domain.session import SessionRequest
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.triage import TRIAGE, Asked, Question, Triage, TriageStatus
from codeql_fixer.errors import (
    AgentDeniedError,
    AgentUnavailableError,
    BudgetStopError,
    CodeqlFixerError,
    PlaceTakenError,
    SessionRefusedError,
    SessionUnsettledError,
    UserError,
)
from codeql_fixer.policy.cooldown import failures_of
from codeql_fixer.policy.dispatching import Candidate, Limits, context_of
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.policy.readiness import DEFAULT_RULES
from codeql_fixer.policy.room import Room
from codeql_fixer.policy.sla import sla_of
from codeql_fixer.policy.triage import FEWEST_ISSUES, FRESH, end_of, end_without_session, given_up, is_due
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Conflict, Ledger
from codeql_fixer.ports.triage_writer import TriageWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.app.claiming import Work
    from codeql_fixer.app.planner import Plan
    from codeql_fixer.domain.triage import KnownTriage
    from codeql_fixer.policy.dispatching import CandidateIssue, Facts
    from codeql_fixer.policy.triage import TriageEnd

_TRIES = 20


class Triager(Struct, frozen=True, kw_only=True):
    """Has issues triaged; nobody makes one where that is not wanted.

    Args:
        ledger: where claims and answers go.
        index: what is known.
        agents: by name.
        planner: what the operator wants.
        limits: what is allowed.
        recorder: puts what was paid for on the ledger, or keeps it.
        writer: puts questions into words.
        author: of the records.
        tell: hears, for people, what came of it.
    """

    ledger: Ledger
    index: Index
    agents: Mapping[str, Agent]
    planner: Planner
    limits: Limits
    recorder: Recorder
    writer: TriageWriter
    author: Author
    tell: Callable[[str], None]

    def run(self, work: Work) -> None:
        """Take in what was answered, and ask again when that is due.

        Args:
            work: what could be fixed.

        Raises:
            LedgerNotWrittenError: nothing was asked that is not on record.
            UpstreamError: the ledger cannot be read.
        """
        self._collect()
        self._ask(work)

    def _collect(self) -> None:
        """Record the end of open triages; where two do this at once, the first one on the ledger is right."""
        self.ledger.append([])
        catch_up(self.ledger, self.index)
        for known in self.index.triages(self.author.clock()):
            end = None if known.status else self._end(known)
            if end is None:
                continue
            try:
                self.recorder.record([self.author.triage_outcome(known.id, end)])
            except PlaceTakenError:
                continue
            self.tell(f"triage {known.id} is {end.status}: {counted(len(end.scores), 'score')} {end.reason}".rstrip())

    def _end(self, known: KnownTriage) -> TriageEnd | None:
        end = end_without_session(known)
        if end is not None or not known.session_id:
            return end
        age, agent = self.author.clock() - known.claimed_at, self.agents.get(known.agent)
        problem = f"its session is in another account of {known.agent}, or that is not set up here"
        if agent is not None and known.account in {"", agent.account}:
            try:
                end = end_of(agent.get(known.session_id), self.index.asked_in_triage(known.id), age=age)
                if end is not None and end.status is TriageStatus.LATE:
                    agent.stop(known.session_id)
            except CodeqlFixerError as error:
                problem = str(error)
            else:
                return end
        self.tell(f"warning: triage {known.id} cannot be looked at: {problem}")
        return given_up(problem, age)

    def _ask(self, work: Work) -> None:
        triage = self.planner.registry.triage
        agent = self._agent()
        if agent is None:
            return
        for _ in range(_TRIES):
            self.ledger.append([])
            catch_up(self.ledger, self.index)
            tip, now = self.index.position().tip, self.author.clock()
            facts = facts_of(self.index, self.limits, now, note=self.ledger.pause())
            if not is_due(self.index.triages(now - triage.every), now, triage.every) or not self._has_room(
                facts, agent
            ):
                return
            questions = [*islice(self._questions(work, facts), triage.most_issues)]
            if len(questions) < FEWEST_ISSUES:
                return
            asked = [_asked(question, score) for question, score in questions]
            claim = self.author.triage(asked, agent=agent.name, account=agent.account, max_acu=triage.max_acu)
            prompt = self.writer.prompt([question for question, _ in questions])
            if not isinstance(self.ledger.append([claim], expected_tip=tip), Conflict):
                self._start(claim, agent, prompt)
                return

    def _agent(self) -> Agent | None:
        """Who is asked."""
        wanted = self.planner.registry.triage.agent
        able = [agent for name, agent in sorted(self.agents.items()) if agent.capabilities.takes_triage]
        found = next((agent for agent in able if wanted in {"", agent.name}), None)
        if found is None:
            who = f"{wanted} is not set up here, or cannot" if wanted else "no agent that is set up here can"
            self.tell(f"warning: no triage: {who} say how much issues matter")
        return found

    def _has_room(self, facts: Facts, agent: Agent) -> bool:
        """Whether limits and budgets leave a session; they are those of everybody else."""
        room, max_acu = Room(facts, self.limits), self.planner.registry.triage.max_acu
        session = Candidate(key="", repository="", family=TRIAGE, tier=SeverityTier.NONE, issues=())
        full = room.for_any() or room.for_session(session, agent.name, max_acu)
        if full is not None and not facts.paused:
            self.tell(f"no triage: {full.reason}")
        return full is None and not facts.paused

    def _questions(self, work: Work, facts: Facts) -> Iterator[tuple[Question, float]]:
        """What is ready and was not triaged lately, the most important first, with what the formula makes of it.

        Answers go by the fingerprint: of two repositories with the same one only the first is asked about.
        """
        standings, plan = self.planner.line_up(), self.planner.plan(facts, self.limits)
        seen = {one.fingerprint for one in self.index.triaged_issues(facts.now - FRESH)}
        for candidate in work.candidates(facts, self.limits):
            context = context_of(candidate.repository, candidate.family, facts, limits=self.limits)
            for issue in candidate.issues:
                if issue.fingerprint in seen or issue.tracked is None or DEFAULT_RULES(issue, context) is not None:
                    continue
                seen.add(issue.fingerprint)
                total = plan.formula(standings[candidate.repository], issue.tracked).total
                yield _question(issue, candidate.repository, total=total, plan=plan), total

    def _start(self, claim: Triage, agent: Agent, prompt: str) -> None:
        """Start its session; where nobody can tell whether there is one, whoever settles claims finds out."""
        if self.author.clock() >= claim.act_before:
            return
        outcome = self._started(claim, agent, prompt)
        if outcome is None:
            return
        try:
            self.recorder.record([outcome])
        except PlaceTakenError:
            theirs = outcome_on_record(self.ledger, outcome)
            if outcome.session_id and theirs.session_id != outcome.session_id:
                agent.stop(outcome.session_id)  # one too many
            return
        self.tell(
            f"triage {claim.id} of {counted(len(claim.issues), 'issue')} -> {agent.name}: {outcome.status} "
            f"{outcome.session_url or outcome.reason}".rstrip()
        )

    def _started(self, claim: Triage, agent: Agent, prompt: str) -> DispatchOutcome | None:
        request = SessionRequest(
            intent_id=claim.id,
            target_repo="",
            title=f"Triage of {counted(len(claim.issues), 'issue')}",
            prompt=prompt,
            family=TRIAGE,
            targets=(),
            tags=("codeql-fixer", TRIAGE),
            max_acu=claim.max_acu,
            is_triage=True,
        )
        try:
            created = agent.create(request)
        except SessionUnsettledError:
            return None
        except (AgentDeniedError, BudgetStopError, SessionRefusedError, AgentUnavailableError, UserError) as error:
            return self.author.outcome(claim.id, DispatchStatus.REFUSED, reason=str(error))
        status = DispatchStatus.ADOPTED if created.was_there else DispatchStatus.CREATED
        return self.author.outcome(claim.id, status, session=(created.session_id, created.url))


def _asked(question: Question, score: float) -> Asked:
    return Asked(target_repo=question.repository, fingerprint=question.fingerprint, score=score)


def _question(issue: CandidateIssue, repository: str, *, total: float, plan: Plan) -> Question:
    tracked = issue.tracked
    assert tracked is not None  # noqa: S101 - chosen so
    limit = next((one for one in plan.stand.limits if one.tier is tracked.tier), None)
    return Question(
        repository=repository,
        fingerprint=issue.fingerprint,
        rule_id=tracked.rule_id,
        severity=tracked.tier.value,
        family=tracked.family,
        file=tracked.file,
        start_line=tracked.start_line,
        message=tracked.message,
        deadline=f"deadline {sla_of(tracked.tier, tracked.opened_at, None, limit=limit).value.replace('_', ' ')}",
        appearances=tracked.appearances,
        failures=len(failures_of(tracked, issue.attempts)),
        points=round(100 * total),
    )
