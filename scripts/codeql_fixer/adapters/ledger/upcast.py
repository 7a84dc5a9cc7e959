"""From each earlier version of a record to the next, on raw JSON. Nothing is guessed: what was not said is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _scan_run_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 1 said neither which scan reported an issue, nor which places were set aside, nor what was scanned."""
    return raw | {
        "schema_version": 2,
        "scanned_repo": "",
        "ref": "",
        "scope": "unknown",
        "set_aside": None,
        "issues": [issue | {"scan": _scan_of(issue, raw["scans"])} for issue in raw["issues"]],
    }


def _scan_of(issue: Mapping[str, Any], scans: list[Mapping[str, Any]]) -> int:
    """The first scan that knows the issue's rule; rule ids carry their tool's prefix, so it is the only one."""
    return next((position for position, scan in enumerate(scans) if issue["rule_id"] in scan["rule_ids"]), 0)


_STATES = {
    "created": "queued",
    "running": "working",
    "blocked": "waiting",
    "expired": "stopped",
    "unknown": "working",
}


def _cycle_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had words of its own for the states of sessions, and not those of their service."""
    return raw | {"schema_version": 2, "sessions": [_session_1(seen) for seen in raw.get("sessions", [])]}


def _session_1(raw: Mapping[str, Any]) -> dict[str, Any]:
    status = raw["status"]
    rest = {name: value for name, value in raw.items() if name != "status"}
    return rest | {"state": _STATES.get(status, status)}


def _dispatch_intent_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 1 did not say why an agent got the claim, and until when its claimer might act."""
    return raw | {"schema_version": 2}


def _dispatch_outcome_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew no released claims."""
    return raw | {"schema_version": 2}


def _verification_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 1 called a fix that a scan proves fixed, as if it were one that came about without us."""
    verdicts = [
        item | {"verdict": "verified_fixed"} if item["verdict"] == "fixed" else item for item in raw["verdicts"]
    ]
    return raw | {"schema_version": 2, "verdicts": verdicts}


UPCASTERS: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {
    ("scan_run", 1): _scan_run_1,
    ("cycle", 1): _cycle_1,
    ("dispatch_intent", 1): _dispatch_intent_1,
    ("dispatch_outcome", 1): _dispatch_outcome_1,
    ("verification", 1): _verification_1,
}
