"""GitHub's answers about reviews, comments and checks as values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from codeql_fixer.adapters.github.identity import Author
from codeql_fixer.adapters.github.wire import parsed
from codeql_fixer.domain.pull_request import CheckState, Review, ReviewComment, ReviewState

if TYPE_CHECKING:
    from collections.abc import Mapping

_PENDING = "PENDING"
_OWN_PEOPLE = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})  # of author_association; contributors are strangers
_HOLDS_NOTHING_UP = frozenset({"success", "neutral", "skipped"})
_LONG_AGO, _NOT_YET = datetime.fromtimestamp(0, UTC), datetime.max.replace(tzinfo=UTC)


class Label(Struct, frozen=True):
    """A label of an issue or a repository."""

    name: str


class Anything(Struct, frozen=True):
    """That something is there, whatever it is."""


class Note(Struct, frozen=True):
    """A comment or an issue, of which we look at no more; `pull_request` is there for pull requests."""

    html_url: str
    id: int
    number: int = 0
    title: str = ""
    body: str | None = None
    user: Author | None = None
    labels: tuple[Label, ...] = ()
    pull_request: Anything | None = None

    @property
    def text(self) -> str:
        """What it says."""
        return self.body or ""


class Remark(Struct, frozen=True):
    """A comment on a line of a change, with the review that it is part of."""

    id: int
    body: str
    path: str
    diff_hunk: str
    created_at: datetime
    commit_id: str = ""
    pull_request_review_id: int | None = None
    line: int | None = None
    user: Author | None = None
    author_association: str = ""

    def value(self) -> ReviewComment:
        """As the port has it."""
        return ReviewComment(
            author=_login(self.user), body=self.body, file=self.path, line=self.line, diff_hunk=self.diff_hunk
        )


class _Review(Struct, frozen=True):
    id: int
    state: str
    body: str | None = None
    user: Author | None = None
    commit_id: str | None = None
    submitted_at: datetime | None = None
    author_association: str = ""


class Output(Struct, frozen=True):
    """What a check says of itself."""

    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations_count: int = 0


class App(Struct, frozen=True):
    """What runs checks."""

    slug: str = ""


class CheckRun(Struct, frozen=True):
    """A check by an App; GitHub Actions is one."""

    id: int
    name: str
    status: str
    conclusion: str | None = None
    html_url: str | None = None
    external_id: str | None = None
    started_at: datetime | None = None
    output: Output = Output()
    app: App | None = None

    @property
    def state(self) -> CheckState:
        """How it stands."""
        if self.status != "completed":
            return CheckState.PENDING
        return CheckState.PASSED if self.conclusion in _HOLDS_NOTHING_UP else CheckState.FAILED

    @property
    def at(self) -> datetime:
        """When it began; one that waits for that is newer than all that began."""
        return self.started_at or (_LONG_AGO if self.state is not CheckState.PENDING else _NOT_YET)


class CommitStatus(Struct, frozen=True):
    """A check by anybody else."""

    id: int
    context: str
    state: str
    created_at: datetime
    description: str | None = None
    target_url: str | None = None
    creator: Author | None = None

    @property
    def how(self) -> CheckState:
        """How it stands."""
        if self.state == "pending":
            return CheckState.PENDING
        return CheckState.PASSED if self.state == "success" else CheckState.FAILED


class Annotation(Struct, frozen=True):
    """What a check says of a line."""

    path: str
    start_line: int
    annotation_level: str | None = None
    title: str | None = None
    message: str | None = None


def parse_note(body: Any) -> Note:  # noqa: ANN401 - JSON says anything
    """An `issue-comment` or an `issue`."""
    return parsed(body, Note, "a comment or an issue")


def parse_remark(body: Any) -> Remark:  # noqa: ANN401 - JSON says anything
    """A `pull-request-review-comment`."""
    return parsed(body, Remark, "a comment of a review")


def parse_review(
    body: Any,  # noqa: ANN401 - JSON says anything
    remarks: Mapping[int | None, list[Remark]],
) -> Review | None:
    """A `pull-request-review` with its comments, which are given by its id; None for one that is not submitted."""
    found = parsed(body, _Review, "a review")
    if found.state == _PENDING or found.submitted_at is None:
        return None
    return Review(
        id=str(found.id),
        author=_login(found.user),
        state=parsed(found.state.lower(), ReviewState, "the state of a review"),
        at=found.submitted_at,
        body=found.body or "",
        commit=found.commit_id or "",
        comments=tuple(remark.value() for remark in remarks.get(found.id, ())),
        may_decide=found.author_association in _OWN_PEOPLE,
    )


def review_of(remark: Remark) -> Review:
    """A comment that is part of no review, as one: GitHub made such before it had reviews."""
    return Review(
        id=f"comment-{remark.id}",
        author=_login(remark.user),
        state=ReviewState.COMMENTED,
        at=remark.created_at,
        commit=remark.commit_id,
        comments=(remark.value(),),
        may_decide=remark.author_association in _OWN_PEOPLE,
    )


def parse_mergeable(body: Any) -> bool | None:  # noqa: ANN401 - JSON says anything
    """What a `pull-request` says of its conflicts."""
    return parsed(body, _Mergeable, "a pull request").mergeable


def parse_check_run(body: Any) -> CheckRun:  # noqa: ANN401 - JSON says anything
    """A `check-run`."""
    return parsed(body, CheckRun, "a check run")


def parse_status(body: Any) -> CommitStatus:  # noqa: ANN401 - JSON says anything
    """A `status`."""
    return parsed(body, CommitStatus, "a commit status")


def parse_annotation(body: Any) -> Annotation:  # noqa: ANN401 - JSON says anything
    """A `check-annotation`."""
    return parsed(body, Annotation, "an annotation")


def parse_base(body: Any) -> str:  # noqa: ANN401 - JSON says anything
    """The branch that a `pull-request-simple` goes to, "" for one that is not open."""
    found = parsed(body, _Based, "a pull request")
    return found.base.ref if found.state == "open" else ""


def parse_protection(body: Any) -> frozenset[str]:  # noqa: ANN401 - JSON says anything
    """The checks that a `branch-with-protection` requires."""
    checks = parsed(body, _Branch, "a branch").protection.required_status_checks
    return frozenset() if checks is None else frozenset((*checks.contexts, *(one.context for one in checks.checks)))


def parse_rule(body: Any) -> frozenset[str]:  # noqa: ANN401 - JSON says anything
    """The checks that a `repository-rule-detailed` requires."""
    return frozenset(one.context for one in parsed(body, _Rule, "a rule").parameters.required_status_checks)


class _Mergeable(Struct, frozen=True):
    mergeable: bool | None


class _Ref(Struct, frozen=True):
    ref: str


class _Based(Struct, frozen=True):
    state: str
    base: _Ref


class _Context(Struct, frozen=True):
    context: str


class _Checks(Struct, frozen=True):
    contexts: tuple[str, ...] = ()
    checks: tuple[_Context, ...] = ()


class _Protection(Struct, frozen=True):
    required_status_checks: _Checks | None = None


class _Branch(Struct, frozen=True):
    protection: _Protection = _Protection()


class _Required(Struct, frozen=True):
    required_status_checks: tuple[_Context, ...] = ()


class _Rule(Struct, frozen=True):
    type: str
    parameters: _Required = _Required()


def _login(author: Author | None) -> str:
    return author.login if author else ""
