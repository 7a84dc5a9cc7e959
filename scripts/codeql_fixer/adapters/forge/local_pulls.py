"""PullRequests of a local forge: reviews and checks that a person or a test puts there, and what we answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.adapters.forge.local import ADDRESS
from codeql_fixer.adapters.forge.talk_records import Comment, IssueRecord, relabelled, said_by_us
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.pull_request import Check, CheckState, Review
from codeql_fixer.errors import UserError
from codeql_fixer.policy.logs import tail
from codeql_fixer.policy.markers import marked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from codeql_fixer.adapters.forge.local import LocalForge
    from codeql_fixer.adapters.forge.talk_records import Thread
    from codeql_fixer.domain.pull_request import CheckReport, ReviewComment, ReviewState


class Reviewer(Struct, frozen=True):
    """Who reviews; a stranger is none of the repository's own people."""

    name: str = "reviewer"
    is_stranger: bool = False


SOMEBODY = Reviewer()


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
        """The checks of a commit by name, without our own; of logs the end, and only of those that failed."""
        found = sorted(self._forge.talk_of(repository).checks(commit).checks.items())
        return [replace(one, log=tail(one.log) if one.state is CheckState.FAILED else "") for _, one in found]

    def diff(self, repository: str, number: int) -> str:
        """What it would change."""
        return self._forge.diff(repository, number)

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        """Say something at a pull request or issue, once under a marker; returns where it stands."""
        text = marked(marker, body)
        where = self._change(repository, number, lambda said: replace(said, said=said_by_us(said.said, marker, text)))
        return f"{where}#{marker}"

    def label(self, repository: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        """Put labels on a pull request or issue, and take others off."""
        self._change(repository, number, lambda said: replace(said, labels=relabelled(said.labels, add, remove)))

    def close(self, repository: str, number: int) -> None:
        """Close a pull request without a merge; one that is closed or merged stays as it is."""
        if self._forge.pull_request(repository, number).state is PullRequestState.OPEN:
            self._forge.close(repository, number)

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        """Open an issue, or change the open one that has the marker; returns its address."""
        text = marked(marker, body)
        with self._forge.changing(repository) as records:
            known = next((one for one in records.issues() if one.is_open and one.marker == marker), None)
            if known is None:
                known = IssueRecord(number=self._forge.next_number(repository), marker=marker, title=title, body=text)
            records.put_issue(replace(known, title=title, body=text, labels=relabelled(known.labels, labels)))
        return _address(repository, "issues", known.number)

    def report_check(self, repository: str, report: CheckReport) -> str:
        """Put a check of ours on a commit; the same name again replaces it. It has no address."""
        with self._forge.changing(repository) as records:
            known = records.checks(report.commit)
            records.put_checks(report.commit, replace(known, reports={**known.reports, report.name: report}))
        return ""

    def add_review(
        self,
        repository: str,
        number: int,
        *,
        state: ReviewState,
        body: str,
        by: Reviewer = SOMEBODY,
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
                author=by.name,
                state=state,
                at=self._now(),
                body=body,
                commit=pull.head_commit,
                comments=tuple(comments),
                may_decide=not by.is_stranger,
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

    def add_comment(self, repository: str, number: int, *, body: str, author: str) -> None:
        """What somebody else says at a pull request or issue."""
        comment = Comment(author=author, body=body)
        self._change(repository, number, lambda said: replace(said, said=(*said.said, comment)))

    def close_issue(self, repository: str, number: int) -> None:
        """Somebody closes an issue.

        Raises:
            UserError: there is none.
        """
        with self._forge.changing(repository) as records:
            issue = records.issue(number)
            if issue is None:
                raise UserError(f"{repository} has no issue {number}")
            records.put_issue(replace(issue, is_open=False))

    def _change(self, repository: str, number: int, change: Callable[[Thread], Thread]) -> str:
        """Change what stands at a pull request or issue, where that makes a difference; returns its address."""
        with self._forge.changing(repository) as records:
            if self._forge.has_pull_request(repository, number):
                talk = records.talk(number)
                if (made := change(talk)) != talk:
                    records.put_talk(number, replace(talk, said=made.said, labels=made.labels, at=self._now()))
                return _address(repository, "pull", number)
            issue = records.issue(number)
            if issue is None:
                raise UserError(f"{repository} has no pull request or issue {number}")
            made = change(issue)
            records.put_issue(replace(issue, said=made.said, labels=made.labels))
            return _address(repository, "issues", number)


def _address(repository: str, what: str, number: int) -> str:
    return f"{ADDRESS}/{repository.lower()}/{what}/{number}"
