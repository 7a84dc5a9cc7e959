"""The part of the admin surface that puts in what people, other Apps and webhooks have to do with changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.twin.github import shapes_of_checks, shapes_of_review, shapes_of_work
from codeql_fixer.twin.github.git import BareGit
from codeql_fixer.twin.github.hooks import Hook, Plan
from codeql_fixer.twin.github.installed import Installation
from codeql_fixer.twin.github.issues import told_of_comment
from codeql_fixer.twin.github.model_of_review import CheckRun, Comment, Issue, Remark, Required, Review
from codeql_fixer.twin.github.orders import (
    Behind,
    NewApp,
    NewCheck,
    NewComment,
    NewInstallation,
    NewIssue,
    NewRemark,
    NewReview,
)
from codeql_fixer.twin.github.pulls import follow
from codeql_fixer.twin.github.repositories import found
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import ADMIN, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.state import State

_BASE = f"{ADMIN}repos/{{owner}}/{{repo}}"


class AdminOfReview:
    """Answers these requests."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("PUT", f"{_BASE}/git", self.bind)
        yield Route("POST", f"{_BASE}/issues", self.open_issue)
        yield Route("GET", f"{_BASE}/issues/{{number}}/comments", self.comments)
        yield Route("POST", f"{_BASE}/issues/{{number}}/comments", self.comment)
        yield Route("POST", f"{_BASE}/pulls/{{number}}/reviews", self.review)
        yield Route("POST", f"{_BASE}/checks", self.add_check)
        yield Route("GET", f"{ADMIN}logs/{{owner}}/{{repo}}/{{run}}", self.log)
        yield Route("PUT", f"{_BASE}/required/{{branch}}", self.require)
        yield Route("PUT", f"{ADMIN}app", self.register)
        yield Route("PUT", f"{ADMIN}app/installations/{{owner}}", self.install)
        yield Route("PUT", f"{ADMIN}hook", self.hook)
        yield Route("POST", f"{ADMIN}hook/plans", self.plan)
        yield Route("GET", f"{ADMIN}hook/deliveries", self.deliveries)
        yield Route("POST", f"{ADMIN}hook/deliveries/{{guid}}", self.deliver_again)

    def bind(self, call: Call) -> Response:
        """Have a bare repository of this machine stand behind a repository."""
        repository, given = found(self._state, call), call.body(Behind)
        repository.git = BareGit(given.path)
        return answer({"tip": repository.tip(repository.default_branch)})

    def open_issue(self, call: Call) -> Response:
        """An issue of somebody."""
        repository, given = found(self._state, call), call.body(NewIssue)
        made = Issue(
            id=self._state.new_id(),
            number=repository.next_number(),
            author=given.author,
            title=given.title,
            body=given.body,
            created_at=call.now,
            updated_at=call.now,
        )
        repository.issues[made.number] = made
        return answer(shapes_of_review.issue(made, repository, self._state.url))

    def comments(self, call: Call) -> Response:
        """All comments, with nothing left out."""
        repository, number = found(self._state, call), call.number("number")
        url = self._state.url
        comments = repository.talk(repository.numbered(number).number).comments
        return answer([shapes_of_review.comment(one, number, repository, url=url) for one in comments])

    def comment(self, call: Call) -> Response:
        """Somebody says something."""
        repository, given, number = found(self._state, call), call.body(NewComment), call.number("number")
        one = Comment(
            id=self._state.new_id(), author=given.author, body=given.body, created_at=call.now, updated_at=call.now
        )
        repository.talk(repository.numbered(number).number).comments.append(one)
        described, told = told_of_comment(one, number, repository, url=self._state.url)
        self._state.hooks.tell(repository, "issue_comment", {**told, "action": "created"}, now=call.now)
        return answer(described)

    def review(self, call: Call) -> Response:
        """Somebody reviews a pull request."""
        repository, given, url = found(self._state, call), call.body(NewReview), self._state.url
        pull = repository.pulls.get(call.number("number"))
        if pull is None:
            raise not_found()
        follow(pull, repository, call.now)
        commit = given.commit or pull.head_commit
        made = Review(
            id=self._state.new_id(),
            author=given.author,
            state=given.state,
            body=given.body,
            commit=commit,
            at=call.now,
            association=given.association,
        )
        talk, remarks = (
            repository.talk(pull.number),
            [self._remark(one, made, given, now=call.now) for one in given.comments],
        )
        talk.remarks.extend(remarks)
        if not given.is_loose:
            talk.reviews.append(made)
        pull.updated_at = call.now
        described = shapes_of_review.review(made, pull, repository, url=url)
        about, sender = shapes_of_work.listed_pull(pull, repository, url), described["user"]
        told = {"action": "submitted", "review": described, "pull_request": about, "sender": sender}
        self._state.hooks.tell(repository, "pull_request_review", told, now=call.now)
        for remark in remarks:
            comment = shapes_of_review.remark(remark, pull, repository, url=url)
            told = {"action": "created", "comment": comment, "pull_request": about, "sender": comment["user"]}
            self._state.hooks.tell(repository, "pull_request_review_comment", told, now=call.now)
        return answer(described)

    def _remark(self, one: NewRemark, review: Review, given: NewReview, *, now: float) -> Remark:
        return Remark(
            id=self._state.new_id(),
            author=one.author or given.author,
            body=one.body,
            path=one.path,
            line=one.line,
            diff_hunk=one.diff_hunk,
            commit=review.commit,
            review=None if given.is_loose else review.id,
            at=now,
        )

    def add_check(self, call: Call) -> Response:
        """A check run of an App."""
        repository, given = found(self._state, call), call.body(NewCheck)
        made = CheckRun(
            id=self._state.new_id(),
            app=given.app,
            commit=given.commit,
            name=given.name,
            status=given.status,
            conclusion=given.conclusion if given.status == "completed" else None,
            started_at=call.now,
            external_id=given.external_id,
            title=given.title,
            summary=given.summary,
            text=given.text,
            annotations=given.annotations,
            log=given.log,
        )
        repository.check_runs.append(made)
        described = shapes_of_checks.check_run(made, repository, self._state.url)
        told = {"action": made.status, "check_run": described}
        self._state.hooks.tell(repository, "check_run", told, now=call.now)
        return answer(described)

    def log(self, call: Call) -> Response:
        """The log of a job."""
        repository, number = found(self._state, call), call.number("run")
        for one in repository.check_runs:
            if one.id == number:
                return Response(content=one.log.encode(), media_type="text/plain; charset=utf-8")
        raise not_found()

    def require(self, call: Call) -> Response:
        """What has to pass on a branch."""
        repository, given = found(self._state, call), call.body(Required)
        repository.required[call.parts["branch"]] = given
        return answer(given)

    def register(self, call: Call) -> Response:
        """Have an App; its key opens nothing but this twin."""
        given, number = call.body(NewApp), self._state.new_id()
        key = self._state.apps.register(number, given.slug)
        return answer({"id": number, "slug": given.slug, "private_key": key})

    def install(self, call: Call) -> Response:
        """Install it for an account."""
        given, owner = call.body(NewInstallation), call.parts["owner"]
        chosen = frozenset(name.lower() for name in given.repositories)
        made = Installation(id=self._state.new_id(), owner=owner, repositories=chosen)
        self._state.apps.installations[made.id] = made
        return answer({"id": made.id})

    def hook(self, call: Call) -> Response:
        """Tell an address what happens."""
        self._state.hooks.set(call.body(Hook))
        return self.deliveries(call)

    def plan(self, call: Call) -> Response:
        """How the next events are told: a list of plans."""
        self._state.hooks.plan(call.body(list[Plan]))
        return self.deliveries(call)

    def deliveries(self, call: Call) -> Response:
        """What was told, and what is on its way."""
        del call
        return answer({"deliveries": self._state.hooks.described()})

    def deliver_again(self, call: Call) -> Response:
        """Tell one once more."""
        if not self._state.hooks.again(call.parts["guid"]):
            raise not_found()
        return self.deliveries(call)
