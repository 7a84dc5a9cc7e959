"""What is said and decided at pull requests and issues of GitHub."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from codeql_fixer.adapters.github.checks import Checks
from codeql_fixer.adapters.github.identity import Identity, identity_of
from codeql_fixer.adapters.github.joblog import JobLogs
from codeql_fixer.adapters.github.labels import Labels
from codeql_fixer.adapters.github.notes import Notes
from codeql_fixer.adapters.github.paths import repository_path
from codeql_fixer.adapters.github.refusals import told
from codeql_fixer.adapters.github.wire import parse_pull_request
from codeql_fixer.adapters.github.wire_of_reviews import parse_mergeable, parse_remark, parse_review, review_of
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.errors import UserError
from codeql_fixer.transport.errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from codeql_fixer.adapters.github.caller import Caller
    from codeql_fixer.adapters.github.library import Library
    from codeql_fixer.adapters.github.wire_of_reviews import Remark
    from codeql_fixer.domain.pull_request import Check, CheckReport, Review

_READ = "scope repo, or the permission Pull requests: read"
_WRITE = "scope repo, or the permission Pull requests: write"
_DIFF = "application/vnd.github.diff"
_NOT_ACCEPTABLE = 406
DIFF_BYTES = 4 * 1024 * 1024
"""A longer change is nothing that anybody reviews; GitHub itself gives none beyond 20,000 lines or 300 files."""


class GitHubPullRequests:
    """PullRequests of GitHub; threads may share it.

    Args:
        caller: makes the calls.
        library: knows how they are written.
        identity: tells who we are, None to ask GitHub with the token.
    """

    def __init__(self, caller: Caller, library: Library, identity: Callable[[], Identity] | None = None) -> None:
        self._caller, self._library, self._ask = caller, library, identity or (lambda: identity_of(library))
        self._labels = Labels(library)
        self._notes = Notes(library, self._labels, lambda: self._identity)
        self._checks = Checks(library, JobLogs(caller, library), lambda: self._identity)

    @cached_property
    def _identity(self) -> Identity:
        return self._ask()

    def is_mergeable(self, repository: str, number: int) -> bool | None:
        """False when it is in conflict with its base; None while GitHub works that out, and for one that is closed."""
        with told(f"pull request {number} of {repository}", permission=_READ):
            return parse_mergeable(self._library.get(_path(repository, number)))

    def reviews(self, repository: str, number: int) -> list[Review]:
        """All submitted reviews with their comments, oldest first; each in the state that it is in now."""
        path = _path(repository, number)
        with told(f"reviews of pull request {number} of {repository}", permission=_READ):
            remarks: dict[int | None, list[Remark]] = defaultdict(list)
            for remark in map(parse_remark, self._library.pages(f"{path}/comments", {})):
                remarks[remark.pull_request_review_id].append(remark)
            alone = [review_of(remark) for remark in remarks.pop(None, [])]
            entries = self._library.pages(f"{path}/reviews", {})
            reviews = [parse_review(entry, remarks) for entry in entries]
        return sorted(filter(None, (*reviews, *alone)), key=lambda review: review.at)

    def checks(self, repository: str, commit: str) -> list[Check]:
        """The newest of each name on a commit, without our own; `Checks.of` says what their logs are."""
        return self._checks.of(repository, commit)

    def diff(self, repository: str, number: int) -> str:
        """What it would change, as `git diff` puts it.

        Raises:
            UserError: it is larger than anybody reviews.
        """
        what = f"the diff of pull request {number} of {repository}"
        with told(what, permission=_READ):
            try:
                path = self._library.whole(_path(repository, number))
                content = self._caller.read(path, accept=_DIFF, is_kept=False).content
            except StatusError as error:
                if error.status != _NOT_ACCEPTABLE:
                    raise
                raise UserError(f"{what} is too large for GitHub ({error.detail}); split the change") from error
        if len(content) > DIFF_BYTES:
            raise UserError(f"{what} has {len(content)} bytes, and {DIFF_BYTES} is most; split the change")
        return content.decode(errors="replace")

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        """Say something at a pull request or issue; returns its address."""
        return self._notes.comment(repository, number, marker=marker, body=body)

    def label(self, repository: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        """Put labels on and take others off; labels that the repository lacks are made."""
        self._labels.change(repository, number, add=add, remove=remove)

    def close(self, repository: str, number: int) -> None:
        """Close a pull request without a merge; one that is closed or merged stays as it is."""
        path = _path(repository, number)
        with told(f"pull request {number} of {repository}", permission=_WRITE):
            if parse_pull_request(self._library.get(path), repository).state is PullRequestState.OPEN:
                self._library.patch(path, {"state": "closed"})

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        """Open an issue, or change the open one that has the marker; returns its address."""
        return self._notes.issue(repository, marker=marker, title=title, body=body, labels=labels)

    def report_check(self, repository: str, report: CheckReport) -> str:
        """Put a check of ours on a commit; the same name again replaces it. Returns its address, "" for none."""
        return self._checks.report(repository, report)


def _path(repository: str, number: int) -> str:
    return f"{repository_path(repository)}/pulls/{number}"
