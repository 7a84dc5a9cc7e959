"""Plays the scans of a fleet: what was in the code when one began stands on the ledger when it has ended."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from codeql_fixer.domain.fix_work import Counts
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.scan_run import (
    SCHEMA_VERSION,
    FilterRecord,
    IssueRecord,
    ScanRun,
    ScanScope,
    ScanSummary,
)
from codeql_fixer.domain.schedule import ScanSource
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import UserError
from codeql_fixer.policy.identity import FINGERPRINT_VERSION
from codeql_fixer.twin.fleet.luck import hours_about

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.registry import Registry, RepositoryEntry
    from codeql_fixer.ports.ledger import Ledger
    from codeql_fixer.twin.fleet.flaws import Flaw
    from codeql_fixer.twin.fleet.world import Repository, World

PRODUCER = Producer(name="codeql-fixer-twin", version="1")
_TOOL = "CodeQL"
_SCORES = {SeverityTier.CRITICAL: 9.5, SeverityTier.HIGH: 8.0, SeverityTier.MEDIUM: 5.5, SeverityTier.LOW: 2.5}
_BY_ITSELF = frozenset({ScanSource.CODE_SCANNING, ScanSource.SELF_REPORTED})
# As many scans tell since when the findings are open that a fleet starts with.
_MOST_STEPS = 5


class FleetScans:
    """Scans of a world.

    Args:
        world: what is scanned.
        ledger: where scans are recorded.
        registry: says which repositories scan themselves.
    """

    def __init__(self, world: World, ledger: Ledger, registry: Registry) -> None:
        self._world, self._ledger = world, ledger
        self._count: Counter[str] = Counter()
        self._analyses: dict[str, ScanRun] = {}
        for repository in world.repositories.values():
            entry = registry.entry(repository.name)
            self._remember(repository, entry)
            if entry.scan_source in _BY_ITSELF:
                self._by_itself(repository, entry)

    def trigger(self, name: str) -> None:
        """Scan a repository, as the workflow of the control repository or the orchestrator itself does.

        Raises:
            UserError: there is no such repository.
        """
        repository = self._world.repositories.get(name.lower())
        if repository is None:
            raise UserError(f"{name}: there is no such repository")
        self._start(repository, ScanSource.WORKFLOW)

    def take_in(self, entry: RepositoryEntry, since: datetime | None) -> int:
        """Record the newest scan that the host has, if it was made since then; returns how many that are."""
        run = self._analyses.get(entry.repository.lower())
        if run is None or (since is not None and run.recorded_at <= since):
            return 0
        self._ledger.append([run])
        return 1

    def _remember(self, repository: Repository, entry: RepositoryEntry) -> None:
        """The scans that reported what the fleet starts with, the last of them not longer ago than its schedule."""
        interval = entry.schedule.interval or timedelta(days=7)
        last = self._world.now - self._world.luck.chance("last scan", repository.name) * interval
        known = sorted(repository.flaws.values(), key=lambda flaw: flaw.present_since)
        steps = max(1, min(_MOST_STEPS, len(known)))
        runs = []
        for step in range(1, steps + 1):
            seen = known[: len(known) * step // steps]
            at = last if step == steps else min(last, seen[-1].present_since)
            runs.append(self._run(repository, seen, at=at - timedelta(seconds=steps - step)))
        self._ledger.append(runs)

    def _by_itself(self, repository: Repository, entry: RepositoryEntry) -> None:
        """Let a repository scan itself again and again, from some time in its first interval on."""
        interval = entry.schedule.interval
        if interval is None:
            return
        world = self._world

        def scan() -> None:
            self._start(repository, entry.scan_source)
            world.at(world.now + interval, scan)

        world.at(world.now + world.luck.chance("own scans", repository.name) * interval, scan)

    def _start(self, repository: Repository, source: ScanSource) -> None:
        world, assumptions = self._world, self._world.assumptions
        self._count[repository.name] += 1
        stream = world.luck.stream("scan", repository.name, self._count[repository.name])
        waits = hours_about(stream, assumptions.scan_hours / 4, assumptions.scan_spread)
        takes = hours_about(stream, assumptions.scan_hours, assumptions.scan_spread)
        fails = stream.random() < assumptions.scan_failures

        def begin() -> None:
            if not fails:
                run = self._run(repository, repository.present(), at=world.now)
                world.at(world.now + takes, lambda: self._end(run, source))

        world.at(world.now + waits, begin)

    def _end(self, run: ScanRun, source: ScanSource) -> None:
        if source is ScanSource.CODE_SCANNING:
            self._analyses[run.target_repo.lower()] = run
        else:
            self._ledger.append([run])

    def _run(self, repository: Repository, flaws: Sequence[Flaw], *, at: datetime) -> ScanRun:
        self._count[f"runs of {repository.name}"] += 1
        run_id = f"sim-{self._count[f'runs of {repository.name}']}"
        rules = {flaw.rule_id for flaw in repository.flaws.values()}
        return ScanRun(
            schema_version=SCHEMA_VERSION,
            kind="scan_run",
            id=f"scan_run/{repository.name}/{run_id}",
            recorded_at=at,
            producer=PRODUCER,
            target_repo=repository.name,
            scanned_repo="",
            run_id=run_id,
            run_label=run_id,
            run_url="",
            mode=Mode.ORCHESTRATOR,
            commit="",
            ref="",
            scope=ScanScope.DEFAULT_BRANCH,
            fingerprint_version=FINGERPRINT_VERSION,
            scans=(_summary(rules, len(flaws)),),
            filters=FilterRecord(
                severity_threshold=SeverityTier.NONE, include_paths=(), exclude_paths=(), languages=()
            ),
            counts=Counts(
                results_read=len(flaws),
                suppressed=0,
                duplicates=0,
                below_threshold=0,
                excluded=0,
                issues=len(flaws),
                batches=0,
                left_out=len(flaws),
            ),
            exclusions={},
            severity_breakdown={},
            category_breakdown={},
            warnings=(),
            set_aside=(),
            issues=tuple(_record(number, flaw) for number, flaw in enumerate(flaws, start=1)),
        )


def _summary(rules: set[str], found: int) -> ScanSummary:
    return ScanSummary(
        tool=_TOOL,
        tool_version="",
        category="",
        execution_successful=True,
        has_results=True,
        results_read=found,
        tool_errors=0,
        revision="",
        rule_ids=tuple(sorted(rules)),
    )


def _record(number: int, flaw: Flaw) -> IssueRecord:
    return IssueRecord(
        f"SIM-{number:04d}",
        flaw.fingerprint,
        Evidence.LINE_HASH,
        1,
        (),
        flaw.rule_id,
        flaw.tier,
        _SCORES.get(flaw.tier),
        (),
        flaw.family,
        flaw.file,
        flaw.line,
        "",
        "",
        0,
    )
