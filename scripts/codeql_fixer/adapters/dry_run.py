"""Stand-ins that change nothing: a cycle that runs on them shows what it would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.ports.agent import Created
from codeql_fixer.ports.ledger import Landed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from codeql_fixer.domain.delivery import Delivery
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.pull_request import Check, CheckReport, Review
    from codeql_fixer.domain.session import Session, SessionRequest
    from codeql_fixer.ports.agent import Agent, MessagePage
    from codeql_fixer.ports.forge import PullRequest
    from codeql_fixer.ports.hosting import Analysis, HostedRepository, Hosting, Workflow, WorkflowRun
    from codeql_fixer.ports.ledger import Changes, Conflict, Damaged, Entry, Ledger
    from codeql_fixer.ports.pull_requests import PullRequests


class DryLedger:
    """A ledger that can be read; what is appended lands nowhere."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        """Nothing."""
        del records
        return Landed(expected_tip or "")

    def read_since(self, tip: str, *, waiting: Collection[str] = ()) -> Changes:
        """As the ledger has it."""
        return self._ledger.read_since(tip, waiting=waiting)

    def read_at(self, tip: str) -> Iterable[Entry]:
        """As the ledger has it."""
        return self._ledger.read_at(tip)

    def pause(self) -> str | None:
        """As the ledger has it."""
        return self._ledger.pause()

    def audit(self) -> Iterable[Damaged]:
        """As the ledger has it."""
        return self._ledger.audit()

    def compact(self, packs: Mapping[str, Sequence[AnyRecord]], *, expected_tip: str) -> Landed | Conflict:
        """Nothing."""
        del packs
        return Landed(expected_tip)

    def read_under(self, prefix: str) -> Iterable[Entry]:
        """As the ledger has it."""
        return self._ledger.read_under(prefix)


class DryChannel:
    """A channel over which nothing goes; what would is told here.

    Args:
        name: of the channel.
        tell: hears it.
    """

    def __init__(self, name: str, tell: Callable[[str], None]) -> None:
        self._name, self._tell = name, tell

    def tell(self, delivery: Delivery) -> str:
        """Nothing."""
        self._tell(f"would tell over {self._name}: {delivery.news.title}")
        return ""


class DryAgent:
    """An agent that is asked about its sessions only; what it is to start is told.

    Args:
        agent: the real one.
        tell: hears, for people, what would be started.
    """

    def __init__(self, agent: Agent, tell: Callable[[str], None]) -> None:
        self._agent, self._tell = agent, tell
        self.name, self.account, self.capabilities = agent.name, agent.account, agent.capabilities

    def create(self, request: SessionRequest) -> Created:
        """Nothing."""
        self._tell(f"would start with {self.name}: {request.title}")
        return Created(session_id=f"dry-{request.intent_id}", url="")

    def get(self, session_id: str) -> Session:
        """As the agent says."""
        return self._agent.get(session_id)

    def find_by_tag(self, tag: str) -> list[Session]:
        """As the agent says."""
        return self._agent.find_by_tag(tag)

    def states(self, session_ids: Collection[str]) -> Iterator[Session]:
        """As the agent says."""
        return self._agent.states(session_ids)

    def ours(self) -> Iterator[Session]:
        """As the agent says."""
        return self._agent.ours()

    def messages(self, session_id: str, cursor: str = "") -> MessagePage:
        """As the agent says."""
        return self._agent.messages(session_id, cursor)

    def send(self, session_id: str, text: str) -> None:
        """Nothing."""
        del text
        self._tell(f"would write to {session_id}")

    def stop(self, session_id: str) -> None:
        """Nothing."""
        self._tell(f"would stop {session_id}")


class DryHosting:
    """A host that is asked only; what it is to start is told.

    Args:
        hosting: the real one.
        tell: hears, for people, what would be started.
    """

    def __init__(self, hosting: Hosting, tell: Callable[[str], None]) -> None:
        self._hosting, self._tell = hosting, tell

    def repository(self, name: str) -> HostedRepository:
        """As the host says."""
        return self._hosting.repository(name)

    def repositories(self, owner: str) -> Iterator[HostedRepository]:
        """As the host says."""
        return self._hosting.repositories(owner)

    def commits_since(self, name: str, since: datetime, branch: str) -> int:
        """As the host says."""
        return self._hosting.commits_since(name, since, branch)

    def trigger(self, workflow: Workflow, inputs: Mapping[str, str]) -> str:
        """Nothing."""
        self._tell(f"would start {workflow.file} in {workflow.repository} for {inputs.get('target_repo', '')}")
        return ""

    def runs(self, workflow: Workflow, *, since: datetime) -> Iterator[WorkflowRun]:
        """As the host says."""
        return self._hosting.runs(workflow, since=since)

    def pull_requests(self, name: str, *, head_prefix: str, since: datetime) -> Iterator[PullRequest]:
        """As the host says."""
        return self._hosting.pull_requests(name, head_prefix=head_prefix, since=since)

    def pull_request(self, name: str, number: int) -> PullRequest:
        """As the host says."""
        return self._hosting.pull_request(name, number)

    def newest_analyses(self, name: str, ref: str) -> list[Analysis]:
        """As the host says."""
        return self._hosting.newest_analyses(name, ref)

    def sarif(self, name: str, analysis_id: int) -> bytes:
        """As the host says."""
        return self._hosting.sarif(name, analysis_id)


class DryPullRequests:
    """Pull requests that are read only; what would be written at them is told.

    Args:
        pulls: the real ones.
        tell: hears, for people, what would be done.
    """

    def __init__(self, pulls: PullRequests, tell: Callable[[str], None]) -> None:
        self._pulls, self._tell = pulls, tell

    def is_mergeable(self, repository: str, number: int) -> bool | None:
        """As the forge says."""
        return self._pulls.is_mergeable(repository, number)

    def reviews(self, repository: str, number: int) -> list[Review]:
        """As the forge says."""
        return self._pulls.reviews(repository, number)

    def checks(self, repository: str, commit: str) -> list[Check]:
        """As the forge says."""
        return self._pulls.checks(repository, commit)

    def diff(self, repository: str, number: int) -> str:
        """As the forge says."""
        return self._pulls.diff(repository, number)

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        """Nothing."""
        del marker, body
        self._tell(f"would comment on {repository}#{number}")
        return ""

    def label(self, repository: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        """Nothing."""
        del add, remove
        self._tell(f"would label {repository}#{number}")

    def close(self, repository: str, number: int) -> None:
        """Nothing."""
        self._tell(f"would close {repository}#{number}")

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        """Nothing."""
        del marker, body, labels
        self._tell(f"would open an issue in {repository}: {title}")
        return ""

    def report_check(self, repository: str, report: CheckReport) -> str:
        """Nothing."""
        self._tell(f"would report the check {report.name} in {repository}")
        return ""
