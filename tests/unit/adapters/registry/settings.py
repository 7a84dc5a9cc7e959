"""The settings of a repository, each with what comes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from codeql_fixer.domain.leftover import LeftoverKind
from codeql_fixer.domain.registry import BATCH_SIZE, COOLDOWN_HOURS, MAX_FOLLOW_UPS, STALE_PR_DAYS
from codeql_fixer.domain.schedule import ScanSource, Schedule
from codeql_fixer.domain.severity import SeverityTier

if TYPE_CHECKING:
    from collections.abc import Callable

    from codeql_fixer.domain.registry import RepositoryEntry


class Key(NamedTuple):
    """A setting of a repository: values as JSON with what comes of them, where it is seen, and what holds without."""

    values: dict[str, Any]
    look: Callable[[RepositoryEntry], object]
    otherwise: object


def _same(*values: object) -> dict[str, Any]:
    """Values of which nothing else comes."""
    return {json.dumps(value): value for value in values}


_BOTH = {"true": True, "false": False}


KEYS = {
    "enabled": Key(_BOTH, lambda entry: entry.is_enabled, otherwise=True),
    "labels": Key(
        {"[]": frozenset(), '["a", "agent:devin"]': frozenset({"a", "agent:devin"})},
        lambda entry: entry.labels,
        frozenset(),
    ),
    "group": Key(_same("g", "h"), lambda entry: entry.group, ""),
    "schedule": Key(_same(*Schedule), lambda entry: entry.schedule, Schedule.WEEKLY),
    "auto_scan": Key(_BOTH, lambda entry: entry.auto_scan, otherwise=True),
    "scan_source": Key(_same(*ScanSource), lambda entry: entry.scan_source, ScanSource.WORKFLOW),
    "adaptive_commit_threshold": Key(_same(1, 50, 100_000), lambda entry: entry.adaptive_commit_threshold, None),
    "default_branch": Key(_same("", "main", "release/1.x"), lambda entry: entry.default_branch, ""),
    "languages": Key(_same("", "Python", "javascript-typescript, c#"), lambda entry: entry.scan.languages, ""),
    "queries": Key(_same("", "security-extended", "+acme/q@1.0:x.qls"), lambda entry: entry.scan.queries, ""),
    "severity_threshold": Key(
        _same("critical", "high", "medium", "low"), lambda entry: entry.scan.severity_threshold, SeverityTier.LOW
    ),
    "include_paths": Key(_same("", "src/**, lib/*.py"), lambda entry: entry.scan.include_paths, ""),
    "exclude_paths": Key(_same("", "!a, **/vendor/"), lambda entry: entry.scan.exclude_paths, ""),
    "batch_size": Key(_same(1, 50), lambda entry: entry.batch_size, BATCH_SIZE),
    "auto_dispatch": Key(_BOTH, lambda entry: entry.auto_dispatch, otherwise=True),
    "max_sessions_per_cycle": Key(_same(1, 7), lambda entry: entry.max_sessions_per_cycle, None),
    "max_open_prs": Key(_same(1, 9), lambda entry: entry.max_open_prs, None),
    "max_follow_ups": Key(_same(0, 9), lambda entry: entry.max_follow_ups, MAX_FOLLOW_UPS),
    "stale_pr_days": Key(_same(1, 9), lambda entry: entry.stale_pr_days, STALE_PR_DAYS),
    "close_prs": Key(
        {"[]": frozenset(), '["stale", "obsolete"]': frozenset({LeftoverKind.STALE, LeftoverKind.OBSOLETE})},
        lambda entry: entry.closes,
        frozenset(),
    ),
    "cooldown_hours": Key({"[]": (), "[1, 8760]": (1, 8760)}, lambda entry: entry.cooldown_hours, COOLDOWN_HOURS),
    "max_dispatch_attempts": Key(_same(1, 100), lambda entry: entry.max_attempts, None),
    "max_acu_per_session": Key(_same(1, 10_000), lambda entry: entry.routing.max_acu, None),
}
# These add up or have two spellings, and are tested on their own below.
APART = {"importance", "importance_score", "agents"}
