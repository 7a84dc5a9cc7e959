"""Reads what the first generation left in `telemetry/runs`: scans, dispatches disguised as runs, verifications.

What those files do not say stays unknown: such a scan proves that an issue was there, never that one is gone.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from codeql_fixer.domain.cycle import Cycle, PullRequestObservation, PullRequestState, SessionObservation
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.domain.fix_work import Counts
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.scan_run import (
    FIRST_GENERATION,
    FilterRecord,
    IssueRecord,
    ScanRun,
    ScanScope,
    ScanSummary,
)
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.verification import IssueVerdict, Verdict, Verification
from codeql_fixer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord

_PRODUCER = Producer(name="codeql-devin-fixer", version="0")
_AGENT = "devin"
_REPOSITORY = re.compile(r"(?:https?://[^/]+/)?(?P<name>[^/\s]+/[^/\s]+?)(?:\.git)?/*")
_PULL_REQUEST = re.compile(r"https?://[^/]+/(?P<name>[^/]+/[^/]+)/pull/(?P<number>[0-9]+)")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
# Its words for a session; `created` is what it called a session that nobody asked about again.
_STATUSES = {
    "created": SessionState.QUEUED,
    "working": SessionState.WORKING,
    "running": SessionState.WORKING,
    "blocked": SessionState.WAITING,
    "finished": SessionState.FINISHED,
    "stopped": SessionState.FINISHED,
    "failed": SessionState.FAILED,
    "expired": SessionState.STOPPED,
}
_T = TypeVar("_T")
_CLAIM = "the first generation called it fixed and did not record whether its scan could have seen it"


class PredecessorRuns:
    """The files of a directory, as records.

    Args:
        directory: with the JSON files.
        upstreams: fork to upstream, for forks that were scanned in the place of their upstream.
    """

    def __init__(self, directory: Path, upstreams: Mapping[str, str]) -> None:
        self._directory = directory
        self._upstreams = {fork.lower(): upstream for fork, upstream in upstreams.items()}

    def read(self) -> Iterator[tuple[str, tuple[AnyRecord, ...]]]:
        """File name and records of every file, oldest first.

        Raises:
            InputError: naming the file; nothing is left out silently.
        """
        try:
            paths = [path for path in self._directory.iterdir() if path.suffix == ".json"]
        except OSError as error:
            raise InputError(str(self._directory), "", f"cannot be read: {error.strerror or error}") from error
        attempts: Counter[tuple[str, str]] = Counter()
        files = [(path, _checked(path, partial(_load, path))) for path in paths]
        for path, raw in sorted(files, key=lambda item: (str(item[1].get("timestamp")), item[0].name)):
            yield path.name, _checked(path, partial(self._parse, raw, attempts))

    def _parse(self, raw: dict[str, Any], attempts: Counter[tuple[str, str]]) -> tuple[AnyRecord, ...]:
        if "verified_at" in raw:
            return (self._parse_verification(raw),)
        target = self._target(raw["target_repo"])
        at = _time(raw["timestamp"])
        sessions = [
            self._parse_session(raw, session, target, attempts=attempts) for session in raw.get("sessions") or ()
        ]
        dispatches = tuple(record for records, _, _ in sessions for record in records)
        seen = tuple(observation for _, observation, _ in sessions if observation)
        pulls = tuple(pull for _, _, pull in sessions if pull)
        cycle = (_cycle(_identifier(raw["run_label"]), at, sessions=seen, pulls=pulls),) if seen or pulls else ()
        if raw["run_label"].startswith("orchestrator_dispatch"):
            return (*dispatches, *cycle)  # fact 1: a dispatch is no scan, whatever its file looked like
        return (self._parse_run(raw, target, at), *dispatches, *cycle)

    def _target(self, address: str) -> str:
        found = _REPOSITORY.fullmatch(address)
        if not found:
            raise ValueError(f"target_repo {address!r:.100} is no repository")
        return self._upstreams.get(found["name"].lower(), found["name"])

    def _parse_run(self, raw: dict[str, Any], target: str, at: datetime) -> ScanRun:
        found = _REPOSITORY.fullmatch(raw.get("fork_url") or raw["target_repo"])
        scanned = found["name"] if found else ""
        issues = tuple(_issue(item) for item in raw.get("issue_fingerprints") or ())
        run_id = raw.get("run_id") or str(raw["run_number"])
        unlisted = max(0, raw["issues_found"] - len(issues))
        return ScanRun(
            schema_version=2,
            kind="scan_run",
            id=f"scan_run/{target}/{run_id}",
            recorded_at=at,
            producer=_PRODUCER,
            target_repo=target,
            scanned_repo=scanned if scanned.lower() != target.lower() else "",
            run_id=run_id,
            run_label=raw["run_label"],
            run_url=raw.get("run_url") or "",
            mode=Mode.BASIC if raw.get("sessions") else Mode.ORCHESTRATOR,
            commit="",
            ref="",
            scope=ScanScope.UNKNOWN,
            fingerprint_version=FIRST_GENERATION,
            scans=(_unknown_scan(raw["issues_found"], has_results=not unlisted),),
            filters=FilterRecord(severity_threshold=SeverityTier.LOW, include_paths=(), exclude_paths=(), languages=()),
            counts=_counts(raw["issues_found"], len(issues), raw.get("batches_created") or 0),
            exclusions={"not_recorded": unlisted} if unlisted else {},
            severity_breakdown=raw.get("severity_breakdown") or {},
            category_breakdown=raw.get("category_breakdown") or {},
            warnings=("imported: what this scan looked for and left aside is not known",),
            set_aside=None,
            issues=issues,
        )

    def _parse_session(
        self, raw: dict[str, Any], session: dict[str, Any], target: str, *, attempts: Counter[tuple[str, str]]
    ) -> tuple[tuple[AnyRecord, ...], SessionObservation | None, PullRequestObservation | None]:
        """Intent and outcome of a session, what was seen of it, and its pull request."""
        fingerprints = _fingerprints_of(session, raw.get("issue_fingerprints") or [])
        if not fingerprints:
            return (), None, None  # the oldest runs name no issues: such a session belongs to none
        at = _time(raw["timestamp"])
        attempts.update((target, name) for name in fingerprints)
        label = _identifier(raw["run_label"])
        name = f"{label} {session['batch_id']}"
        intent_id = f"import-{hashlib.sha256(name.encode()).hexdigest()[:24]}"
        session_id, status = session.get("session_id") or "", session["status"]
        intent = DispatchIntent(
            schema_version=2,
            kind="dispatch_intent",
            id=intent_id,
            recorded_at=at,
            producer=_PRODUCER,
            target_repo=target,
            fingerprints=fingerprints,
            agent=_AGENT,
            attempt=max(attempts[target, name] for name in fingerprints),
            batch_id=str(session["batch_id"]),
        )
        outcome = DispatchOutcome(
            schema_version=2,
            kind="dispatch_outcome",
            id=intent_id,
            recorded_at=at,
            producer=_PRODUCER,
            status=DispatchStatus.CREATED if session_id else DispatchStatus.REFUSED,
            session_id=session_id,
            session_url=session.get("session_url") or "",
            created_at=at if session_id else None,
            reason="" if session_id else str(status)[:2000],
        )
        if not session_id:
            return (intent, outcome), None, None
        observation = SessionObservation(
            session_id=session_id,
            state=_STATUSES.get(status, SessionState.WORKING),
            observed_at=at,
            intent_id=intent_id,
            session_url=session.get("session_url") or "",
        )
        return (intent, outcome), observation, _pull_request(session, intent_id, at=at, fingerprints=fingerprints)

    def _parse_verification(self, raw: dict[str, Any]) -> Verification:
        found = _PULL_REQUEST.fullmatch(raw["pr_url"])
        if not found:
            raise ValueError(f"pr_url {raw['pr_url']!r:.100} is no pull request")
        at = _time(raw["verified_at"])
        verdicts = [
            IssueVerdict(fingerprint=item["fingerprint"], verdict=verdict, reason=reason)
            for key, verdict, reason in (
                ("verified_fixed", Verdict.UNKNOWN, _CLAIM),
                ("still_present", Verdict.STILL_PRESENT, ""),
            )
            for item in raw[key]
        ]
        return Verification(
            schema_version=2,
            kind="verification",
            id=f"import-{at:%Y%m%dT%H%M%S}-{_identifier(raw['session_id'])[:40]}",
            recorded_at=at,
            producer=_PRODUCER,
            target_repo=self._target(found["name"]),
            verdicts=tuple(verdicts),
            pull_request=int(found["number"]),
            pull_request_url=raw["pr_url"],
            session_id=raw["session_id"],
        )


def _load(path: Path) -> dict[str, Any]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])


def _checked(path: Path, read: Callable[[], _T]) -> _T:
    """What reading a file gives; raw JSON that is not what it should be fails here, with the name of the file."""
    try:
        return read()
    except (KeyError, TypeError, AttributeError, ValueError, OSError) as error:
        raise InputError(str(path), "", f"is no record of the first generation: {error!r:.300}") from error


def _time(text: str) -> datetime:
    """A time with its zone; the first generation wrote UTC."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _identifier(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-")[:80] or "none"


