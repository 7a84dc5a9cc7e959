"""What goes wrong around a git ledger, and the state that each failure ends in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.codec import encode
from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.adapters.ledger.files import files_of
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.compact import compact
from codeql_fixer.app.fsck import fsck
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.replay import replay
from codeql_fixer.errors import FutureRecordError, LedgerNotWrittenError, LedgerResetError, UserError
from codeql_fixer.ports.ledger import Damaged, Landed
from tests.records import at, cycle, fingerprint, intent, scan, snapshot
from tests.remotes import BRANCH, bare, git, hook, ids_of, landed, ledger_of, lose_a_race, refs


def _index(folder: Path) -> SqlIndex:
    return SqlIndex(SqliteDatabase(folder / "index.sqlite"))


# --- the inbox


def test_append__that_loses_the_branch_is_durable_at_once_and_folded_by_the_next(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    landed(ledger_of(remote), 1)

    ref = lose_a_race(remote, 2)

    assert ref.startswith("refs/cqf/inbox/")
    assert ids_of(ledger_of(remote)) == ["i-1", "i-1002", "i-2"]
    done = landed(ledger_of(remote), 3)
    assert refs(remote) == [f"refs/heads/{BRANCH}"]
    assert done.tip == git(remote, "rev-parse", BRANCH)
    assert ids_of(ledger_of(remote)) == ["i-1", "i-1002", "i-2", "i-3"]


def test_append__of_a_snapshot_that_loses_the_branch_loses_nothing_else(tmp_path: Path) -> None:
    """The snapshot is replaced and so has no place in the inbox; what came with it has."""
    remote = bare(tmp_path / "remote.git")
    writer = ledger_of(remote)._writer  # noqa: SLF001 - what a writer saw before the other pushed
    heads = writer.heads()
    landed(ledger_of(remote), 1)

    waits = writer.put(heads, files_of([snapshot(1), intent("i-2", 2, 2)]), date=0)
    alone = writer.put(heads, files_of([snapshot(1)]), date=0)

    assert (bool(waits.inbox), alone) == (True, Landed(""))
    assert ids_of(ledger_of(remote)) == ["i-1", "i-2"]
    ledger_of(remote).append([])
    assert refs(remote) == [f"refs/heads/{BRANCH}"]


def test_append__of_nothing_folds(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    landed(ledger_of(remote), 1)
    lose_a_race(remote, 2)

    ledger_of(remote).append([])

    assert refs(remote) == [f"refs/heads/{BRANCH}"]


def test_append__of_what_waits_in_the_inbox_already_changes_nothing(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    landed(ledger_of(remote), 1)
    lose_a_race(remote, 2)

    landed(ledger_of(remote), 2)

    assert ids_of(ledger_of(remote)) == ["i-1", "i-1002", "i-2"]
    with pytest.raises(UserError, match="another record"):
        ledger_of(remote).append([intent("i-2", 2, 99)])


def test_append__where_the_host_refuses_such_refs_takes_a_branch(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    git(remote, "config", "transfer.hideRefs", "refs/cqf")
    landed(ledger_of(remote), 1)

    ref = lose_a_race(remote, 2)

    assert ref.startswith(f"refs/heads/{BRANCH}-inbox/")
    assert ids_of(ledger_of(remote)) == ["i-1", "i-1002", "i-2"]
    landed(ledger_of(remote), 3)
    assert refs(remote) == [f"refs/heads/{BRANCH}"]
    assert ids_of(ledger_of(remote)) == ["i-1", "i-1002", "i-2", "i-3"]


def test_append__where_nobody_may_delete_leaves_the_refs_and_doubles_nothing(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    landed(ledger_of(remote), 1)
    ref = lose_a_race(remote, 2)
    hook(remote, "update", 'case "$3" in 0000*) echo no deletions >&2; exit 1;; esac')

    done = landed(ledger_of(remote), 3)

    assert done.tip == git(remote, "rev-parse", BRANCH)
    assert ref in refs(remote)
    ledger = ledger_of(remote)
    assert ids_of(ledger) == ["i-1", "i-1002", "i-2", "i-3"]
    assert fsck(ledger, at(10_000)) == (4, [])
    assert landed(ledger_of(remote), 4).tip


def test_append__of_nothing_where_nobody_may_delete_makes_no_commit(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    landed(ledger_of(remote), 1)
    lose_a_race(remote, 2)
    hook(remote, "update", 'case "$3" in 0000*) echo no deletions >&2; exit 1;; esac')
    tip = landed(ledger_of(remote), 3).tip

    ledger_of(remote).append([])
    ledger_of(remote).append([])

    assert git(remote, "rev-parse", BRANCH) == tip


def test_fold__of_two_records_for_one_place_takes_one_and_keeps_the_other(tmp_path: Path) -> None:
    """Two writers who both lost the race, with different records under one name: neither may vanish."""
    remote = bare(tmp_path / "remote.git")
    landed(ledger_of(remote), 1)
    writers = [ledger_of(remote)._writer for _ in range(2)]  # noqa: SLF001 - what a writer saw before others pushed
    heads = [writer.heads() for writer in writers]
    landed(ledger_of(remote), 2)
    for number, (writer, seen) in enumerate(zip(writers, heads, strict=True)):
        writer.put(seen, files_of([intent("i-same", 1, number)]), date=0)
    assert len(refs(remote)) == 3

    landed(ledger_of(remote), 3)

    ledger = ledger_of(remote)
    assert ids_of(ledger).count("i-same") == 1  # a reader takes what a folder takes
    [left] = [ref for ref in refs(remote) if "inbox" in ref]
    [fault] = fsck(ledger, at(10_000))[1]
    assert fault.problem == f"{left}: telemetry/dispatches/2026/03/i-same.intent.json is taken by another record"


def test_append__to_a_protected_branch_waits_in_the_inbox(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    hook(remote, "update", f'case "$1" in refs/heads/{BRANCH}) echo GH006: Protected branch >&2; exit 1;; esac')

    done = landed(ledger_of(remote), 1)

    assert done == Landed("", done.inbox)
    assert done.inbox.startswith("refs/cqf/inbox/")
    assert ids_of(ledger_of(remote)) == ["i-1"]  # readers take both


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
    landed(ledger_of(remote), 1)
    taken = git(remote, "ls-tree", "-r", "--name-only", BRANCH)
    evil = tmp_path / "evil"
    subprocess.run(["git", "init", "--quiet", evil], check=True)
    injected = "telemetry/cycles/2026/03/x\nD telemetry\nM 100644 inline y.json".replace("/", "%2F").replace(
        "\n", "%0A"
    )
    names = [".github%2Fworkflows%2Fx.yml", "%2e%2e%2Fx", taken.replace("/", "%2F"), "deep/x", injected]
    for number, name in enumerate(names):
        git(evil, "checkout", "--quiet", "--orphan", f"b{number}")
        shutil.rmtree(evil / "deep", ignore_errors=True)
        for old in evil.glob("*[!t]"):
            old.unlink() if old.is_file() else None
        (evil / name).parent.mkdir(exist_ok=True)
        (evil / name).write_text("{}")
        git(evil, "add", "--all")
        git(evil, "-c", "user.name=e", "-c", "user.email=e@example.invalid", "commit", "--quiet", "-m", "x")
        git(evil, "push", "--quiet", remote.as_uri(), f"HEAD:refs/cqf/inbox/evil{number}")

    command = ["git", "-C", str(remote), "hash-object", "-w", "--stdin"]
    blob = subprocess.run(command, input="x", capture_output=True, text=True, check=True)
    git(remote, "update-ref", "refs/cqf/inbox/evil-blob", blob.stdout.strip())

    landed(ledger_of(remote), 2)

    assert len(git(remote, "ls-tree", "-r", "--name-only", BRANCH).split()) == 2
    assert len([ref for ref in refs(remote) if "evil" in ref]) == 6
    records, faults = fsck(ledger_of(remote), at(10_000))
    assert records == 2
    assert len(faults) == 6
    assert ids_of(ledger_of(remote)) == ["i-1", "i-2"]


# --- damage


def test_damage__a_link_to_another_repository_in_a_records_place(tmp_path: Path) -> None:
    """A submodule in git's words: a commit where a file is expected, of which nobody has the contents."""
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    ledger_of(remote).append([scan("1", 0, 1)])
    catch_up(ledger_of(remote), index)
    path = "telemetry/cycles/2026/03/01-c.json"
    _push_file(remote, "", "", command=f"M 160000 {'1' * 40} {path}")

    catch_up(ledger_of(remote), index)
    ledger_of(remote).append([scan("2", 2, 1)])
    catch_up(ledger_of(remote), index, is_rebuild=True)

    assert [row.lifecycle for row in index.issues(fingerprint(1))] == ["recurring"]
    assert [fault.problem for fault in fsck(ledger_of(remote), at(99))[1]] == [f"{path}: is no plain file"]


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
    "at the end of time": (
        "telemetry/cycles/2026/03/01-c.json",
        encode(cycle("c", 1)).decode().replace("2026-03-01T01:00:00Z", "0001-01-01T00:00:00+10:00"),
    ),
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

    assert index.position().tip == ""


