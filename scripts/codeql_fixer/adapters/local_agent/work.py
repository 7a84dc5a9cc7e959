"""The work of a session, from the target's base branch to a pull request. Done twice, it leaves what once would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.local_agent.attempt import MOST_BYTES, Attempt
from codeql_fixer.adapters.local_agent.claims import claims
from codeql_fixer.adapters.local_agent.folder import Draft
from codeql_fixer.adapters.local_agent.gates import did_tests_pass, tests_said
from codeql_fixer.adapters.local_agent.steps import FETCHING, PROPOSING, PUSHING
from codeql_fixer.adapters.local_agent.wording import pull_request_body, title_of
from codeql_fixer.domain.session import ReportStatus, SessionReport
from codeql_fixer.errors import UserError
from codeql_fixer.ports.forge import Proposal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codeql_fixer.adapters.local_agent.attempt import Fix, Job
    from codeql_fixer.adapters.local_agent.gates import GateResult
    from codeql_fixer.adapters.local_agent.repository import Repository
    from codeql_fixer.ports.forge import Forge, PullRequest

BRANCHES = "cqf/"  # the branch of an intent is this and its id


class Work:
    """One session's work.

    Args:
        job: what is asked for.
        forge: where the target lives.
        open_repository: gives our copy of the repository at an address.
    """

    def __init__(self, job: Job, forge: Forge, open_repository: Callable[[str], Repository]) -> None:
        self._job, self._request, self._forge = job, job.request, forge
        self._open_repository = open_repository

    def draft(self, known: Draft | None) -> tuple[Repository, Draft]:
        """A fix that passed everything: the known one, the one that is on the server already, or a new one.

        Raises:
            NoFixError: there is none.
            UserError: the repository, the branch or a program is not there.
            UpstreamError: something failed.
        """
        self._job.step(FETCHING)
        base = self._request.base_branch or self._forge.default_branch(self._request.target_repo)
        repository = self._open_repository(self._forge.clone_url(self._request.target_repo))
        tips = repository.fetch(base, self._job.branch)
        if self._request.head_branch:
            return repository, self._continued(repository, tips.branch, base, known=known)
        if known and repository.has(known.commit) and tips.branch in {"", known.commit}:
            return repository, known
        if tips.branch:
            return repository, self._adopted(repository, tips.branch, base)
        return repository, self._new(Attempt(self._job, repository, tips.base).fix(), base)

    def _continued(self, repository: Repository, tip: str, base: str, *, known: Draft | None) -> Draft:
        """One commit more on the branch of a pull request, where there is none of this intent yet."""
        if not tip:
            raise UserError(f"branch {self._job.branch} of the pull request is not there any more")
        if known and repository.has(known.commit) and tip in {known.commit, repository.parent(known.commit)}:
            return known
        if repository.intent_of(tip) == self._request.intent_id:
            return self._adopted(repository, tip, base)
        return self._new(Attempt(self._job, repository, tip).fix(), base)

    def publish(self, repository: Repository, draft: Draft) -> PullRequest:
        """Push the branch and open the pull request; what is there already is left as it is."""
        self._job.step(PUSHING)
        expected = repository.parent(draft.commit) if self._request.head_branch else ""
        repository.push(draft.commit, self._job.branch, expected=expected)
        self._job.step(PROPOSING)
        return self._forge.propose(
            Proposal(
                repository=self._request.target_repo,
                head=self._job.branch,
                base=draft.base,
                title=title_of(self._request),
                body=draft.body,
            )
        )

    def _new(self, fix: Fix, base: str) -> Draft:
        how = "The operator's command" if self._job.options.command else "Codemods"
        report = SessionReport(
            status=ReportStatus.COMPLETED,
            progress_percent=100,
            approach="; ".join((f"{how} changed the code", *(result.words for result in fix.results))),
            files_changed=fix.paths,
            tests=tests_said(fix.results),
            confidence=self._confidence(fix.results),
            issues=fix.claimed,
        )
        body = pull_request_body(self._request, fix.claimed, fix.results)
        return Draft(commit=fix.commit, base=base, body=body, report=report)

    def _adopted(self, repository: Repository, commit: str, base: str) -> Draft:
        """What an earlier run pushed, whose folder is lost."""
        if repository.intent_of(commit) != self._request.intent_id:
            raise UserError(
                f"branch {self._job.branch} is there already and is not of this intent; rename or delete it"
            )
        files = {target.file for target in self._request.targets}
        changes = repository.changes(repository.parent(commit), commit, lines_of=files, most_bytes=MOST_BYTES)
        claimed = claims(self._request.targets, changes, is_in_place=not self._job.options.command, notes={})
        report = SessionReport(
            status=ReportStatus.COMPLETED,
            progress_percent=100,
            approach="An earlier run pushed the branch",
            files_changed=tuple(change.path for change in changes),
            tests="not known: an earlier run pushed the branch",
            confidence="low",
            issues=claimed,
        )
        return Draft(commit=commit, base=base, body=pull_request_body(self._request, claimed, None), report=report)

    def _confidence(self, results: Sequence[GateResult]) -> str:
        if not did_tests_pass(results):
            return "low"
        return "medium" if self._job.options.command else "high"