def _issue(raw: dict[str, Any]) -> IssueRecord:
    line = raw.get("start_line") or None
    return IssueRecord(
        raw["id"],
        raw["fingerprint"],
        Evidence.UNKNOWN,
        1,
        (),
        raw["rule_id"],
        SeverityTier(raw["severity_tier"]),
        None,
        (),
        raw["cwe_family"],
        raw["file"],
        line,
        "",
        "",
        0,
    )


def _unknown_scan(results: int, *, has_results: bool) -> ScanSummary:
    return ScanSummary(
        tool="CodeQL",
        tool_version="",
        category="",
        execution_successful=None,
        has_results=has_results,
        results_read=results,
        tool_errors=0,
        revision="",
        rule_ids=(),
    )


def _counts(found: int, listed: int, batches: int) -> Counts:
    """`found` is what the run said, `listed` what it wrote down; the rest counts as left aside."""
    return Counts(
        results_read=max(found, listed),
        suppressed=0,
        duplicates=0,
        below_threshold=0,
        excluded=max(found, listed) - listed,
        issues=listed,
        batches=batches,
        left_out=0,
    )


def _fingerprints_of(session: dict[str, Any], issues: list[dict[str, Any]]) -> tuple[str, ...]:
    """The fingerprints behind a session's issue ids. Ids came in two spellings for the same issue."""
    by_id = {item["id"].replace("-ALL-", "-"): item["fingerprint"] for item in issues}
    found = [by_id.get(name.replace("-ALL-", "-")) for name in session.get("issue_ids") or () if name]
    return tuple(sorted({name for name in found if name}))


def _pull_request(
    session: dict[str, Any], intent_id: str, *, at: datetime, fingerprints: tuple[str, ...]
) -> PullRequestObservation | None:
    """The session's pull request. It was open when it was noted; what became of it, nobody wrote down."""
    found = _PULL_REQUEST.fullmatch(session.get("pr_url") or "")
    if not found:
        return None
    return PullRequestObservation(
        target_repo=found["name"],
        number=int(found["number"]),
        state=PullRequestState.OPEN,
        observed_at=at,
        url=session["pr_url"],
        session_id=session["session_id"],
        intent_id=intent_id,
        fingerprints=fingerprints,
    )


def _cycle(
    label: str, at: datetime, *, sessions: tuple[SessionObservation, ...], pulls: tuple[PullRequestObservation, ...]
) -> Cycle:
    return Cycle(
        schema_version=2,
        kind="cycle",
        id=f"import-{label}",
        recorded_at=at,
        producer=_PRODUCER,
        started_at=at,
        finished_at=at,
        ledger_commit="",
        sessions=sessions,
        pull_requests=pulls,
    )
