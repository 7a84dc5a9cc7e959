"""Many writers on one branch, with folding going on: every record is there, none twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.fsck import fsck
from codeql_fixer.ports.ledger import Conflict, Landed, Stored
from tests.records import at, fingerprint, intent, scan
from tests.remotes import bare, git, hook, ledger_of, refs

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.adapters.ledger.git_ledger import GitLedger


def _paths(ledger: GitLedger) -> list[str]:
    entries = list(ledger.read_since("").entries)
    assert all(isinstance(entry, Stored) for entry in entries)
    return sorted(entry.path for entry in entries)


def _write(remote: Path, writer: int, appends: int) -> tuple[float, int]:
    """One writer's appends: the longest wait in seconds, and how many of them went to the inbox."""
    ledger = ledger_of(remote, seconds=120)
    longest, waiting = 0.0, 0
    for number in range(appends):
        started = time.monotonic()
        landed = ledger.append([intent(f"w{writer}-{number}", writer, writer * 1000 + number)])
        longest = max(longest, time.monotonic() - started)
        assert isinstance(landed, Landed)
        waiting += bool(landed.inbox)
    return longest, waiting


@pytest.mark.parametrize(("writers", "appends"), [(12, 15), (50, 4), (100, 1)])
def test_append__by_many_writers_loses_nothing(tmp_path: Path, writers: int, appends: int) -> None:
    remote = bare(tmp_path / "remote.git")

    with ThreadPoolExecutor(writers) as pool:
        done = list(pool.map(lambda writer: _write(remote, writer, appends), range(writers)))

    longest, waiting = max(wait for wait, _ in done), sum(count for _, count in done)
    print(f"\n{writers} writers x {appends}: worst wait {longest:.2f} s, {waiting} by way of the inbox")  # noqa: T201
    ledger = ledger_of(remote)
    expected = sorted(f"w{writer}-{number}" for writer in range(writers) for number in range(appends))
    assert [path.split("/")[-1].removesuffix(".intent.json") for path in _paths(ledger)] == expected
    ledger.append([])  # folds what still waits
    assert refs(remote) == ["refs/heads/telemetry"]
    assert git(remote, "ls-tree", "-r", "--name-only", "telemetry").split() == _paths(ledger)
    assert fsck(ledger, at(10_000)) == (writers * appends, [])


def test_append__by_many_writers_of_many_kinds_on_a_moody_server(tmp_path: Path) -> None:
    """The server refuses a third of all pushes, for no reason that it tells."""
    remote = bare(tmp_path / "remote.git")
    hook(remote, "pre-receive", f"echo >>{tmp_path}/n; [ $(($(wc -l <{tmp_path}/n) % 3)) -ne 0 ] || exit 1")

    def write(writer: int) -> None:
        ledger = ledger_of(remote, seconds=120)
        ledger.append([scan(f"s{writer}", writer, writer), intent(f"i{writer}", writer, writer)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    ledger = ledger_of(remote)
    assert len(_paths(ledger)) == 16
    assert fsck(ledger, at(10_000)) == (16, [])


def test_append__with_clocks_that_disagree(tmp_path: Path) -> None:
    """Who writes first does not depend on what anybody's clock says."""
    remote = bare(tmp_path / "remote.git")
    hours = [0, -1000, 5000, 3, 24 * 365]

    with ThreadPoolExecutor(len(hours)) as pool:
        list(pool.map(lambda hour: ledger_of(remote).append([scan(f"r{abs(hour)}", hour, 1)]), hours))

    ledger = ledger_of(remote)
    records, faults = fsck(ledger, at(4000))
    assert records == len(hours)
    assert [("in the future" in fault.problem) for fault in faults] == [True, True]


def test_claim__of_many_at_once_one_wins_and_the_others_learn_what_it_claimed(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    first = ledger_of(remote).append([scan("1", 0, 1)])
    assert isinstance(first, Landed)

    def claim(number: int) -> Landed | Conflict:
        return ledger_of(remote).append([intent(f"i-{number}", number, 1)], expected_tip=first.tip)

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(claim, range(8)))

    [won] = [item for item in done if isinstance(item, Landed)]
    lost = [item for item in done if isinstance(item, Conflict)]
    assert len(lost) == 7
    assert {item.tip for item in lost} == {won.tip}
    assert {record.id for item in lost for record in item.new_records} == {f"i-{done.index(won)}"}
    assert len(_paths(ledger_of(remote))) == 2


def test_catch_up__by_many_at_once(tmp_path: Path) -> None:
    remote = bare(tmp_path / "remote.git")

    def look(number: int) -> int:
        ledger = ledger_of(remote, mirror=tmp_path / "mirror.git")
        ledger.append([scan(str(number), number, 1)])
        index = SqlIndex(SqliteDatabase(tmp_path / "index.sqlite"))
        catch_up(ledger, index)
        return index.repositories()[0].runs

    with ThreadPoolExecutor(6) as pool:
        seen = list(pool.map(look, range(12)))

    assert max(seen) <= 12
    index = SqlIndex(SqliteDatabase(tmp_path / "index.sqlite"))
    catch_up(ledger_of(remote), index)
    [row] = index.issues(fingerprint(1))
    assert (index.repositories()[0].runs, row.issue.appearances) == (12, 12)
