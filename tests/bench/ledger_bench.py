"""Measures the ledger against the loop that people write by hand and against bare pushes, and the index against orjson.

Wall-clock seconds for the ledger, since waiting is what writers do; CPU seconds for the index. Only ratios of one run
count. Aims: docs/reference/performance.md.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import msgspec  # noqa: E402 - the paths come first
from msgspec.structs import replace  # noqa: E402

from codeql_fixer.adapters.index.sql_index import SqlIndex  # noqa: E402
from codeql_fixer.adapters.index.sqlite import SqliteDatabase  # noqa: E402
from codeql_fixer.adapters.ledger.files import files_of  # noqa: E402
from codeql_fixer.adapters.ledger.memory import MemoryLedger  # noqa: E402
from codeql_fixer.app.catch_up import catch_up  # noqa: E402
from codeql_fixer.policy.ledger_paths import path_of  # noqa: E402
from codeql_fixer.policy.sla import DEFAULT_HOURS, limits  # noqa: E402
from tests.records import at, intent, issue_record, scan  # noqa: E402
from tests.remotes import bare, git, hook, ledger_of  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.ports.ledger import Changes

BY_HAND = """
set -e
git clone --quiet --branch telemetry "$1" "$2"
cd "$2"
for n in $(seq "$4"); do
  echo "{}" >"w$3-$n.json"
  git add --all
  git -c user.name=w -c user.email=w@example.invalid commit --quiet --message w
  until git push --quiet origin telemetry 2>/dev/null; do
    git -c user.name=w -c user.email=w@example.invalid pull --quiet --rebase origin telemetry 2>/dev/null || :
  done
done
"""
READ_WITH_ORJSON = """
import orjson, pathlib, sys
for line in open(sys.argv[1], 'rb'):
    orjson.loads(line)