# --- the branch itself


def test_branch__reset_underneath_is_told_and_the_records_are_rescued(tmp_path: Path) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    mirror = tmp_path / "state" / "ledger.git"
    first = landed(ledger_of(remote), 1).tip
    reader = ledger_of(remote, mirror=mirror)
    landed(reader, 2, 3)
    reader.append([scan("1", 0, 2)])
    catch_up(reader, index)
    git(remote, "update-ref", f"refs/heads/{BRANCH}", first)

    with pytest.raises(LedgerResetError, match=r"lost or changed 3 records.*replay (\S+)'") as caught:
        catch_up(reader, index)

    assert [row.lifecycle for row in index.issues(fingerprint(2))] == ["session_dispatched"]  # untouched
    rescued = DirectoryLedger(Path(str(caught.value).partition("replay ")[2].partition("'")[0]))
    recorder = Recorder(ledger=ledger_of(remote), kept=DirectoryLedger(tmp_path / "kept"), replay="")
    assert replay(rescued, recorder, lambda _: None) == 3
    assert ids_of(ledger_of(remote)) == ["i-1", "i-2", "i-3", "scan_run/acme/shop/1"]
    catch_up(ledger_of(remote, mirror=mirror), index)


@pytest.mark.parametrize("how", ["removed", "cut"])
def test_branch__that_lost_part_of_a_pack_is_told_and_it_is_rescued(tmp_path: Path, how: str) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    reader = ledger_of(remote, mirror=tmp_path / "state" / "ledger.git")
    reader.append([scan("1", 0, 1), scan("2", 1, 1)])
    compact(reader, at(24 * 60), is_dry_run=False)
    catch_up(reader, index)
    path = "telemetry/packs/runs/acme/shop/2026/03.jsonl"
    whole = git(remote, "show", f"{BRANCH}:{path}")
    _push_file(remote, path, whole.splitlines()[0], command=f"D {path}" if how == "removed" else "")

    with pytest.raises(LedgerResetError, match=f"lost or changed {2 if how == 'removed' else 1} record") as caught:
        catch_up(reader, index)

    rescued = DirectoryLedger(Path(str(caught.value).partition("replay ")[2].partition("'")[0]))
    assert ids_of(rescued) == ["scan_run/acme/shop/1", "scan_run/acme/shop/2"]


