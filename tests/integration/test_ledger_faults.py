"""What goes wrong around a git ledger, and the state that each failure ends in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.codec import encode
from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.adapters.ledger.files import files_of
from codeql_fixer.adapters.ledger.git_command import Remote
from codeql_fixer.adapters.ledger.git_inbox import inbox_refs
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.fsck import fsck
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.replay import replay
from codeql_fixer.errors import FutureRecordError, LedgerNotWrittenError, LedgerResetError, UpstreamError, UserError
from codeql_fixer.ports.ledger import Damaged, Landed, Stored
from tests.records import at, fingerprint, intent, scan
from tests.remotes import BRANCH, bare, git, hook, http_server, ledger_of, refs

if TYPE_CHECKING:
    from collections.abc import Callable

    from codeql_fixer.ports.ledger import Ledger

ROOT = Path(__file__).parents[2]
TOKEN = "ghs_" + "s3cret" * 6


def _ids(ledger: Ledger) -> list[str]:
    return sorted(entry.record.id for entry in ledger.read_since("").entries if isinstance(entry, Stored))


def _landed(ledger: Ledger, *numbers: int) -> Landed:
    landed = ledger.append([intent(f"i-{number}", number, number) for number in numbers])
    assert isinstance(landed, Landed)
    return landed


def _lose_a_race(remote: Path, number: int) -> str:
    """Append by a writer that another one has just beaten; returns the ref that holds the record."""
    ledger = ledger_of(remote)
    heads = ledger._writer.heads()  # noqa: SLF001 - what a writer saw before the other pushed
    _landed(ledger_of(remote), number + 1000)
    landed = ledger._writer.put(heads, files_of([intent(f"i-{number}", number, number)]), date=0, has_to_win=False)  # noqa: SLF001
    assert landed.inbox
    return landed.inbox


def _index(folder: Path) -> SqlIndex:
    return SqlIndex(SqliteDatabase(folder / "index.sqlite"))


# --- the inbox


def test_append__that_loses_the_branch_is_durable_at_once_and_folded_by_the_next(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    _landed(ledger_of(remote), 1)

    ref = _lose_a_race(remote, 2)

    assert ref.startswith("refs/cqf/inbox/")
    assert _ids(ledger_of(remote)) == ["i-1", "i-1002", "i-2"]
    landed = _landed(ledger_of(remote), 3)
    assert refs(remote) == [f"refs/heads/{BRANCH}"]
    assert landed.tip == git(remote, "rev-parse", BRANCH)
    assert _ids(ledger_of(remote)) == ["i-1", "i-1002", "i-2", "i-3"]


def test_append__of_nothing_folds(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    _landed(ledger_of(remote), 1)
    _lose_a_race(remote, 2)

    ledger_of(remote).append([])

    assert refs(remote) == [f"refs/heads/{BRANCH}"]


def test_append__of_what_waits_in_the_inbox_already_changes_nothing(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    _landed(ledger_of(remote), 1)
    _lose_a_race(remote, 2)

    _landed(ledger_of(remote), 2)

    assert _ids(ledger_of(remote)) == ["i-1", "i-1002", "i-2"]
    with pytest.raises(UserError, match="another record"):
        ledger_of(remote).append([intent("i-2", 2, 99)])


def test_append__where_the_host_refuses_such_refs_takes_a_branch(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    git(remote, "config", "transfer.hideRefs", "refs/cqf")
    _landed(ledger_of(remote), 1)

    ref = _lose_a_race(remote, 2)

    assert ref.startswith(f"refs/heads/{BRANCH}-inbox/")
    assert _ids(ledger_of(remote)) == ["i-1", "i-1002", "i-2"]
    _landed(ledger_of(remote), 3)
    assert refs(remote) == [f"refs/heads/{BRANCH}"]
    assert _ids(ledger_of(remote)) == ["i-1", "i-1002", "i-2", "i-3"]


def test_append__where_nobody_may_delete_leaves_the_refs_and_doubles_nothing(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    _landed(ledger_of(remote), 1)
    ref = _lose_a_race(remote, 2)
    hook(remote, "update", 'case "$3" in 0000*) echo no deletions >&2; exit 1;; esac')

    landed = _landed(ledger_of(remote), 3)

    assert landed.tip == git(remote, "rev-parse", BRANCH)
    assert ref in refs(remote)
    ledger = ledger_of(remote)
    assert _ids(ledger) == ["i-1", "i-1002", "i-2", "i-3"]
    assert fsck(ledger, at(10_000)) == (4, [])
    assert _landed(ledger_of(remote), 4).tip


def test_append__to_a_protected_branch_waits_in_the_inbox(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    hook(remote, "update", f'case "$1" in refs/heads/{BRANCH}) echo GH006: Protected branch >&2; exit 1;; esac')

    landed = _landed(ledger_of(remote), 1)

    assert landed == Landed("", landed.inbox)
    assert landed.inbox.startswith("refs/cqf/inbox/")
    assert _ids(ledger_of(remote)) == ["i-1"]  # readers take both


def test_claim__on_a_protected_branch_is_refused(tmp_path: Path) -> None:
    """A claim that only waits in the inbox would be no claim."""
    remote = bare(tmp_path / "remote.git")
    hook(remote, "update", f'case "$1" in refs/heads/{BRANCH}) echo GH006: Protected branch >&2; exit 1;; esac')

    with pytest.raises(LedgerNotWrittenError, match=r"(?s)Protected branch.*without review"):
        ledger_of(remote, seconds=1).append([intent("i-1", 1, 1)], expected_tip="")

    assert refs(remote) == []


def test_fold__takes_no_stranger_in(tmp_path: Path) -> None:
    """Whoever may push refs could put a workflow or another's record among ours."""
    remote = bare(tmp_path / "remote.git")
    _landed(ledger_of(remote), 1)
    taken = git(remote, "ls-tree", "-r", "--name-only", BRANCH)
    evil = tmp_path / "evil"
    subprocess.run(["git", "init", "--quiet", evil], check=True)
    for number, name in enumerate([".github%2Fworkflows%2Fx.yml", "%2e%2e%2Fx", taken.replace("/", "%2F"), "deep/x"]):
        git(evil, "checkout", "--quiet", "--orphan", f"b{number}")
        shutil.rmtree(evil / "deep", ignore_errors=True)
        for old in evil.glob("*[!t]"):
            old.unlink() if old.is_file() else None
        (evil / name).parent.mkdir(exist_ok=True)
        (evil / name).write_text("{}")
        git(evil, "add", "--all")
        git(evil, "-c", "user.name=e", "-c", "user.email=e@example.invalid", "commit", "--quiet", "-m", "x")
        git(evil, "push", "--quiet", remote.as_uri(), f"HEAD:refs/cqf/inbox/evil{number}")

    _landed(ledger_of(remote), 2)

    assert len(git(remote, "ls-tree", "-r", "--name-only", BRANCH).split()) == 2
    assert len([ref for ref in refs(remote) if "evil" in ref]) == 4
    records, faults = fsck(ledger_of(remote), at(10_000))
    assert records == 2
    assert len(faults) == 4
    assert _ids(ledger_of(remote)) == ["i-1", "i-2"]


