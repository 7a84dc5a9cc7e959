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
from codeql_fixer.app.author import Author
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.domain.cycle import PullRequestObservation
from codeql_fixer.domain.record import Producer
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import aligned, cell
from codeql_fixer.errors import UserError
from codeql_fixer.settings import DispatchSettings, FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.ports.forge import PullRequest

_BRANCHES = "cqf/"


def run(flags: Mapping[str, str], own: Mapping[str, str], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the action is unknown, or there is no such repository or pull request.
    """
    settings = DispatchSettings.from_environ(os.environ, flags)
    if not settings.forge:
        raise UserError("--forge is required: the directory of the repositories")
    forge = LocalForge(Path(settings.forge), environment=os.environ, now=SystemClock().now)
    action, repository, what = own["action"], own["repository"], own["what"]
    match action:
        case "add":
            if not what:
                raise UserError("add needs the directory of the repository")
            forge.add_repository(repository, Path(what))
            say(f"{repository}: {forge.clone_url(repository)}")
        case "list":
            _show(list(forge.pull_requests(repository)), is_json=is_json)
        case "merge" | "close":
            if not what.isdecimal():
                raise UserError(f"{action} needs the number of a pull request, got {what!r:.60}")
            done = forge.merge(repository, int(what)) if action == "merge" else forge.close(repository, int(what))
            if flags.get("ledger") or flags.get("control_repo"):
                _record(done, flags)
            _show([done], is_json=is_json)
        case _:
            raise UserError(f"{action!r:.60}: must be add, list, merge or close")


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
