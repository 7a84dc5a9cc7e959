"""`forge`: repositories and pull requests in a directory, for local agents and for trying things out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import codeql_fixer
from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.adapters.forge.local import LocalForge
from codeql_fixer.adapters.forge.local_pulls import SOMEBODY, LocalPullRequests, Reviewer
from codeql_fixer.app.author import Author
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.domain.cycle import PullRequestObservation
from codeql_fixer.domain.pull_request import CheckState, ReviewComment, ReviewState
from codeql_fixer.domain.record import Producer
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import aligned, cell
from codeql_fixer.errors import UserError
from codeql_fixer.settings import DispatchSettings, FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.ports.forge import PullRequest

_BRANCHES = "cqf/"


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the action is unknown, or there is no such repository or pull request.
    """
    settings = DispatchSettings.from_environ(os.environ, flags)
    if not settings.forge:
        raise UserError("--forge is required: the directory of the repositories")
    forge = LocalForge(Path(settings.forge), environment=os.environ, now=SystemClock().now)
    action, repository, what = own["action"] or "", own["repository"] or "", own["what"] or ""
    match action:
        case "add":
            if not what:
                raise UserError("add needs the directory of the repository")
            forge.add_repository(repository, Path(what))
            say(f"{repository}: {forge.clone_url(repository)}")
        case "list":
            _show(list(forge.pull_requests(repository)), is_json=is_json)
        case "merge" | "close":
            number = _number(action, what)
            done = forge.merge(repository, number) if action == "merge" else forge.close(repository, number)
            if flags.get("ledger") or flags.get("control_repo"):
                _record(done, flags)
            _show([done], is_json=is_json)
        case "review" | "check":
            pulls = LocalPullRequests(forge, now=SystemClock().now)
            said = (_review if action == "review" else _check)(pulls, repository, _number(action, what), own=own)
            say(f"{repository}#{what}: {said}")
        case _:
            raise UserError(f"{action!r:.60}: must be add, list, merge, close, review or check")


def _number(action: str, what: str) -> int:
    if not what.isdecimal():
        raise UserError(f"{action} needs the number of a pull request, got {what!r:.60}")
    return int(what)


def _review(pulls: LocalPullRequests, repository: str, number: int, *, own: Mapping[str, str | None]) -> str:
    """A person's review; what is about a file is a comment there."""
    text, file, line = own["changes"] or "", own["file"] or "", own["line"] or ""
    if bool(text) == bool(own["approve"]):
        raise UserError("review needs either --changes TEXT or --approve")
    if line and not line.isdecimal():
        raise UserError(f"--line {line!r:.40}: must be a number")
    by = Reviewer(own["by"] or SOMEBODY.name, is_stranger=bool(own["stranger"]))
    comment = ReviewComment(author=by.name, body=text, file=file, line=int(line) if line else None)
    review = pulls.add_review(
        repository,
        number,
        state=ReviewState.CHANGES_REQUESTED if text else ReviewState.APPROVED,
        body="" if file else text,
        by=by,
        comments=(comment,) if file else (),
    )
    return f"review {review.id} by {by.name}: {review.state}"


def _check(pulls: LocalPullRequests, repository: str, number: int, *, own: Mapping[str, str | None]) -> str:
    """A check of the commit that the pull request stands at."""
    if bool(own["failed"]) == bool(own["passed"]):
        raise UserError("check needs either --failed LOG or --passed")
    state = CheckState.FAILED if own["failed"] else CheckState.PASSED
    name = own["name"] or "tests"
    check = pulls.add_check(repository, number, name=name, state=state, log=own["failed"] or "")
    return f"check {check.name}: {check.state}"


def _record(done: PullRequest, flags: Mapping[str, str]) -> None:
    """Put what became of a pull request of ours on the ledger, so that a later scan can prove it."""
    intent_id = done.head.removeprefix(_BRANCHES)
    if intent_id == done.head:
        return
    now = SystemClock().now
    producer = Producer(name="codeql-fixer", version=codeql_fixer.__version__)
    seen = PullRequestObservation(
        target_repo=done.repository,
        number=done.number,
        state=done.state,
        observed_at=now(),
        merged_at=done.merged_at,
        head_commit=done.head_commit,
        merge_commit=done.merge_commit,
        intent_id=intent_id,
    )
    author = Author(producer=producer, run_id="by-hand", clock=now)
    fleet = Fleet(FleetSettings.from_environ(os.environ, flags), os.environ, say)
    fleet.recorder().record([author.cycle("forge", pull_requests=[seen])])


def _show(found: Sequence[PullRequest], *, is_json: bool) -> None:
    if is_json:
        print(json.dumps({"pull_requests": msgspec.to_builtins(found)}))
        return
    rows = [(str(item.number), item.state.value, item.head, cell(item.title)) for item in found]
    print("\n".join(aligned([("NUMBER", "STATE", "BRANCH", "TITLE"), *rows])) if rows else "no pull requests")