"""


class Waits(NamedTuple):
    """Seconds that all appends took together, and the longest that one of them took."""

    total: float
    longest: float


def _writers(writers: int, append: Callable[[int], float]) -> Waits:
    """Run writers side by side; each gives its longest wait."""
    started = time.monotonic()
    with ThreadPoolExecutor(writers) as pool:
        longest = max(pool.map(append, range(writers)))
    return Waits(time.monotonic() - started, longest)


class LedgerBench:
    """Appends; `folder` holds the repositories."""

    def __init__(self, folder: Path, *, is_quick: bool) -> None:
        self._folder, self._is_quick = folder, is_quick
        self._numbers = itertools.count()

    def _remote(self, delay: float) -> Path:
        remote = bare(self._folder / f"remote{next(self._numbers)}.git")
        ledger_of(remote).append([intent("first", 0)])
        if delay:
            hook(remote, "pre-receive", f"sleep {delay}")
        return remote

    def ours(self, writers: int, appends: int, delay: float) -> Waits:
        """The product."""
        remote = self._remote(delay)

        def write(writer: int) -> float:
            ledger = ledger_of(remote, seconds=300)
            longest = 0.0
            for number in range(appends):
                started = time.monotonic()
                ledger.append([intent(f"w{writer}-{number}", writer)])
                longest = max(longest, time.monotonic() - started)
            return longest

        waits = _writers(writers, write)
        entries = list(ledger_of(remote).read_since("").entries)
        assert len(entries) == writers * appends + 1, "a record was lost or doubled"
        return waits

    def by_hand(self, writers: int, appends: int, delay: float) -> Waits:
        """Clone, commit, push, and when that is rejected pull with rebase and push again."""
        remote = self._remote(delay)

        def write(writer: int) -> float:
            started = time.monotonic()
            clone = self._folder / f"clone{next(self._numbers)}"
            command = ["bash", "-c", BY_HAND, "by-hand", str(remote), str(clone), str(writer), str(appends)]
            subprocess.run(command, check=True, capture_output=True)
            return time.monotonic() - started

        return _writers(writers, write)

    def pushes(self, writers: int, appends: int, delay: float) -> Waits:
        """The floor: a commit that is there already, pushed to a ref of its own."""
        remote = self._remote(delay)
        clones = []
        for _ in range(writers):
            clone = self._folder / f"clone{next(self._numbers)}"
            subprocess.run(["git", "clone", "--quiet", "--bare", remote, clone], check=True)
            clones.append(clone)

        def write(writer: int) -> float:
            longest = 0.0
            for number in range(appends):
                started = time.monotonic()
                git(clones[writer], "push", "--quiet", "origin", f"telemetry:refs/heads/w{writer}-{number}")
                longest = max(longest, time.monotonic() - started)
            return longest

        return _writers(writers, write)

    def contention(self) -> None:
        """P9: many writers."""
        shapes = [(1, 15), (12, 4)] if self._is_quick else [(1, 15), (12, 15), (50, 4), (100, 1)]
        for delay in (0.0, 0.2):
            lone = self.ours(1, 1, delay).longest
            for writers, appends in shapes:
                ours, floor = self.ours(writers, appends, delay), self.pushes(writers, appends, delay)
                count = writers * appends
                print(f"P9: {writers} x {appends}, server {1000 * delay:.0f} ms: ", end="")
                print(
                    f"{count / ours.total:.0f} appends/s, ours / bare pushes {ours.total / floor.total:.1f}, ", end=""
                )
                print(f"worst wait {ours.longest:.2f} s = {ours.longest / lone:.1f} x one lone append", flush=True)
                if writers <= (12 if delay else 50) and not (self._is_quick and delay):
                    hand = self.by_hand(writers, appends, delay)
                    print(
                        f"    by hand {count / hand.total:.0f} appends/s, by hand / ours {hand.total / ours.total:.1f}"
                    )

    def size(self) -> None:
        """P10: a branch with many records on it, a fresh ledger for each append; and the same push alone."""
        sizes = (0, 10_000) if self._is_quick else (0, 10_000, 100_000)
        medians = []
        for size in sizes:
            remote = bare(self._folder / f"size{size}.git")
            if size:
                _fill(remote, (scan(str(n), n % 8000, target_repo=f"acme/r{n % 1000}") for n in range(size)))
            ledger_of(remote).append([scan("first", 0, 1)])
            waits, pushes = [], []
            for number in range(9):
                started = time.monotonic()
                ledger_of(remote).append([scan(f"new{number}", number, 1)])
                waits.append(time.monotonic() - started)
                pushes.append(self._push_alone(remote, number))
            medians.append((statistics.median(waits), statistics.median(pushes)))
        (empty, empty_push), *_ = medians
        for size, (seconds, push) in zip(sizes, medians, strict=True):
            print(f"P10: append with {size:,} records on the branch: {1000 * seconds:.0f} ms, ", end="")
            print(f"{seconds / empty:.2f} x an empty one; without the push ", end="")
            print(f"{(seconds - push) / (empty - empty_push):.2f} x; the push alone {1000 * push:.0f} ms", flush=True)

    @staticmethod
    def _push_alone(remote: Path, number: int) -> float:
        """Seconds for a push of one more record by a commit that is made already."""
        writer = ledger_of(remote)._writer  # noqa: SLF001 - the step before the push
        heads = writer.heads()
        made = writer._commit(heads.tip, files_of([scan(f"alone{number}", number, 1)]), {}, date=0)  # noqa: SLF001
        started = time.monotonic()
        git(writer._git.directory, "push", "--quiet", "origin", f"{made.branch}:refs/heads/telemetry")  # noqa: SLF001
        return time.monotonic() - started


def _fill(remote: Path, records: Iterator[ScanRun]) -> Path:
    """Put records on a branch in one commit, past the product; also one per line in a file. Returns the file."""
    lines = remote.with_suffix(".jsonl")
    process = subprocess.Popen(["git", "-C", remote, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"commit refs/heads/telemetry\ncommitter b <b@example.invalid> 0 +0000\ndata 1\nb\n")
    with lines.open("wb") as stream:
        for record in records:
            data = msgspec.json.encode(record) + b"\n"
            process.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path_of(record).encode(), len(data), data))
            stream.write(data)
    process.stdin.close()
    if process.wait():
        sys.exit("fast-import failed")
    return lines


def _cpu(call: Callable[[], object]) -> float:
    """CPU seconds of a call, those of processes that it starts included."""

    def used() -> float:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

    before = used()
    call()
    return used() - before


def _fleet(repositories: int, issues: int, scans: int) -> Iterator[ScanRun]:
    """Scans of a fleet: a tenth of the issues goes with every scan, and as many new ones come."""
    for repository in range(repositories):
        for number in range(scans):
            first = number * issues // 10
            records = [
                issue_record(
                    repository * 100_000 + first + place,
                    file=f"src/module{place % 40}/handlers/view{place}.py",
                    message="This path depends on a user-provided value, and flows to a place where it does harm.",
                    aliases=(f"{repository * 100_000 + first + place:020d}",),
                )
                for place in range(issues)
            ]
            yield scan(f"{number}", number * 24, *records, target_repo=f"acme/r{repository}")


class IndexBench:
    """Rebuilding and catching up."""

    def __init__(self, folder: Path, peers: str, *, is_quick: bool) -> None:
        self._folder, self._peers, self._is_quick = folder, peers, is_quick

    def rebuild(self) -> None:
        """The whole fleet into an empty index, then one run more, then a thousand small records."""
        shape = (50, 100, 10) if self._is_quick else (1000, 100, 10)
        remote = bare(self._folder / "fleet.git")
        lines = _fill(remote, _fleet(*shape))
        ledger = ledger_of(remote, mirror=self._folder / "mirror.git")
        ledger.read_since("")  # the copy is there already, as it is in every cycle but the first
        index = SqlIndex(SqliteDatabase(self._folder / "fleet.sqlite"))
        seconds = _cpu(lambda: catch_up(ledger, index))
        orjson = _cpu(lambda: subprocess.run([self._peers, "-c", READ_WITH_ORJSON, str(lines)], check=True))
        size = lines.stat().st_size / 1e6
        print(
            f"P6: rebuild of {shape[0]:,} repositories x {shape[1]} issues x {shape[2]} scans, {size:.0f} MB: ", end=""
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{seconds:.1f} s, ours / orjson reads {seconds / orjson:.1f}, peak {peak:.2f} GB")
        self._catch_up(index, shape)
        now = at(240) + timedelta(hours=1)
        status = min(_cpu(lambda: index.status(now, limits(now, DEFAULT_HOURS))) for _ in range(3))
        rows = sum(row.issues for row in index.status(now, limits(now, DEFAULT_HOURS)))
        print(f"    status of {rows:,} issues {1000 * status:.0f} ms")

    def _catch_up(self, index: SqlIndex, shape: tuple[int, int, int]) -> None:
        runs = []
        for number in range(5):
            memory = MemoryLedger()
            records = [issue_record(place, message="x" * 80) for place in range(1000)]
            memory.append([scan(f"more{number}", 300 + number, *records, target_repo="acme/r1")])
            runs.append(_cpu(partial(catch_up, _Later(memory), index)))
        print(f"P4: one run of 1,000 issues into that index {1000 * statistics.median(runs):.0f} ms")
        memory = MemoryLedger()
        memory.append([scan(f"late{n}", 400 + n / 100, n, target_repo=f"acme/r{n % shape[0]}") for n in range(1000)])
        seconds = _cpu(partial(catch_up, _Later(memory), index))
        print(f"    1,000 scans more, each of which closes a hundred issues, {1000 * seconds:.0f} ms")


class _Later(MemoryLedger):
    """A ledger that holds nothing but news for an index that knows another one."""

    def __init__(self, ledger: MemoryLedger) -> None:
        super().__init__()
        self._ledger = ledger

    def read_since(self, tip: str, *, waiting: Collection[str] = ()) -> Changes:
        """All of it, as if it had come since."""
        del tip, waiting
        return replace(self._ledger.read_since(""), is_complete=False)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", required=True, help="a Python that has the peers")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--only", choices=["contention", "size", "rebuild"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger = LedgerBench(folder, is_quick=given.quick)
        parts = {
            "contention": ledger.contention,
            "size": ledger.size,
            "rebuild": IndexBench(folder, given.peers, is_quick=given.quick).rebuild,
        }
        for part, measure in parts.items():
            if given.only in {None, part}:
                measure()


if __name__ == "__main__":
    os.environ.setdefault("HOME", "/")  # noqa: TID251 - a tool
    main()
