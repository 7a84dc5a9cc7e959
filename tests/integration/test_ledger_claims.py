"""Claims on a git ledger, and readers of its inbox: nobody wins what another has, nobody loses what they knew."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.adapters.ledger.files import files_of
from codeql_fixer.adapters.ledger.git_command import Failure, GitError
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.keep import Recorder
from codeql_fixer.errors import LedgerNotWrittenError, LedgerResetError
from codeql_fixer.ports.ledger import Changes, Conflict, Landed
from tests.records import fingerprint, intent, scan
from tests.remotes import BRANCH, bare, git, ids_of, landed, ledger_of, lose_a_race

if TYPE_CHECKING:
    from collections.abc import Collection


def _index(folder: Path) -> SqlIndex:
    return SqlIndex(SqliteDatabase(folder / "index.sqlite"))


# --- claims


def test_claim__the_same_by_two_processes_is_won_by_one(tmp_path: Path) -> None:
    """The same records at the same moment on the same state: without a name of its own the commit would be the same."""
    remote = bare(tmp_path / "remote.git")
    landed(ledger_of(remote), 1)
    writers = [ledger_of(remote)._writer for _ in range(2)]  # noqa: SLF001 - both see the same state
    heads = [writer.heads() for writer in writers]
    files = files_of([intent("i-2", 2, 2)])

    writers[0].put(heads[0], files, date=0, claim="a")
    with pytest.raises(GitError) as lost:
        writers[1].put(heads[1], files, date=0, claim="b")

    assert lost.value.failure is Failure.RACE


def _git_that_loses_the_answer(folder: Path, remote: Path, more: str = "") -> dict[str, str]:
    """Environment with a git that pushes once, does something more, and says that the connection broke."""
    real = shutil.which("git")
    script = folder / "bin" / "git"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\n[ "$1" = push ] && [ ! -e {folder}/done ] || exec {real} "$@"\n'
        f'touch {folder}/done; {real} "$@"; cd {remote}; {more}\necho "fatal: the remote end hung up" >&2; exit 128\n'
    )
    script.chmod(0o755)
    return {"PATH": f"{script.parent}:/usr/bin:/bin"}


def _others_come(count: int) -> str:
    """A shell command that adds commits to the branch."""
    identity = "-c user.name=x -c user.email=x@example.invalid"
    return (
        f"for n in $(seq {count}); do git update-ref refs/heads/{BRANCH} "
        f"$(git {identity} commit-tree -p {BRANCH} -m $n {BRANCH}^{{tree}}); done"
    )


@pytest.mark.parametrize("later_commits", [0, 1, 250])
@pytest.mark.parametrize("is_first", [True, False])
def test_claim__whose_answer_was_lost_is_found_on_the_branch(
    tmp_path: Path, later_commits: int, *, is_first: bool
) -> None:
    remote = bare(tmp_path / "remote.git")
    tip = "" if is_first else landed(ledger_of(remote), 1).tip
    environment = _git_that_loses_the_answer(tmp_path, remote, _others_come(later_commits))

    done = ledger_of(remote, environment=environment).append([intent("i-2", 2, 2)], expected_tip=tip)

    assert done == Landed(git(remote, "rev-parse", BRANCH))
    assert ids_of(ledger_of(remote)) == (["i-2"] if is_first else ["i-1", "i-2"])


def test_claim__whose_push_failed_while_others_came_is_a_conflict(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    tip = landed(ledger_of(remote), 1).tip
    git(remote, "branch", "before", BRANCH)
    environment = _git_that_loses_the_answer(tmp_path, remote, f"git branch -f {BRANCH} before; {_others_come(250)}")

    done = ledger_of(remote, environment=environment).append([intent("i-2", 2, 2)], expected_tip=tip)

    assert isinstance(done, Conflict)
    assert ids_of(ledger_of(remote)) == ["i-1"]


# --- the inbox, read in steps


def test_inbox__what_was_read_there_and_is_folded_later_is_not_lost(tmp_path: Path) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    ledger_of(remote).append([scan("1", 0, 2)])
    lose_a_race(remote, 2)
    reader = ledger_of(remote, mirror=tmp_path / "mirror.git")
    catch_up(reader, index)
    assert [path.partition("@")[0] for path in index.position().waiting] == [
        "telemetry/dispatches/2026/03/i-2.intent.json"
    ]

    landed(ledger_of(remote), 3)
    catch_up(reader, index)

    assert index.position().waiting == ()
    assert [row.lifecycle for row in index.issues(fingerprint(2))] == ["session_dispatched"]


@pytest.mark.parametrize("is_first", [True, False])
def test_inbox__a_ref_that_somebody_deleted_is_told_and_rescued(tmp_path: Path, *, is_first: bool) -> None:
    """The index counts a claim that is nowhere any more: to go on could pay for the same issue again."""
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    if not is_first:
        landed(ledger_of(remote), 1)
    ref = lose_a_race(remote, 2)
    if is_first:
        git(remote, "update-ref", "-d", f"refs/heads/{BRANCH}")
    reader = ledger_of(remote, mirror=tmp_path / "state" / "mirror.git")
    catch_up(reader, index)
    git(remote, "update-ref", "-d", ref)

    with pytest.raises(LedgerResetError, match=r"lost or changed 1 record .*i-2\.intent\.json") as caught:
        catch_up(reader, index)

    rescued = DirectoryLedger(Path(str(caught.value).partition("replay ")[2].partition("'")[0]))
    assert ids_of(rescued) == ["i-2"]
    with pytest.raises(LedgerResetError, match=r"\): take the ledger"):
        catch_up(ledger_of(remote), index)  # a new copy never saw it


def test_inbox__a_ref_that_cannot_be_folded_is_named_and_not_believed(tmp_path: Path) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    ledger_of(remote).append([scan("1", 0, 2, 3)])
    writer = ledger_of(remote)._writer  # noqa: SLF001 - what a writer saw before the other pushed
    heads = writer.heads()
    ledger_of(remote).append([intent("i-2", 2, 2)])
    ref = writer.put(heads, files_of([intent("i-2", 2, 3)]), date=0).inbox
    assert ref

    for _ in range(2):
        catch_up(ledger_of(remote), index)
        assert [damage.path for damage in index.damages()] == [ref]
        assert [row.lifecycle for row in index.issues(fingerprint(3))] == ["new"]

    git(remote, "update-ref", "-d", ref)
    catch_up(ledger_of(remote), index)
    assert index.damages() == []


# --- two processes on one index


class _SlowLedger(MemoryLedger):
    """A ledger of which another process reads more before the first has done anything with what it read."""

    def __init__(self, index: SqlIndex) -> None:
        super().__init__()
        self._index, self._is_first = index, True

    def read_since(self, tip: str, *, waiting: Collection[str] = ()) -> Changes:
        """What is new, for one who will be overtaken the first time."""
        changes = super().read_since(tip, waiting=waiting)
        if self._is_first:
            self._is_first = False
            self.append([scan("2", 1)])
            catch_up(self, self._index)
        return changes


def test_catch_up__never_goes_back_behind_what_another_process_took_in(tmp_path: Path) -> None:
    index = _index(tmp_path)
    ledger = _SlowLedger(index)
    ledger.append([scan("1", 0, 1)])

    catch_up(ledger, index)

    assert index.position().tip == ledger.read_since("").tip
    assert [row.lifecycle for row in index.issues(fingerprint(1))] == ["fixed"]


# --- keeping


def test_record__that_can_neither_be_written_nor_kept_says_both(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file, no directory")
    missing = ledger_of(tmp_path / "missing.git", seconds=1)
    recorder = Recorder(ledger=missing, kept=DirectoryLedger(tmp_path / "kept"), replay="replay it")

    with pytest.raises(LedgerNotWrittenError, match=r"(?s)could not be written.*could not be kept on this machine"):
        recorder.record([scan("1", 0, 1)])
