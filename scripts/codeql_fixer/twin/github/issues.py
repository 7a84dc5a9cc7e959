"""Issues, comments on them and on pull requests, and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from codeql_fixer.twin.github import shapes_of_review as shapes
from codeql_fixer.twin.github.model import Pull
from codeql_fixer.twin.github.model_of_review import Comment, Issue, Label
from codeql_fixer.twin.github.paging import paged
from codeql_fixer.twin.github.repositories import found
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.shapes import named
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.model import Repository
    from codeql_fixer.twin.github.model_of_review import Talk
    from codeql_fixer.twin.github.state import State

_REPOSITORY = "/repos/{owner}/{repo}"
_BASE = f"{_REPOSITORY}/issues"
_Body = Annotated[str, Meta(max_length=65_536)]
_Title = Annotated[str, Meta(min_length=1, max_length=256)]
_Name = Annotated[str, Meta(min_length=1, max_length=50)]


class _NewIssue(Struct, frozen=True, kw_only=True):
    title: _Title
    body: _Body = ""
    labels: tuple[_Name, ...] = ()


class _Change(Struct, frozen=True, kw_only=True):
    title: _Title | UnsetType = UNSET
    body: _Body | UnsetType = UNSET
    state: Literal["open", "closed"] | UnsetType = UNSET


class _Said(Struct, frozen=True):
    body: Annotated[str, Meta(min_length=1, max_length=65_536)]


class _NewLabel(Struct, frozen=True, kw_only=True):
    name: _Name
    color: Annotated[str, Meta(pattern="^[0-9a-fA-F]{6}$")] = "ededed"
    description: Annotated[str, Meta(max_length=100)] = ""


class _Names(Struct, frozen=True):
    labels: tuple[_Name, ...]


class Issues:
    """Answers requests about them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", _BASE, self.issues)
        yield Route("POST", _BASE, self.open)
        yield Route("GET", f"{_BASE}/{{number}}", self.issue)
        yield Route("PATCH", f"{_BASE}/{{number}}", self.change)
        yield Route("GET", f"{_BASE}/{{number}}/comments", self.comments)
        yield Route("POST", f"{_BASE}/{{number}}/comments", self.comment)
        yield Route("PATCH", f"{_BASE}/comments/{{comment}}", self.change_comment)
        yield Route("GET", f"{_REPOSITORY}/labels", self.labels)
        yield Route("POST", f"{_REPOSITORY}/labels", self.make_label)
        yield Route("GET", f"{_REPOSITORY}/labels/{{name}}", self.label)
        yield Route("GET", f"{_BASE}/{{number}}/labels", self.labels_of)
        yield Route("POST", f"{_BASE}/{{number}}/labels", self.put_labels_on)
        yield Route("DELETE", f"{_BASE}/{{number}}/labels/{{name}}", self.take_label_off)

    def issues(self, call: Call) -> Response:
        """Issues and pull requests of a state, author and labels; open ones where no state is named."""
        repository, url = found(self._state, call), self._state.url
        every: list[Issue | Pull] = [*repository.issues.values(), *repository.pulls.values()]
        wanted = [one for one in every if _is_wanted(one, repository, call)]
        wanted.sort(key=lambda one: (one.created_at, one.number), reverse=call.text("direction", "desc") == "desc")
        return paged(call, wanted, lambda one: shapes.issue(one, repository, url), url=url)

    def open(self, call: Call) -> Response:
        """A new one."""
        repository, given = found(self._state, call), call.body(_NewIssue)
        made = Issue(
            id=self._state.new_id(),
            number=repository.next_number(),
            author=call.actor,
            title=given.title,
            body=given.body,
            created_at=call.now,
            updated_at=call.now,
        )
        repository.issues[made.number] = made
        repository.talk(made.number).labels.extend(self._made(repository, name) for name in given.labels)
        described = shapes.issue(made, repository, self._state.url)
        told = {"action": "opened", "issue": described, "sender": described["user"]}
        self._state.hooks.tell(repository, "issues", told, now=call.now)
        return answer(described, status=201)

    def issue(self, call: Call) -> Response:
        """One of them."""
        repository = found(self._state, call)
        return answer(shapes.issue(_numbered(repository, call), repository, self._state.url))

    def change(self, call: Call) -> Response:
        """Another title, text or state; a pull request is changed elsewhere."""
        repository, given = found(self._state, call), call.body(_Change)
        one = repository.issues.get(call.number("number"))
        if one is None:
            raise not_found()
        one.title = one.title if given.title is UNSET else given.title
        one.body = one.body if given.body is UNSET else given.body
        if given.state is not UNSET:
            one.closed_at = call.now if given.state == "closed" else None
        one.updated_at = call.now
        described = shapes.issue(one, repository, self._state.url)
        sender = named(call.actor, self._state.url)
        how: dict[str, object] = {"action": "edited", "changes": {}}
        if given.state is not UNSET:
            how = {"action": {"open": "reopened", "closed": "closed"}[given.state]}
        self._state.hooks.tell(repository, "issues", {**how, "issue": described, "sender": sender}, now=call.now)
        return answer(described)

    def comments(self, call: Call) -> Response:
        """Those of an issue or pull request, oldest first."""
        repository, url = found(self._state, call), self._state.url
        number = _numbered(repository, call).number
        comments = repository.talk(number).comments
        return paged(call, comments, lambda one: shapes.comment(one, number, repository, url=url), url=url)

    def comment(self, call: Call) -> Response:
        """Say something."""
        repository, given = found(self._state, call), call.body(_Said)
        about = _numbered(repository, call)
        one = Comment(
            id=self._state.new_id(), author=call.actor, body=given.body, created_at=call.now, updated_at=call.now
        )
        repository.talk(about.number).comments.append(one)
        return answer(self._told(one, about.number, repository, action="created", now=call.now), status=201)

    def change_comment(self, call: Call) -> Response:
        """Say it in another way. Who may write to the repository may change everybody's."""
        repository, given, wanted = found(self._state, call), call.body(_Said), call.number("comment")
        for number, talk in repository.talks.items():
            for one in talk.comments:
                if one.id == wanted:
                    one.body, one.updated_at = given.body, call.now
                    return answer(self._told(one, number, repository, action="edited", now=call.now))
        raise not_found()

    def labels(self, call: Call) -> Response:
        """All of a repository."""
        repository, url = found(self._state, call), self._state.url
        return paged(call, list(repository.labels.values()), lambda one: shapes.label(one, repository, url), url=url)

    def label(self, call: Call) -> Response:
        """One of them."""
        repository = found(self._state, call)
        one = repository.labels.get(call.parts["name"].lower())
        if one is None:
            raise not_found()
        return answer(shapes.label(one, repository, self._state.url))

    def make_label(self, call: Call) -> Response:
        """A new one."""
        repository, given = found(self._state, call), call.body(_NewLabel)
        if given.name.lower() in repository.labels:
            raise Problem(422, "Validation Failed")
        one = Label(id=self._state.new_id(), name=given.name, color=given.color, description=given.description)
        repository.labels[given.name.lower()] = one
        return answer(shapes.label(one, repository, self._state.url), status=201)

    def labels_of(self, call: Call) -> Response:
        """Those of an issue or pull request."""
        repository, url = found(self._state, call), self._state.url
        talk = _talk(repository, call)
        return paged(call, talk.labels, lambda one: shapes.label(one, repository, url), url=url)

    def put_labels_on(self, call: Call) -> Response:
        """More of them, made where the repository has none of that name."""
        repository, given = found(self._state, call), call.body(_Names)
        talk = _talk(repository, call)
        for name in given.labels:
            if name.lower() not in {one.name.lower() for one in talk.labels}:
                talk.labels.append(self._made(repository, name))
        return self._labels_told(talk, repository)

    def take_label_off(self, call: Call) -> Response:
        """One less."""
        repository, name = found(self._state, call), call.parts["name"].lower()
        talk = _talk(repository, call)
        if name not in {one.name.lower() for one in talk.labels}:
            raise Problem(404, "Label does not exist")
        talk.labels[:] = [one for one in talk.labels if one.name.lower() != name]
        return self._labels_told(talk, repository)

    def _made(self, repository: Repository, name: str) -> Label:
        return repository.labels.setdefault(name.lower(), Label(id=self._state.new_id(), name=name))

    def _labels_told(self, talk: Talk, repository: Repository) -> Response:
        return answer([shapes.label(one, repository, self._state.url) for one in talk.labels])

    def _told(self, one: Comment, number: int, repository: Repository, *, action: str, now: float) -> dict[str, object]:
        """Describe a comment, to webhooks too."""
        described, payload = told_of_comment(one, number, repository, url=self._state.url)
        edit: dict[str, object] = {"changes": {}} if action == "edited" else {}
        self._state.hooks.tell(repository, "issue_comment", {**payload, **edit, "action": action}, now=now)
        return described


def told_of_comment(
    one: Comment, number: int, repository: Repository, *, url: str
) -> tuple[dict[str, object], dict[str, object]]:
    """How a comment is described, and what webhooks are told of it."""
    described = shapes.comment(one, number, repository, url=url)
    about = shapes.issue(repository.numbered(number), repository, url)
    return described, {"issue": about, "comment": described, "sender": described["user"]}


def _numbered(repository: Repository, call: Call) -> Issue | Pull:
    return repository.numbered(call.number("number"))


def _talk(repository: Repository, call: Call) -> Talk:
    return repository.talk(_numbered(repository, call).number)


def _is_wanted(one: Issue | Pull, repository: Repository, call: Call) -> bool:
    state, creator = call.text("state", "open"), call.text("creator")
    is_open = (one.ended_at if isinstance(one, Pull) else one.closed_at) is None
    labels = {label.name.lower() for label in repository.talk(one.number).labels}
    return (
        (state == "all" or is_open == (state == "open"))
        and creator.lower() in {"", one.author.lower()}
        and not creator.endswith("[bot]")  # some servers of enterprises find none of an App, and say nothing
        and {name.lower() for name in call.text("labels").split(",") if name} <= labels
    )