def test_branch__reset_can_be_accepted(tmp_path: Path) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    first = landed(ledger_of(remote), 1).tip
    ledger_of(remote).append([scan("1", 0, 2)])
    catch_up(ledger_of(remote), index)
    git(remote, "update-ref", f"refs/heads/{BRANCH}", first)

    assert catch_up(ledger_of(remote), index, is_rebuild=True).tip == first

    assert index.repositories() == []


@pytest.mark.parametrize("how", ["deleted", "of another ledger"])
def test_branch__that_does_not_know_the_index_is_told(tmp_path: Path, how: str) -> None:
    remote, index = bare(tmp_path / "remote.git"), _index(tmp_path)
    landed(ledger_of(remote), 1)
    catch_up(ledger_of(remote), index)
    other = bare(tmp_path / "other.git")
    if how == "of another ledger":
        landed(ledger_of(other), 2)
        remote = other
    else:
        git(remote, "update-ref", "-d", f"refs/heads/{BRANCH}")

    with pytest.raises(LedgerResetError, match="rebuild"):
        catch_up(ledger_of(remote), index)


def test_branch__an_append_after_a_reset_goes_on_from_there(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    ledger = ledger_of(remote)
    first = landed(ledger, 1).tip
    landed(ledger, 2)
    git(remote, "update-ref", f"refs/heads/{BRANCH}", first)

    landed(ledger, 3)

    assert ids_of(ledger_of(remote)) == ["i-1", "i-3"]


def test_branch__of_a_repository_whose_default_branch_was_renamed(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    _push_other = "commit refs/heads/main\ncommitter x <x@example.invalid> 0 +0000\ndata 1\nx\n"
    subprocess.run(["git", "-C", remote, "fast-import", "--quiet"], input=_push_other, text=True, check=True)
    landed(ledger_of(remote), 1)
    git(remote, "branch", "--move", "main", "trunk")
    git(remote, "symbolic-ref", "HEAD", "refs/heads/trunk")

    landed(ledger_of(remote), 2)

    assert ids_of(ledger_of(remote)) == ["i-1", "i-2"]
    assert refs(remote) == [f"refs/heads/{BRANCH}", "refs/heads/trunk"]


@pytest.mark.parametrize("checked_out", ["detached", "the branch itself"])
def test_ledger__in_a_clone_with_a_work_tree(tmp_path: Path, checked_out: str) -> None:
    remote = bare(tmp_path / "remote.git")
    landed(ledger_of(remote), 1)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--branch", BRANCH, remote, clone], check=True)
    if checked_out == "detached":
        git(clone, "checkout", "--quiet", "--detach")

    done = landed(ledger_of(clone), 2)

    assert ids_of(ledger_of(clone)) == ["i-1", "i-2"]
    assert bool(done.inbox) == (checked_out != "detached")  # git refuses to move a branch under a work tree
    assert git(clone, "status", "--short") == ""


def test_ledger__on_a_server_without_partial_clones(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    git(remote, "config", "uploadpack.allowFilter", "false")

    landed(ledger_of(remote), 1)
    landed(ledger_of(remote), 2)
    lose_a_race(remote, 3)
    landed(ledger_of(remote), 4)

    assert ids_of(ledger_of(remote)) == ["i-1", "i-1003", "i-2", "i-3", "i-4"]


def test_ledger__with_sha256(tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--object-format=sha256", remote], check=True)

    with pytest.raises(LedgerNotWrittenError, match=r"object format|hash algorithm|mismatched algorithms"):
        ledger_of(remote, seconds=1).append([intent("i-1", 1, 1)])
