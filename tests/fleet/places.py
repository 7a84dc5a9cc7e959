"""The repositories of a played fleet: how they are set up, and what can be found in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.schedule import ScanSource
from tests.builders import place, result, run, sarif

if TYPE_CHECKING:
    from pathlib import Path

CONTROL = "acme/control"
SESSIONS_PER_DAY, AT_ONCE, OPEN_PULL_REQUESTS = 12, 6, 2
PER_REPOSITORY, PER_FAMILY, PER_TAG = 3, 4, 6
_SOURCES = (
    ScanSource.WORKFLOW,
    ScanSource.CODE_SCANNING,
    ScanSource.WORKFLOW,
    ScanSource.CODE_SCANNING,
    ScanSource.SELF_REPORTED,
)
_SCHEDULES = ("daily", "weekly", "daily", "hourly", "biweekly", "daily", "weekly")
_RULES = (
    ("py/ssrf", "918", "9.1"),
    ("py/sql-injection", "089", "8.8"),
    ("py/path", "022", "7.5"),
    ("py/xss", "079", "6.1"),
    ("py/weak-crypto", "327", "5.0"),
)
_TOOL = {
    "driver": {
        "name": "CodeQL",
        "semanticVersion": "2.20.1",
        "rules": [
            {"id": name, "properties": {"tags": [f"external/cwe/cwe-{cwe}"], "security-severity": score}}
            for name, cwe, score in _RULES
        ],
    }
}


class Finding(Struct, kw_only=True):
    """Something that is wrong in a repository, or was; `is_our_fix` says that a merge of ours ended it last."""

    number: int
    is_there: bool = True
    is_our_fix: bool = False

    @property
    def message(self) -> str:
        """What a scan says; the number is in it."""
        return f"Finding {self.number} depends on input."


class Place(Struct, kw_only=True):
    """A repository. `name` is what the registry calls it, `reported_as` what its own scans call it.

    The host knows it unless `is_gone`. It scans itself every `own_hours`, next at `next_at` (seconds since 1970).
    """

    number: int
    name: str
    reported_as: str
    source: ScanSource
    is_gone: bool
    own_hours: int
    next_at: float
    findings: dict[int, Finding] = field(default_factory=dict)

    @property
    def hosted_as(self) -> str:
        """What the host calls it by now; nobody told the registry."""
        return f"{self.name}-of-today" if self.number % 5 == 3 else self.name

    def sarif(self) -> dict[str, Any]:
        """What a scan finds now."""
        return sarif(run(*(self._result(one) for one in self.findings.values() if one.is_there), tool=_TOOL))

    def _result(self, finding: Finding) -> dict[str, Any]:
        return result(
            ruleId=_RULES[finding.number % len(_RULES)][0],
            message={"text": finding.message},
            locations=[place(f"src/file{finding.number % 7}.py", 10 + finding.number)],
            partialFingerprints={"primaryLocationLineHash": f"{self.number:08x}{finding.number:08x}:1"},
        )


def places(count: int, start: float) -> list[Place]:
    """So many repositories of all kinds; the host does not know the last one that it would scan."""
    found = []
    for number in range(count):
        name = f"org-{number % 3}/repo-{number:02}"
        source = _SOURCES[number % len(_SOURCES)]
        found.append(
            Place(
                number=number,
                name=name,
                reported_as=f"forks/repo-{number:02}" if number % 10 == 4 else name,
                source=source,
                is_gone=False,
                own_hours=(12, 24, 48)[number % 3],
                next_at=start + 3600 * (number % 24),
            )
        )
    next(one for one in reversed(found) if one.source is ScanSource.CODE_SCANNING).is_gone = True
    return found


def write_registry(path: Path, found: list[Place], *, paused: str = "") -> None:
    """The operator's words about them."""
    orchestrator = {
        "paused": paused or False,
        "global_session_limit": SESSIONS_PER_DAY,
        "max_parallel_sessions": AT_ONCE,
        "max_acu_per_period": 150,
        "budgets": [
            {"scope": "repo", "sessions": PER_REPOSITORY, "per": "day"},
            {"scope": "family", "sessions": PER_FAMILY, "per": "day"},
            {"scope": "tag:pci", "sessions": PER_TAG, "per": "day"},
            {"scope": "agent:devin", "acu": 3000, "per": "month"},
        ],
        "family_failure_limit": 4,
        "objectives": [
            {"name": "no critical", "target_severity": "critical", "target_count": 0, "tags": ["production"]},
            {"name": "half of the high ones", "target_severity": "high", "target_reduction_pct": 50, "priority": 2},
            {"name": "met from the start", "target_severity": "low", "target_count": 10_000, "priority": 3},
        ],
    }
    registry = {
        "version": "2.0",
        "orchestrator": orchestrator,
        "alerts": {"events": [*AlertEvent]},
        "defaults": {
            "batch_size": 2,
            "max_sessions_per_cycle": 2,
            "max_open_prs": OPEN_PULL_REQUESTS,
            "cooldown_hours": [12, 24, 72],
        },
        "tags": {"production": {"importance": "high", "adaptive_commit_threshold": 20}},
        "groups": {"backend": {"weight": 3}, "frontend": {"schedule": "weekly"}},
        "repos": [_entry(one) for one in found],
    }
    path.write_text(json.dumps(registry))


def _entry(one: Place) -> dict[str, object]:
    number = one.number
    tags = [tag for tag, share in (("pci", 3), ("production", 4)) if number % share == 0]
    entry: dict[str, object] = {
        "repo": one.name if number % 2 else f"https://github.com/{one.name.upper()}.git",
        "scan_source": one.source.value,
        "tags": tags,
        "group": ("backend", "frontend")[number % 2],
        "default_branch": "main",
    }
    if number % 3:
        entry["schedule"] = _SCHEDULES[number % len(_SCHEDULES)]
    if one.reported_as != one.name:
        entry["aliases"] = [one.reported_as]
    if number % 11 == 7:  # scanned, and left to people
        entry["auto_dispatch"] = False
    return entry