# --- damage


def _push_file(remote: Path, path: str, text: str, *, command: str = "") -> None:
    """Commit a file, or what another command of fast-import does, past the product."""
    stream = f"commit refs/heads/{BRANCH}\ncommitter x <x@example.invalid> 0 +0000\ndata 1\nx\n"
    tip = git(remote, "rev-parse", "--verify", "--quiet", BRANCH) if refs(remote) else ""
    change = command or f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}"
    stream += (f"from {tip}\n" if tip else "") + f"{change}\n"
    subprocess.run(["git", "-C", remote, "fast-import", "--quiet"], input=stream, text=True, check=True)


DAMAGED = {
    "empty": ("telemetry/runs/acme/shop/2026/03/09-9.json", ""),
    "cut off": ("telemetry/runs/acme/shop/2026/03/09-9.json", '{"kind": "scan_run", "schema_ver'),
    "no JSON": ("telemetry/cycles/2026/03/01-c.json", "<<<<<<< HEAD"),
    "a list": ("telemetry/cycles/2026/03/01-c.json", "[]"),
    "no kind": ("telemetry/cycles/2026/03/01-c.json", '{"schema_version": 1}'),
    "unknown kind": ("telemetry/cycles/2026/03/01-c.json", '{"schema_version": 1, "kind": "party"}'),
    "a version that never was": ("telemetry/cycles/2026/03/01-c.json", '{"schema_version": 0, "kind": "cycle"}'),
    "nested deeply": ("telemetry/cycles/2026/03/01-c.json", "[" * 100_000),
    "half of version 1": (
        "telemetry/runs/acme/shop/2026/03/09-9.json",
        '{"schema_version": 1, "kind": "scan_run", "issues": 7}',
    ),
}


