"""The bare repositories through which a git ledger is read and written, and what a fetch tells of the server."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.ledger.git_command import GitError

if TYPE_CHECKING:
    from codeql_fixer.adapters.ledger.git_command import Git

INBOX = "refs/cqf/inbox/"
_FETCHED_HEADS, _FETCHED_INBOX = "refs/ledger/heads/", "refs/ledger/cqf/"
_FETCHED = re.compile(r"^([0-9a-f]+)\t[^\t]*\t(branch )?'([^']+)' of ", re.MULTILINE)
# Folders down to `telemetry/runs/<owner>/` come with the tip; git fetches the few below on its own when it meets them.
FILTER = "tree:4"


class Heads(Struct, frozen=True):
    """The state of the server: the tip of the branch ("" when there is none) and the commits of the inbox by ref."""

    tip: str
    inbox: dict[str, str]


def make_repository(git: Git, url: str, *, is_partial: bool) -> None:
    """A bare repository that knows its server and never tidies up: tidying would fetch what was left out on purpose.

    It takes its place when it is whole, so that a killed process leaves none that lacks something.
    """
    made = git.directory.with_name(f"{git.directory.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    for folder in ("objects", "refs"):
        (made / folder).mkdir(parents=True)
    (made / "HEAD").write_text("ref: refs/heads/none\n", encoding="utf-8")
    partial = f"\tpromisor = true\n\tpartialclonefilter = {FILTER}\n" if is_partial else ""
    (made / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
        f'[remote "origin"]\n\turl = "{_escaped(url)}"\n\ttagOpt = --no-tags\n{partial}'
        "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[fastimport]\n\tunpackLimit = 1\n",
        encoding="utf-8",
    )
    made.rename(git.directory)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _refspecs(branch: str) -> tuple[str, str]:
    """What to fetch: the branch with the inbox branches, and the inbox. Patterns do not mind when nothing is there."""
    return f"+refs/heads/{branch}*:{_FETCHED_HEADS}{branch}*", f"+{INBOX}*:{_FETCHED_INBOX}*"


def fetch(git: Git, branch: str, *options: str) -> Heads:
    """Fetch one commit of everything, and tell the state of the server.

    Raises:
        GitError: the server cannot be read.
    """
    specs = _refspecs(branch)
    try:
        git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--prune", *options, "origin", *specs)
    except GitError as error:
        # A shallow fetch that matches nothing fails without a word.
        if str(error) or git.run("ls-remote", "origin", *(spec[1:].partition(":")[0] for spec in specs)):
            raise
        return Heads("", {})
    return _heads_of((git.directory / "FETCH_HEAD").read_text(encoding="utf-8"), branch)


def _heads_of(fetched: str, branch: str) -> Heads:
    """The refs in FETCH_HEAD, where a branch stands as `branch 'name'` and another ref as `'refs/...'`."""
    refs = {}
    for commit, kind, name in _FETCHED.findall(fetched):
        refs[f"refs/heads/{name}" if kind else name] = commit
    tip = refs.pop(f"refs/heads/{branch}", "")
    places = (INBOX, f"refs/heads/{branch}-inbox/")
    return Heads(tip, {ref: commit for ref, commit in refs.items() if ref.startswith(places)})
