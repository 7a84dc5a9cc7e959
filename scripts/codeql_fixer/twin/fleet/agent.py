"""Plays an agent: sessions that take a while, cost something, and fix some of their findings or none."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.session import (
    PullRequestLink,
    ReportStatus,
    Session,
    SessionMessage,
    SessionReport,
    SessionRequest,
    SessionState,
)
from codeql_fixer.errors import (
    AgentUnavailableError,
    SessionNotFoundError,
    SessionRefusedError,
    SessionUnsettledError,
)
from codeql_fixer.ports.agent import Capabilities, Created, MessagePage
from codeql_fixer.twin.fleet.luck import hours_about
from codeql_fixer.twin.fleet.start import cost_factor

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from codeql_fixer.twin.fleet.forge import FleetHost
    from codeql_fixer.twin.fleet.world import World

_ACU_SPREAD = 0.4


class Job(Struct, kw_only=True):
    """A session: what it is for, and how it ends. `url` is that of its pull request, "" while there is none."""

    id: str
    request: SessionRequest
    begins_at: datetime
    ends_at: datetime
    end: SessionState
    acu: float
    fixes: frozenset[str]
    url: str = ""
    is_over: bool = False

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """The repository in lower case and the findings that it is for."""
        return self.request.target_repo.lower(), frozenset(target.fingerprint for target in self.request.targets)


class FleetAgent:
    """An agent of a world. How a session ends hangs on its findings and attempt, not on when or by whom it is started.

    Args:
        name: as the registry calls it.
        world: the time and the assumptions.
        host: where it proposes changes.
        is_paid: one that is not costs nothing.
    """

    account = "twin"

    def __init__(self, name: str, world: World, host: FleetHost, *, is_paid: bool = True) -> None:
        self.name, self._world, self._host = name, world, host
        self.capabilities = Capabilities(
            is_paid=is_paid, tells_cost=is_paid, takes_messages=False, takes_attachments=False
        )
        self.jobs: dict[str, Job] = {}
        self._by_tag: dict[str, list[Job]] = {}
        self._tried: Counter[tuple[str, str]] = Counter()

    def create(self, request: SessionRequest) -> Created:
        """Start a session."""
        self._answer()
        job = self._job(request)
        self.jobs[job.id] = job
        for tag in (request.tag, *request.tags):
            self._by_tag.setdefault(tag, []).append(job)
        self._world.at(job.ends_at, lambda: self._end(job))
        lost = self._world.luck.chance("answer", request.intent_id)
        if lost < self._world.assumptions.lost_answers:
            raise SessionUnsettledError("the answer got lost")
        return Created(session_id=job.id, url="")

    def get(self, session_id: str) -> Session:
        """One session."""
        self._answer()
        if session_id not in self.jobs:
            raise SessionNotFoundError(f"{session_id}: there is no such session")
        return self._session(self.jobs[session_id])

    def find_by_tag(self, tag: str) -> list[Session]:
        """All sessions with a tag."""
        self._answer()
        return [self._session(job) for job in self._by_tag.get(tag, ())]

    def states(self, session_ids: Collection[str]) -> Iterator[Session]:
        """Those of the sessions that exist."""
        self._answer()
        return iter([self._session(self.jobs[name]) for name in dict.fromkeys(session_ids) if name in self.jobs])

    def ours(self) -> Iterator[Session]:
        """All of them."""
        self._answer()
        return iter([self._session(job) for job in reversed(self.jobs.values())])

    def messages(self, session_id: str, cursor: str = "") -> MessagePage:
        """What it was asked, and one word when it is over."""
        self.get(session_id)
        job = self.jobs[session_id]
        written = [SessionMessage(id="1", is_agent=False, text=job.request.prompt, at=job.begins_at)]
        if job.is_over:
            written.append(SessionMessage(id="2", is_agent=True, text=job.end.value, at=job.ends_at))
        return MessagePage(tuple(written[int(cursor or 0) :]), str(len(written)))

    def send(self, session_id: str, text: str) -> None:
        """Nobody reads it."""
        del text
        self.get(session_id)
        raise SessionRefusedError(f"{session_id}: reads no messages")

    def stop(self, session_id: str) -> None:
        """End a session."""
        self.get(session_id)
        job, now = self.jobs[session_id], self._world.now
        if not job.is_over:
            job.acu *= (now - job.begins_at) / (job.ends_at - job.begins_at)
            job.end, job.ends_at, job.is_over = SessionState.STOPPED, now, True

    def _job(self, request: SessionRequest) -> Job:
        world, assumptions = self._world, self._world.assumptions
        stream = world.luck.stream("session", request.intent_id)
        factor = cost_factor(len(request.targets))
        takes = factor * hours_about(stream, assumptions.session_hours, assumptions.session_spread)
        acu = 0.0
        if self.capabilities.is_paid:
            median = assumptions.family(request.family).acu
            acu = round(factor * median * stream.lognormvariate(0.0, _ACU_SPREAD), 2)
        end = SessionState.FAILED if stream.random() < assumptions.session_failures else SessionState.FINISHED
        if request.max_acu is not None and acu > request.max_acu:
            takes *= request.max_acu / acu
            end, acu = SessionState.BUDGET_STOP, float(request.max_acu)
        return Job(
            id=f"{self.name}-{request.intent_id}-{len(self._by_tag.get(request.tag, ())) + 1}",
            request=request,
            begins_at=world.now,
            ends_at=world.now + max(takes, timedelta(minutes=1)),
            end=end,
            acu=acu,
            fixes=frozenset(self._fixed(request)),
        )

    def _fixed(self, request: SessionRequest) -> Iterator[str]:
        """The findings that its change removes, if that is merged."""
        world = self._world
        for target in request.targets:
            issue = request.target_repo.lower(), target.fingerprint
            self._tried[issue] += 1
            luck = world.luck.chance("fix", *issue, self._tried[issue])
            if luck < world.assumptions.family(target.family).fix_probability:
                yield target.fingerprint

    def _end(self, job: Job) -> None:
        if job.is_over:
            return
        job.is_over = True
        if job.end is SessionState.FINISHED:
            job.url = self._host.propose(job.request.target_repo, job.request.intent_id, job.fixes)

    def _session(self, job: Job) -> Session:
        state = job.end if job.is_over else SessionState.WORKING
        return Session(
            id=job.id,
            agent=self.name,
            state=state,
            raw_state=state.value,
            title=job.request.title,
            tags=(job.request.tag, *job.request.tags),
            created_at=job.begins_at,
            updated_at=job.ends_at if job.is_over else self._world.now,
            acu_used=job.acu if job.is_over and self.capabilities.tells_cost else None,
            report=SessionReport(status=ReportStatus.COMPLETED, pull_request_url=job.url) if job.url else None,
            pull_requests=(PullRequestLink(job.url, "open"),) if job.url else (),
        )

    def _answer(self) -> None:
        if self._world.is_out("agent"):
            raise AgentUnavailableError("the agent does not answer")