@pytest.mark.parametrize(("path", "text"), DAMAGED.values(), ids=DAMAGED)
def test_damage__is_reported_with_its_path_and_blocks_nothing_else(tmp_path: Path, path: str, text: str) -> None:
    remote = bare(tmp_path / "remote.git")
    ledger_of(remote).append([scan("1", 0, 1)])
    _push_file(remote, path, text)
    ledger_of(remote).append([scan("2", 2, 1)])
    index = _index(tmp_path)

    caught = catch_up(ledger_of(remote), index)

    assert caught.damages == 1
    [damage] = index.damages()
    assert damage.path == path
    assert path in damage.problem
    assert [row.lifecycle for row in index.issues(fingerprint(1))] == ["recurring"]
    assert [fault.path for fault in fsck(ledger_of(remote), at(99))[1]] == [path]


@pytest.mark.parametrize("how", ["mended", "removed"])
def test_damage__can_be_mended_or_removed(tmp_path: Path, how: str) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    path = "telemetry/runs/acme/shop/2026/03/01-1.json"
    ledger_of(remote).append([scan("0", 5, 1)])
    _push_file(remote, path, "{")
    catch_up(ledger_of(remote), index)
    assert [damage.path for damage in index.damages()] == [path]

    if how == "mended":
        _push_file(remote, path, encode(scan("1", 0, 1)).decode())
    else:
        _push_file(remote, "", "", command=f"D {path}")
    catch_up(ledger_of(remote), index)

    assert index.damages() == []
    assert [row.lifecycle for row in index.issues(fingerprint(1))] == ["recurring" if how == "mended" else "new"]


def test_damage__a_sound_record_that_is_changed_is_told(tmp_path: Path) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    ledger_of(remote).append([scan("1", 0, 1)])
    catch_up(ledger_of(remote), index)
    _push_file(remote, "telemetry/runs/acme/shop/2026/03/01-1.json", encode(scan("1", 0)).decode())

    with pytest.raises(LedgerResetError, match="lost or changed 1 record"):
        catch_up(ledger_of(remote), index)


