"""PullRequests of a local forge: reviews and checks that a person or a test puts there, and what we answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.adapters.forge.local import ADDRESS
from codeql_fixer.adapters.forge.talk_records import IssueRecord
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.pull_request import Check, CheckState, Conclusion, Review
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from codeql_fixer.adapters.forge.local import LocalForge
    from codeql_fixer.adapters.forge.talk_records import Talk
    from codeql_fixer.domain.pull_request import CheckReport, ReviewComment, ReviewState

_STATES = {
    Conclusion.SUCCESS: CheckState.PASSED,
    Conclusion.NEUTRAL: CheckState.PASSED,
    Conclusion.FAILURE: CheckState.FAILED,
}


class LocalPullRequests:
    """What is said at pull requests of a local forge.

    Args:
        forge: keeps them.
        now: tells the time.
    """

    def __init__(self, forge: LocalForge, *, now: Callable[[], datetime]) -> None:
        self._forge, self._now = forge, now

    def is_mergeable(self, repository: str, number: int) -> bool | None:
        """False when it is in conflict with its base."""
        return self._forge.is_mergeable(repository, number)

    def reviews(self, repository: str, number: int) -> list[Review]:
        """All reviews, oldest first."""
        self._forge.pull_request(repository, number)
        return list(self._forge.talk_of(repository).talk(number).reviews)

    def checks(self, repository: str, commit: str) -> list[Check]:
        """The checks of a commit, without our own; logs only of those that failed."""
        found = self._forge.talk_of(repository).checks(commit).checks.values()
        return [check if check.state is CheckState.FAILED else replace(check, log="") for check in found]

    def diff(self, repository: str, number: int) -> str:
        """What it would change."""
        return self._forge.diff(repository, number)

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        """Say something, once under a marker; returns where it stands."""
        pull = self._forge.pull_request(repository, number)
        self._talk(repository, number, lambda talk: replace(talk, comments={**talk.comments, marker: body}))
        return f"{pull.url}#{marker}"

    def label(self, repository: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        """Put labels on and take others off."""
        self._forge.pull_request(repository, number)
        self._talk(
            repository,
            number,
            lambda talk: replace(talk, labels=tuple(sorted({*talk.labels, *add} - set(remove)))),
        )

    def close(self, repository: str, number: int) -> None:
        """Close a pull request without a merge; one that is closed or merged stays as it is."""
        if self._forge.pull_request(repository, number).state is PullRequestState.OPEN:
            self._forge.close(repository, number)

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        """Open an issue, or change the one that has the marker; returns its address."""
        with self._forge.changing(repository) as records:
            issues = records.issues()
            number = next((one.number for one in issues if one.marker == marker), len(issues) + 1)
            issue = IssueRecord(number=number, marker=marker, title=title, body=body, labels=tuple(sorted(set(labels))))
            records.put_issue(issue)
        return f"{ADDRESS}/{repository.lower()}/issues/{number}"

    def report_check(self, repository: str, report: CheckReport) -> str:
        """Put a check of ours on a commit; the same name again replaces it. It has no address."""
        check = Check(id=f"ours-{report.name}", name=report.name, state=_STATES[report.conclusion], log=report.summary)
        with self._forge.changing(repository) as records:
            known = records.checks(report.commit)
            records.put_checks(report.commit, replace(known, ours={**known.ours, report.name: check}))
        return ""

    def add_review(
        self,
        repository: str,
        number: int,
        *,
        state: ReviewState,
        body: str,
        author: str = "reviewer",
        comments: Sequence[ReviewComment] = (),
    ) -> Review:
        """A person's review, as people of this machine give it.

        Raises:
            UserError: the pull request is not open.
        """
        pull = self._forge.pull_request(repository, number)
        if pull.state is not PullRequestState.OPEN:
            raise UserError(f"pull request {number} of {repository} is {pull.state}: nobody reviews it any more")
        with self._forge.changing(repository) as records:
            talk = records.talk(number)
            review = Review(
                id=str(len(talk.reviews) + 1),
                author=author,
                state=state,
                at=self._now(),
                body=body,
                commit=pull.head_commit,
                comments=tuple(comments),
            )
            records.put_talk(number, replace(talk, at=review.at, reviews=(*talk.reviews, review)))
        return review

    def add_check(
        self,
        repository: str,
        number: int,
        *,
        name: str,
        state: CheckState,
        log: str = "",
        is_required: bool | None = None,
    ) -> Check:
        """A check of the commit that a pull request stands at; the same name again replaces it."""
        commit = self._forge.pull_request(repository, number).head_commit
        with self._forge.changing(repository) as records:
            known = records.checks(commit)
            check = Check(id=f"{commit[:12]}-{name}", name=name, state=state, log=log, is_required=is_required)
            records.put_checks(commit, replace(known, checks={**known.checks, name: check}))
        return check

    def _talk(self, repository: str, number: int, change: Callable[[Talk], Talk]) -> None:
        with self._forge.changing(repository) as records:
            records.put_talk(number, replace(change(records.talk(number)), at=self._now()))
