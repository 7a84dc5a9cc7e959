"""The batches of a scan as work for agents: what the index knows of their issues, who gets them, what they are told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.brief import BriefWriter
from codeql_fixer.app.indexed_issue import by_any_name
from codeql_fixer.app.recall import recalled
from codeql_fixer.domain.batch import Batch
from codeql_fixer.domain.brief import EarlierAttempt
from codeql_fixer.domain.learning import Sharing
from codeql_fixer.domain.route import AgentKind, Routing
from codeql_fixer.domain.session import Attachment, FixTarget, SessionRequest
from codeql_fixer.policy import routing as routes
from codeql_fixer.policy.cooldown import failed_attempts, has_failed_after_merge
from codeql_fixer.policy.dispatching import Candidate, CandidateIssue
from codeql_fixer.policy.plain_text import counted, one_line
from codeql_fixer.policy.tracking import attempts_at
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.prompt_renderer import PromptRenderer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.dispatch import DispatchIntent
    from codeql_fixer.domain.fix_example import KnownExample
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.domain.route import NoRoute, Route
    from codeql_fixer.domain.tracked import Attempt
    from codeql_fixer.policy.dispatching import Dispatch, Facts, Limits
    from codeql_fixer.ports.index import IssueRow

_MOST_TAG = 200  # no limit is published; the longest name of a repository has 140
_MOST_MESSAGE = 300
_MOST_TOLD = 3
_MOST_DETAIL = 1500


class Target(Struct, frozen=True, kw_only=True):
    """The repository and what the registry says about it; `sharing` is whose proved fixes its sessions are shown."""

    repository: str
    base_branch: str
    run_id: str
    labels: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    sharing: Sharing = Sharing.OFF


class Routers(Struct, frozen=True, kw_only=True):
    """Who can be asked: routing rules, the agents that are there, and which rules have a codemod.

    `imagined` are names of agents that a plan takes to be there as well.
    """

    routing: Routing
    agents: Mapping[str, Agent]
    has_codemod: Callable[[str], bool]
    imagined: frozenset[str] = frozenset()

    def available(self) -> Collection[str]:
        """Names of the agents that are set up here."""
        return self.agents.keys() | self.imagined

    def is_for_codemods(self, rule_id: str) -> bool:
        """True where a deterministic fixer may work that has a codemod for a rule: nobody is to be paid for that."""
        return self.has_codemod(rule_id) and any(
            profile.kind is AgentKind.CODEMODDER and name in self.available()
            for name, profile in self.routing.offered().items()
        )


class BatchWork(Struct, frozen=True, kw_only=True):
    """Work made of batches.

    Args:
        batches: most severe first.
        target: the repository.
        routers: who can be asked.
        index: what is known of the issues; the scan itself is in it already.
        briefs: gathers what an agent has to know.
        renderer: puts that into words.
        excerpt: the scan results of a batch as a SARIF file.
        playbook_of: names the playbook of a family.
        secrets: for the sessions' environment, by name.
    """

    batches: tuple[Batch, ...]
    target: Target
    routers: Routers
    index: Index
    briefs: BriefWriter
    renderer: PromptRenderer
    excerpt: Callable[[Batch], bytes]
    playbook_of: Callable[[str], str]
    secrets: Mapping[str, str] = {}

    def __repr__(self) -> str:
        """No secrets."""
        return f"BatchWork({self.target.repository!r})"

    def candidates(self, facts: Facts, limits: Limits) -> Sequence[Candidate]:
        """All batches, with what the index knows at this moment."""
        del facts, limits
        attempts = self.index.attempts(self.target.repository)
        known = by_any_name(self.index.issues_in(self.target.repository))
        return [
            Candidate(
                key=batch.id,
                repository=self.target.repository,
                family=batch.family,
                tier=batch.severity.tier,
                issues=tuple(self._issue(issue, known, attempts) for issue in batch.issues),
            )
            for batch in self.batches
        ]

    def route(self, candidate: Candidate, number: int) -> Route | NoRoute:
        """Which agent gets it."""
        failed = {attempt.intent_id: attempt.agent for attempt in self._failed(candidate)}
        facts = routes.facts_of(
            self._batch(candidate),
            labels=self.target.labels,
            tags=self.target.tags,
            failed_agents=tuple(failed.values()),
        )
        routers = self.routers
        return routes.route(
            facts, routers.routing, available=routers.available(), has_codemod=routers.has_codemod, turn=number
        )

    def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
        """What the session is asked to do."""
        candidate, target = dispatch.candidate, self.target
        batch = self._batch(candidate)
        earlier = tuple(self._told(attempt, candidate) for attempt in self._failed(candidate)[-_MOST_TOLD:])
        agent = self.routers.agents[intent.agent]
        excerpt = Attachment(name=f"{batch.id}.sarif", content=self.excerpt(batch))
        return SessionRequest(
            intent_id=intent.id,
            target_repo=target.repository,
            title=f"Fix {counted(len(batch.issues), f'{batch.family} finding')} in {target.repository} [{batch.id}]",
            prompt=self.renderer.render(self.briefs.write(batch, earlier, self._examples(batch))),
            family=batch.family,
            targets=tuple(fix_target(issue) for issue in batch.issues),
            tags=_tags(batch, target),
            base_branch=target.base_branch,
            playbook=self.playbook_of(batch.family),
            mode=intent.mode,
            max_acu=intent.max_acu,
            attachments=(excerpt,) if agent.capabilities.takes_attachments else (),
            secrets=self.secrets,
        )

    def _told(self, attempt: Attempt, candidate: Candidate) -> EarlierAttempt:
        """What came of an attempt: its session's last words, and what scans still saw after its fix was merged."""
        seen = [
            self._still_seen(issue)
            for issue in candidate.issues
            if attempt in issue.attempts and has_failed_after_merge(issue.tracked, attempt)
        ]
        parts = [attempt.detail[:_MOST_DETAIL], "\n".join(seen)[:_MOST_DETAIL]]
        return EarlierAttempt(number=attempt.number, agent=attempt.agent, detail="\n".join(filter(None, parts)))

    def _still_seen(self, issue: CandidateIssue) -> str:
        """One line about an issue that its fix did not remove."""
        tracked = issue.tracked
        assert tracked is not None  # noqa: S101 - somebody tried to fix it
        place = f"{tracked.file}:{tracked.start_line}" if tracked.start_line else tracked.file
        verdict = self.index.verdict_on(tracked.key)
        said = (
            ""
            if verdict is None
            else f" ({verdict.verdict.replace('_', ' ')}: {one_line(verdict.reason, _MOST_MESSAGE)})"
        )
        when = f"{tracked.last_seen_at:%Y-%m-%d %H:%M}"
        return f"The fix of {issue.id} was merged, and the scan of {when} UTC still reports it at {place}{said}."

    def _examples(self, batch: Batch) -> tuple[KnownExample, ...]:
        target = self.target
        return recalled(self.index, batch, repository=target.repository, sharing=target.sharing)

    @staticmethod
    def _issue(
        issue: Issue, known: Mapping[str, IssueRow], attempts: Mapping[str, tuple[Attempt, ...]]
    ) -> CandidateIssue:
        name = issue.identity.fingerprint
        row = known.get(name)
        if row is None:
            return CandidateIssue(id=issue.id, fingerprint=name)
        return CandidateIssue(
            id=issue.id,
            fingerprint=name,
            tracked=row.issue,
            lifecycle=row.lifecycle,
            reason=row.reason,
            dismissed_until=row.dismissed_until,
            attempts=tuple(attempts_at(row.issue, attempts)),
        )

    def _batch(self, candidate: Candidate) -> Batch:
        """The batch with those issues only that the candidate has."""
        batch = next(batch for batch in self.batches if batch.id == candidate.key)
        wanted = {issue.fingerprint for issue in candidate.issues}
        return replace(batch, issues=tuple(issue for issue in batch.issues if issue.identity.fingerprint in wanted))

    @staticmethod
    def _failed(candidate: Candidate) -> list[Attempt]:
        """Attempts at any of the issues that did not fix them, each once, in the order of their claims."""
        found = {
            attempt.intent_id: attempt
            for issue in candidate.issues
            if issue.tracked is not None
            for attempt in failed_attempts(issue.tracked, issue.attempts)
        }
        return sorted(found.values(), key=lambda attempt: (attempt.claimed_at, attempt.intent_id))


def fix_target(issue: Issue) -> FixTarget:
    """An issue as a session is told of it."""
    finding = issue.finding
    return FixTarget(
        id=issue.id,
        fingerprint=issue.identity.fingerprint,
        rule_id=finding.rule.id,
        family=issue.family,
        file=finding.file,
        start_line=finding.start_line,
        message=one_line(finding.text, _MOST_MESSAGE),
    )


def _tags(batch: Batch, target: Target) -> tuple[str, ...]:
    """What people look sessions up by; the tag that names the intent comes on top."""
    found = (
        "codeql-fixer",
        f"family:{batch.family}",
        f"tier:{batch.severity.tier}",
        f"repo:{target.repository}",
        f"run:{target.run_id}",
    )
    return tuple(one_line(tag, _MOST_TAG) for tag in found)