def test_damage__in_the_wrong_place_is_named(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    ledger_of(remote).append([scan("1", 0, 1)])
    text = git(remote, "show", f"{BRANCH}:telemetry/runs/acme/shop/2026/03/01-1.json")
    _push_file(remote, "telemetry/runs/acme/other/2026/03/01-1.json", text)

    [_, fault] = sorted(ledger_of(remote).read_since("").entries, key=lambda entry: isinstance(entry, Damaged))

    assert isinstance(fault, Damaged)
    assert "belongs at telemetry/runs/acme/shop" in fault.problem


@pytest.mark.parametrize("kind", ["scan_run", "cycle"])
def test_a_record_from_the_future__is_a_clear_error(tmp_path: Path, kind: str) -> None:
    remote = bare(tmp_path / "remote.git")
    path = {"scan_run": "telemetry/runs/a/b/2026/03/01-1.json", "cycle": "telemetry/cycles/2026/03/01-c.json"}[kind]
    _push_file(remote, path, f'{{"schema_version": 99, "kind": "{kind}"}}')
    index = _index(tmp_path)

    with pytest.raises(FutureRecordError, match=f"{path}: {kind} of version 99.*update codeql-fixer"):
        catch_up(ledger_of(remote), index)

    assert index.tip() == ""


# --- the branch itself


def test_branch__reset_underneath_is_told_and_the_records_are_rescued(tmp_path: Path) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    mirror = tmp_path / "state" / "ledger.git"
    first = _landed(ledger_of(remote), 1).tip
    reader = ledger_of(remote, mirror=mirror)
    _landed(reader, 2, 3)
    reader.append([scan("1", 0, 2)])
    catch_up(reader, index)
    git(remote, "update-ref", f"refs/heads/{BRANCH}", first)

    with pytest.raises(LedgerResetError, match=r"lost or changed 3 records.*replay (\S+)'") as caught:
        catch_up(reader, index)

    assert [row.lifecycle for row in index.issues(fingerprint(2))] == ["session_dispatched"]  # untouched
    rescued = DirectoryLedger(Path(str(caught.value).partition("replay ")[2].partition("'")[0]))
    recorder = Recorder(ledger=ledger_of(remote), kept=DirectoryLedger(tmp_path / "kept"), replay="")
    assert replay(rescued, recorder, lambda _: None) == 3
    assert _ids(ledger_of(remote)) == ["i-1", "i-2", "i-3", "scan_run/acme/shop/1"]
    catch_up(ledger_of(remote, mirror=mirror), index)


def test_branch__reset_can_be_accepted(tmp_path: Path) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    first = _landed(ledger_of(remote), 1).tip
    ledger_of(remote).append([scan("1", 0, 2)])
    catch_up(ledger_of(remote), index)
    git(remote, "update-ref", f"refs/heads/{BRANCH}", first)

    assert catch_up(ledger_of(remote), index, is_rebuild=True).tip == first

    assert index.repositories() == []


@pytest.mark.parametrize("how", ["deleted", "of another ledger"])
def test_branch__that_does_not_know_the_index_is_told(tmp_path: Path, how: str) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    _landed(ledger_of(remote), 1)
    catch_up(ledger_of(remote), index)
    other = bare(tmp_path / "other.git")
    if how == "of another ledger":
        _landed(ledger_of(other), 2)
        remote = other
    else:
        git(remote, "update-ref", "-d", f"refs/heads/{BRANCH}")

    with pytest.raises(LedgerResetError, match="rebuild"):
        catch_up(ledger_of(remote), index)


def test_branch__an_append_after_a_reset_goes_on_from_there(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    ledger = ledger_of(remote)
    first = _landed(ledger, 1).tip
    _landed(ledger, 2)
    git(remote, "update-ref", f"refs/heads/{BRANCH}", first)

    _landed(ledger, 3)

    assert _ids(ledger_of(remote)) == ["i-1", "i-3"]


def test_branch__of_a_repository_whose_default_branch_was_renamed(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    _push_other = "commit refs/heads/main\ncommitter x <x@example.invalid> 0 +0000\ndata 1\nx\n"
    subprocess.run(["git", "-C", remote, "fast-import", "--quiet"], input=_push_other, text=True, check=True)
    _landed(ledger_of(remote), 1)
    git(remote, "branch", "--move", "main", "trunk")
    git(remote, "symbolic-ref", "HEAD", "refs/heads/trunk")

    _landed(ledger_of(remote), 2)

    assert _ids(ledger_of(remote)) == ["i-1", "i-2"]
    assert refs(remote) == [f"refs/heads/{BRANCH}", "refs/heads/trunk"]


@pytest.mark.parametrize("checked_out", ["detached", "the branch itself"])
def test_ledger__in_a_clone_with_a_work_tree(tmp_path: Path, checked_out: str) -> None:
    remote = bare(tmp_path / "remote.git")
    _landed(ledger_of(remote), 1)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--branch", BRANCH, remote, clone], check=True)
    if checked_out == "detached":
        git(clone, "checkout", "--quiet", "--detach")

    landed = _landed(ledger_of(clone), 2)

    assert _ids(ledger_of(clone)) == ["i-1", "i-2"]
    assert bool(landed.inbox) == (checked_out != "detached")  # git refuses to move a branch under a work tree
    assert git(clone, "status", "--short") == ""


def test_ledger__on_a_server_without_partial_clones(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    git(remote, "config", "uploadpack.allowFilter", "false")

    _landed(ledger_of(remote), 1)
    _landed(ledger_of(remote), 2)
    _lose_a_race(remote, 3)
    _landed(ledger_of(remote), 4)

    assert _ids(ledger_of(remote)) == ["i-1", "i-1003", "i-2", "i-3", "i-4"]


def test_ledger__with_sha256(tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--object-format=sha256", remote], check=True)

    with pytest.raises(LedgerNotWrittenError, match=r"object format|hash algorithm|mismatched algorithms"):
        ledger_of(remote, seconds=1).append([intent("i-1", 1, 1)])


# --- reaching the server


def test_http__the_token_opens_the_door_and_is_seen_nowhere(tmp_path: Path) -> None:
    bare(tmp_path / "remote.git")
    spy = tmp_path / "bin"
    spy.mkdir()
    real = shutil.which("git")
    (spy / "git").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/arguments\nexec {real} "$@"\n')
    (spy / "git").chmod(0o755)
    environment = {"PATH": f"{spy}:{os.environ['PATH']}", "HOME": os.environ["HOME"], "GIT_TRACE": "1"}  # noqa: TID251 - tests

    with http_server(tmp_path, "--token", TOKEN) as address:
        url = f"{address}/remote.git"
        ledger = ledger_of(url, environment=environment, token=TOKEN, server=address)
        _landed(ledger, 1)
        assert _ids(ledger) == ["i-1"]
        with pytest.raises(LedgerNotWrittenError, match=r"(?s)GITHUB_TOKEN") as wrong:
            ledger_of(url, token="ghs_wrong" * 4, server=address).append([intent("i-2", 2, 2)])
        with pytest.raises(UpstreamError, match="GITHUB_TOKEN"):
            list(ledger_of(url).read_since("").entries)
        with pytest.raises(LedgerNotWrittenError):  # another server does not get the token
            ledger_of(url, token=TOKEN, server="https://github.com").append([intent("i-3", 3, 3)])

    arguments = (tmp_path / "arguments").read_text()
    assert "fetch" in arguments
    for secret in (TOKEN, "ghs_wrong" * 4):
        assert secret not in arguments
        assert secret not in str(wrong.value)
    assert TOKEN not in repr(Remote(url, TOKEN))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_http__a_server_with_bad_days_is_asked_again(tmp_path: Path, seed: int) -> None:
    bare(tmp_path / "remote.git")

    with http_server(tmp_path, "--fail-share", "0.15", "--seed", str(seed)) as address:
        ledger = ledger_of(f"{address}/remote.git", seconds=60)
        for number in (1, 2, 3):
            _landed(ledger, number)
        found = _ids(ledger)

    assert found == ["i-1", "i-2", "i-3"]


def test_http__nobody_there(tmp_path: Path) -> None:
    with http_server(tmp_path) as address:
        pass

    with pytest.raises(LedgerNotWrittenError, match="try again later"):
        ledger_of(f"{address}/remote.git", seconds=1).append([intent("i-1", 1, 1)])


def test_http__no_such_repository(tmp_path: Path) -> None:
    with (
        http_server(tmp_path) as address,
        pytest.raises(LedgerNotWrittenError, match="check --ledger or --control-repo"),
    ):
        ledger_of(f"{address}/nothing.git", seconds=30).append([intent("i-1", 1, 1)])


@pytest.mark.parametrize("url", ["https://user:pass@example.com/x.git", "https://token@example.com/x.git"])
def test_remote__refuses_an_address_with_a_secret(url: str) -> None:
    with pytest.raises(UserError, match="GITHUB_TOKEN") as error:
        Remote(url)

    assert "pass" not in str(error.value).replace("password", "")


def test_git__that_hangs_is_stopped(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    _landed(ledger_of(remote), 1)
    hook(remote, "pre-receive", "exec sleep 600")

    with pytest.raises(LedgerNotWrittenError, match=r"did not end within 0\.5 s"):
        ledger_of(remote, seconds=0.5).append([intent("i-2", 2, 2)])


def test_git__that_is_missing(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")

    with pytest.raises(UserError, match="git cannot be started"):
        ledger_of(remote, environment={"PATH": str(tmp_path)}).append([intent("i-1", 1, 1)])


# --- this machine

APPEND = """
import random, sys; sys.path[:0] = [{scripts!r}, {root!r}]
from pathlib import Path
from tests.records import intent
from tests.remotes import ledger_of
ledger = ledger_of(Path({remote!r}), seconds=5)
ledger.append([intent("i-2", 2, 2, batch_id=random.Random(1).randbytes({size}).hex()), intent("i-3", 3, 3)])
"""


def _append_script(remote: Path, size: int = 1) -> str:
    return APPEND.format(scripts=str(ROOT / "scripts"), root=str(ROOT), remote=str(remote), size=size)


def _may_mount() -> bool:
    return (
        os.geteuid() == 0
        and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.parametrize("size", [1, 2_000_000])
def test_disk__full(tmp_path: Path, size: int) -> None:
    """Not even room to make a repository, and room for that but not for the record."""
    if not _may_mount():
        pytest.skip("only root can make a small disk")
    remote = bare(tmp_path / "remote.git")
    _landed(ledger_of(remote), 1)
    small = tmp_path / "small"
    small.mkdir()
    script = tmp_path / "append.py"
    script.write_text(_append_script(remote, size))
    kilobytes = 16 if size == 1 else 1024
    command = f"mount -t tmpfs -o size={kilobytes}k none {small} && TMPDIR={small} exec {sys.executable} {script}"

    done = subprocess.run(["unshare", "--mount", "sh", "-c", command], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "LedgerNotWrittenError" in done.stderr
    assert "No space left" in done.stderr
    assert _ids(ledger_of(remote)) == ["i-1"]


def _killing_git(folder: Path, moment: str, number: int) -> Path:
    """A git that kills whoever calls it, before or after its n-th command."""
    folder.mkdir()
    real = shutil.which("git")
    count = f"echo >>{folder}/count; n=$(($(wc -l <{folder}/count)))"
    before = f'[ $n -ne {number} ] || {{ kill -9 $PPID; exit 1; }}; exec {real} "$@"'
    after = f'{real} "$@"; code=$?; [ $n -ne {number} ] || kill -9 $PPID; exit $code'
    (folder / "git").write_text(f"#!/bin/sh\n{count}\n{before if moment == 'before' else after}\n")
    (folder / "git").chmod(0o755)
    return folder


@pytest.mark.parametrize("situation", ["plain", "folding", "lost race"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_kill__at_every_step_of_git_loses_and_doubles_nothing(tmp_path: Path, situation: str, moment: str) -> None:
    """Kill -9 before and after every subprocess, then the same append again."""
    script = tmp_path / "append.py"
    killed = 0
    for number in range(1, 40):
        remote = bare(tmp_path / f"remote{number}.git")
        expected = ["i-1", "i-2", "i-3"]
        _landed(ledger_of(remote), 1)
        if situation == "folding":
            _lose_a_race(remote, 4)
            expected += ["i-1004", "i-4"]
        if situation == "lost race":
            hook(remote, "update", f'case "$1" in refs/heads/{BRANCH}) echo protected branch >&2; exit 1;; esac')
        script.write_text(_append_script(remote))
        folder = _killing_git(tmp_path / f"bin{number}", moment, number)
        environment = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": os.environ["HOME"]}  # noqa: TID251 - tests
        done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in {0, -9}, done.stderr
        killed += done.returncode == -9

        again = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)

        assert again.returncode == 0, again.stderr
        ledger = ledger_of(remote)
        assert _ids(ledger) == sorted(expected), (number, moment)
        assert fsck(ledger, at(10_000)) == (len(expected), [])
        if done.returncode == 0:
            break
    assert killed >= 3  # fetch, fast-import, push


@pytest.mark.parametrize("moment", ["before", "after"])
def test_kill__while_reading_leaves_an_index_that_catches_up(tmp_path: Path, moment: str) -> None:
    remote = bare(tmp_path / "remote.git")
    ledger_of(remote).append([scan("1", 0, 1)])
    command = [sys.executable, str(ROOT / "scripts/orchestrator.py"), "status", "--ledger", str(remote), "--json"]
    for number in range(1, 20):
        state = tmp_path / f"state{number}"
        folder = _killing_git(tmp_path / f"bin{number}", moment, number)
        environment = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": os.environ["HOME"]}  # noqa: TID251 - tests
        done = subprocess.run(
            [*command, "--state-dir", str(state)], env=environment, capture_output=True, text=True, check=False
        )

        again = subprocess.run([*command, "--state-dir", str(state)], capture_output=True, text=True, check=False)

        assert again.returncode == 0, again.stderr
        assert '"new": 1' in again.stdout
        if done.returncode == 0:
            break
    assert number > 2


def test_mirror__with_locks_that_a_killed_process_left_is_made_anew(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    mirror = tmp_path / "mirror.git"
    _landed(ledger_of(remote), 1)
    assert _ids(ledger_of(remote, mirror=mirror)) == ["i-1"]
    for name in ("shallow.lock", "packed-refs.lock", "config.lock"):
        (mirror / name).write_text("")
    _landed(ledger_of(remote), 2)

    assert _ids(ledger_of(remote, mirror=mirror)) == ["i-1", "i-2"]


# --- records that were kept


def test_record__that_cannot_be_written_is_kept_and_replayed(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    hook(remote, "pre-receive", "echo no today >&2; exit 1")
    kept = DirectoryLedger(tmp_path / "kept")
    recorder = Recorder(ledger=ledger_of(remote, seconds=0.5), kept=kept, replay="orchestrator.py replay kept")

    with pytest.raises(LedgerNotWrittenError, match=r"(?s)no today.*1 record kept.*orchestrator.py replay kept"):
        recorder.record([scan("1", 0, 1)])

    (remote / "hooks/pre-receive").unlink()
    assert replay(kept, recorder, lambda _: None) == 1
    assert replay(kept, recorder, lambda _: None) == 1
    assert _ids(ledger_of(remote)) == ["scan_run/acme/shop/1"]


def test_replay__of_damaged_records_writes_nothing(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    kept = DirectoryLedger(tmp_path / "kept")
    kept.append([scan("1", 0, 1), scan("2", 1, 1)])
    (tmp_path / "kept/telemetry/runs/acme/shop/2026/03/01-2.json").write_text("{")
    recorder = Recorder(ledger=ledger_of(remote), kept=kept, replay="")

    with pytest.raises(UserError, match=r"01-2\.json"):
        replay(kept, recorder, lambda _: None)

    assert refs(remote) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda root: (root / "journal").write_text("telemetry/cycles/2026"),  # killed inside a line
        lambda root: (root / "journal").unlink(),
        lambda root: (root / "telemetry/runs/acme/shop/2026/03/.01-9.json.partial").write_text("{"),
    ],
)
def test_directory__after_a_killed_writer(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    ledger = DirectoryLedger(tmp_path)
    ledger.append([scan("1", 0, 1)])

    damage(tmp_path)

    assert _ids(ledger) == ["scan_run/acme/shop/1"]
    ledger.append([scan("2", 1, 1)])
    assert _ids(DirectoryLedger(tmp_path)) == ["scan_run/acme/shop/1", "scan_run/acme/shop/2"]


def test_directory__tells_what_is_gone(tmp_path: Path) -> None:
    ledger = DirectoryLedger(tmp_path)
    landed = ledger.append([scan("1", 0, 1), scan("2", 1, 1)])
    assert isinstance(landed, Landed)
    path = "telemetry/runs/acme/shop/2026/03/01-1.json"
    (tmp_path / path).unlink()

    assert ledger.read_since(landed.tip).lost == (path,)
    assert [fault.path for fault in fsck(ledger, at(99))[1]] == [path]


def test_directory__that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(LedgerNotWrittenError, match="file"):
        DirectoryLedger(tmp_path / "file" / "ledger").append([scan("1", 0, 1)])


def test_inbox_refs__are_named_by_what_they_hold() -> None:
    one, two = files_of([intent("i-1", 1, 1)]), files_of([intent("i-1", 1, 2)])

    assert inbox_refs(BRANCH, one) == inbox_refs(BRANCH, dict(one))
    assert inbox_refs(BRANCH, one) != inbox_refs(BRANCH, two)
