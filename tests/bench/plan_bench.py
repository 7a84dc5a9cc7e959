"""Measures a plan for a fleet beside the floor: reading the rows of the same issues from the same index.

CPU seconds; only ratios and exponents of one run count. Aims: docs/reference/performance.md.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from codeql_fixer.adapters.index.sql_index import SqlIndex  # noqa: E402 - the paths come first
from codeql_fixer.adapters.index.sqlite import SqliteDatabase  # noqa: E402
from codeql_fixer.adapters.ledger.memory import MemoryLedger  # noqa: E402
from codeql_fixer.adapters.source_tree import NoCheckout  # noqa: E402
from codeql_fixer.app.batch_work import Routers  # noqa: E402
from codeql_fixer.app.catch_up import catch_up  # noqa: E402
from codeql_fixer.app.fleet_work import FleetWork, Words  # noqa: E402
from codeql_fixer.app.plan import plan  # noqa: E402
from codeql_fixer.app.planner import Planner  # noqa: E402
from codeql_fixer.domain.cycle import PullRequestState  # noqa: E402
from codeql_fixer.domain.issue import Evidence  # noqa: E402
from codeql_fixer.domain.registry import Registry, RepositoryEntry  # noqa: E402
from codeql_fixer.domain.route import Routing  # noqa: E402
from codeql_fixer.domain.session import SessionState  # noqa: E402
from codeql_fixer.domain.severity import SeverityTier  # noqa: E402
from codeql_fixer.domain.tracked import Lifecycle, TrackedIssue, Tracking  # noqa: E402
from codeql_fixer.policy.sla import DEFAULT_HOURS  # noqa: E402
from tests.records import at, cycle, intent, outcome, pull_request_seen, scan, session_seen  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codeql_fixer.app.plan import Planned
    from codeql_fixer.domain.brief import Brief
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.learning import Versions

SIZES = (10_000, 100_000, 1_000_000)
OF_REPOSITORY = 1000
HISTORY = 20_000  # sessions, each with a pull request
WANTED = 200  # issues in a plan, 5 in a session
NOW = at(1000)
FAMILIES = ("injection", "xss", "crypto", "path-traversal", "auth", "ssrf", "deserialization", "other")
TIERS = (SeverityTier.CRITICAL, SeverityTier.HIGH, SeverityTier.MEDIUM, SeverityTier.LOW)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 100,000 issues only")
    given = parser.parse_args()
    seconds: dict[int, float] = {}
    for size in SIZES[:2] if given.quick else SIZES:
        with tempfile.TemporaryDirectory(prefix="codeql-fixer-bench-") as folder:
            seconds[size] = _measure(size, Path(folder))
    first, last = min(seconds), max(seconds)
    exponent = math.log(seconds[last] / seconds[first]) / math.log(last / first)
    print(f"P5 growth of the plan from {first} to {last} issues: exponent {exponent:.2f} (aim: flat)")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"P5 peak memory of all that, the making of the fleets included: {memory:.2f} GB")
    return 0


def _measure(size: int, folder: Path) -> float:
    names = [f"acme/repo-{number}" for number in range(max(1, size // OF_REPOSITORY))]
    file = folder / "index.sqlite"
    index = SqlIndex(SqliteDatabase(file))
    luck = random.Random(7)  # noqa: S311 - the same fleet every time
    ledger = MemoryLedger()
    ledger.append(list(_history(names)))
    catch_up(ledger, index)
    _fill(index, names, luck)  # a first catch-up begins with an empty index
    registry = Registry(
        repositories={
            name: RepositoryEntry(
                repository=name,
                is_listed=True,
                auto_dispatch=True,
                importance=luck.choice((25, 50, 75, 100)),
                max_sessions_per_cycle=10,
            )
            for name in names
        },
        global_session_limit=HISTORY * 2,
        max_parallel_sessions=HISTORY * 2,
    )
    planner = Planner(index=index, registry=registry, sla_hours=DEFAULT_HOURS)
    began = time.process_time()
    planner.line_up()
    lined_up = time.process_time() - began
    ours, planned = _cpu(lambda: _plan(planner))
    keys = [issue.tracked.key for item in planned.dispatches for issue in item.candidate.issues if issue.tracked]
    if len(keys) != WANTED:
        raise SystemExit(f"P5 is about a plan of {WANTED} issues, and this one has {len(keys)}")
    floor, _ = _cpu(lambda: _read(file, keys))
    print(
        f"P5 plan of the next {len(keys)} of {size} issues: {ours * 1000:.1f} ms (aim: 20 ms), "
        f"{ours / floor:.0f} x the floor of reading these rows; "
        f"once, when the registry changes: {lined_up * 1000:.0f} ms"
    )
    changed = names[:10]
    began = time.process_time()
    number = sum(1 for _ in changed)
    ledger.append([_rescan(name) for name in changed])
    catch_up(ledger, index)
    _plan(planner)
    print(f"P5 catch-up of {number} changed repositories and plan: {(time.process_time() - began) * 1000:.0f} ms")
    return ours


def _cpu(act: Callable[[], Planned | None]) -> tuple[float, Planned]:
    runs = []
    result = None
    for _ in range(5):
        began = time.process_time()
        result = act()
        runs.append(time.process_time() - began)
    return statistics.median(runs), result  # type: ignore[return-value]


def _plan(planner: Planner) -> Planned:
    work = FleetWork(
        planner,
        routers=Routers(routing=Routing(), agents={}, has_codemod=lambda _: False, imagined=frozenset({"devin"})),
        words=Words(renderer=_NoPrompts(), tree=NoCheckout(), excerpt=lambda _: b"", playbook_of=lambda _: ""),
        run_id="bench",
    )
    return plan(planner, work, planner.limits(max_sessions=WANTED // 5), now=NOW)


def _read(file: Path, keys: list[int]) -> None:
    with sqlite3.connect(file) as connection:
        for key in keys:
            connection.execute("SELECT * FROM issues WHERE id = ?", (key,)).fetchall()


def _fill(index: SqlIndex, names: list[str], luck: random.Random) -> None:
    with index.writing() as writer:
        for name in names:
            issues = [_issue(number, luck) for number in range(OF_REPOSITORY)]
            writer.save_issues(name, [(issue, Lifecycle.NEW, "") for issue in issues])
        writer.set_position(index.position())


def _issue(number: int, luck: random.Random) -> TrackedIssue:
    opened = NOW - timedelta(hours=luck.randint(0, 900))
    return TrackedIssue(
        f"{luck.getrandbits(80):020x}",
        1,
        Tracking.NEW,
        evidence=Evidence.LINE_HASH,
        occurrence=1,
        aliases=(),
        first_seen_at=opened,
        first_run="1",
        last_seen_at=NOW,
        last_run="1",
        opened_at=opened,
        rule_id="py/sql-injection",
        family=luck.choice(FAMILIES),
        tier=luck.choice(TIERS),
        score=7.0,
        file=f"src/file_{number % 300}.py",
        start_line=number,
        message="Text from a user reaches a query.",
        appearances=luck.randint(1, 9),
    )


def _history(names: list[str]) -> Iterator[AnyRecord]:
    """Sessions of the last month, over, each with a merged pull request."""
    for number in range(HISTORY):
        name, hours = names[number % len(names)], 1000 - 700 * number / HISTORY
        key = f"i-{number:024x}"
        yield intent(key, hours - 2, number, target_repo=name, family=FAMILIES[number % len(FAMILIES)])
        yield outcome(key, hours - 2, session=f"s-{number}")
        seen = session_seen(SessionState.FINISHED, hours - 1, f"s-{number}")
        pull = pull_request_seen(PullRequestState.MERGED, hours, number=number + 1, session=f"s-{number}")
        yield cycle(f"c-{number}", hours, sessions=(seen,), pull_requests=(pull,))


def _rescan(name: str) -> AnyRecord:
    return scan("2", 999, *range(1, 50), target_repo=name)


class _NoPrompts:
    """Nobody asks for any: a plan starts nothing."""

    def render(self, brief: Brief) -> str:
        raise NotImplementedError(brief.target_repo)

    def versions(self, family: str) -> Versions:
        raise NotImplementedError(family)


if __name__ == "__main__":
    sys.exit(main())
