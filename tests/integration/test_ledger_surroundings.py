"""What goes wrong between this machine and a ledger: the server, the token, git, the disk, a kill at any moment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.adapters.ledger.files import files_of
from codeql_fixer.adapters.ledger.git_command import Remote
from codeql_fixer.adapters.ledger.git_inbox import inbox_refs
from codeql_fixer.app.fsck import fsck
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.replay import replay
from codeql_fixer.errors import LedgerNotWrittenError, UpstreamError, UserError
from codeql_fixer.ports.ledger import Landed
from tests.records import at, intent, scan
from tests.remotes import BRANCH, bare, hook, http_server, ids_of, landed, ledger_of, lose_a_race, refs

if TYPE_CHECKING:
    from collections.abc import Callable


ROOT = Path(__file__).parents[2]
TOKEN = "ghs_" + "s3cret" * 6


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
        landed(ledger, 1)
        assert ids_of(ledger) == ["i-1"]
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
            landed(ledger, number)
        found = ids_of(ledger)

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
    landed(ledger_of(remote), 1)
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
    landed(ledger_of(remote), 1)
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
    assert ids_of(ledger_of(remote)) == ["i-1"]


def test_disk__full_under_the_index(tmp_path: Path) -> None:
    if not _may_mount():
        pytest.skip("only root can make a small disk")
    remote = bare(tmp_path / "remote.git")
    ledger_of(remote).append([scan(str(number), number, *range(500)) for number in range(20)])
    small, script = tmp_path / "small", ROOT / "scripts/orchestrator.py"
    small.mkdir()
    command = (
        f"mount -t tmpfs -o size=300k none {small} && exec {sys.executable} {script} status --ledger {remote} "
        f"--state-dir {tmp_path}/state --index {small}/index"
    )

    done = subprocess.run(["unshare", "--mount", "sh", "-c", command], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr


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
        landed(ledger_of(remote), 1)
        if situation == "folding":
            lose_a_race(remote, 4)
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
        assert ids_of(ledger) == sorted(expected), (number, moment)
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
    landed(ledger_of(remote), 1)
    assert ids_of(ledger_of(remote, mirror=mirror)) == ["i-1"]
    for name in ("shallow.lock", "packed-refs.lock", "config.lock"):
        (mirror / name).write_text("")
    landed(ledger_of(remote), 2)

    assert ids_of(ledger_of(remote, mirror=mirror)) == ["i-1", "i-2"]


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
    assert ids_of(ledger_of(remote)) == ["scan_run/acme/shop/1"]


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

    assert ids_of(ledger) == ["scan_run/acme/shop/1"]
    ledger.append([scan("2", 1, 1)])
    assert ids_of(DirectoryLedger(tmp_path)) == ["scan_run/acme/shop/1", "scan_run/acme/shop/2"]


def test_directory__tells_what_is_gone(tmp_path: Path) -> None:
    ledger = DirectoryLedger(tmp_path)
    done = ledger.append([scan("1", 0, 1), scan("2", 1, 1)])
    assert isinstance(done, Landed)
    path = "telemetry/runs/acme/shop/2026/03/01-1.json"
    (tmp_path / path).unlink()

    assert ledger.read_since(done.tip).lost == (path,)
    assert [fault.path for fault in fsck(ledger, at(99))[1]] == [path]


@pytest.mark.parametrize("name", ["journal", "journal.lock", "telemetry", "telemetry/runs", "telemetry/runs/acme"])
def test_directory__follows_no_link(tmp_path: Path, name: str) -> None:
    """Kept records lie in an output directory, and that may lie in a stranger's checkout."""
    elsewhere, kept = tmp_path / "elsewhere", tmp_path / "kept"
    elsewhere.mkdir()
    (kept / name).parent.mkdir(parents=True)
    (kept / name).symlink_to(elsewhere / "new" if "journal" in name else elsewhere)

    with pytest.raises(UserError, match="is a link, which is not followed"):
        DirectoryLedger(kept).append([scan("1", 0, 1)])

    assert not [path for path in elsewhere.rglob("*") if path.is_file()]


def test_directory__that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(LedgerNotWrittenError, match="file"):
        DirectoryLedger(tmp_path / "file" / "ledger").append([scan("1", 0, 1)])


def test_inbox_refs__are_named_by_what_they_hold() -> None:
    one, two = files_of([intent("i-1", 1, 1)]), files_of([intent("i-1", 1, 2)])

    assert inbox_refs(BRANCH, one) == inbox_refs(BRANCH, dict(one))
    assert inbox_refs(BRANCH, one) != inbox_refs(BRANCH, two)
