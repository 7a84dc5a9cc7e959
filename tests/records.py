"""Records for tests, with everything that does not matter filled in. Times are hours after a fixed moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codeql_fixer.domain.alert import Alert, AlertClaim, AlertEvent, AlertOutcome, DeliveryStatus
from codeql_fixer.domain.cycle import Cycle, Decision, PullRequestObservation, PullRequestState, SessionObservation
from codeql_fixer.domain.dismissal import Dismissal, DismissalReason
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.domain.fix_example import FixExample
from codeql_fixer.domain.follow_up import FollowUp, FollowUpOutcome, FollowUpStatus
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.scan_run import IssueRecord, ScanSummary
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.snapshot import RepositoryState, Snapshot
from codeql_fixer.domain.triage import Asked, Triage, TriageOutcome, TriageScore, TriageStatus
from codeql_fixer.domain.verification import IssueVerdict, Verdict, Verification
from tests.builders import scan_run

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.scan_run import ScanRun

START = datetime(2026, 3, 1, tzinfo=UTC)
PRODUCER = Producer(name="tests", version="1")
RULE = "py/sql-injection"
SCAN = ScanSummary(
    tool="CodeQL",
    tool_version="2.20.1",
    category="/language:python",
    execution_successful=True,
    has_results=True,
    results_read=0,
    tool_errors=0,
    revision="",
    rule_ids=(RULE, "py/xss"),
)


def at(hours: float) -> datetime:
    """A time."""
    return START + timedelta(hours=hours)


def fingerprint(number: int) -> str:
    """The fingerprint of the issue with a number."""
    return f"{number:020x}"


def issue_record(number: int, **members: Any) -> IssueRecord:  # noqa: ANN401 - passed on
    """The issue with a number; members given replace those."""
    record = IssueRecord(
        id=f"CQLF-R1-{number:04d}",
        fingerprint=fingerprint(number),
        evidence=Evidence.LINE_HASH,
        occurrence=1,
        aliases=(),
        rule_id=RULE,
        severity_tier=SeverityTier.HIGH,
        severity_score=8.8,
        cwes=("CWE-89",),
        cwe_family="injection",
        file="shop/app.py",
        start_line=number + 1,
        message=f"query {number} depends on input",
        batch_id="",
        scan=0,
    )
    return replace(record, **members)


def scan(name: str, hours: float, *issues: int | IssueRecord, **members: Any) -> ScanRun:  # noqa: ANN401 - passed on
    """A whole and successful scan of acme/shop that saw these issues."""
    records = tuple(issue_record(item) if isinstance(item, int) else item for item in issues)
    repository = members.get("target_repo", "acme/shop")
    record = scan_run(
        id=f"scan_run/{repository}/{name}",
        run_id=name,
        recorded_at=at(hours),
        producer=PRODUCER,
        scans=(SCAN,),
        issues=records,
    )
    counts = replace(record.counts, results_read=len(records), issues=len(records))
    return replace(record, **({"counts": counts} | members))


def intent(name: str, hours: float, *numbers: int, **members: Any) -> DispatchIntent:  # noqa: ANN401 - passed on
    """A claim of the issues with these numbers."""
    record = DispatchIntent(
        schema_version=2,
        kind="dispatch_intent",
        id=name,
        recorded_at=at(hours),
        producer=PRODUCER,
        target_repo="acme/shop",
        fingerprints=tuple(fingerprint(number) for number in numbers) or (fingerprint(1),),
        agent="devin",
        attempt=1,
    )
    return replace(record, **members)


def outcome(
    name: str, hours: float, *, status: DispatchStatus = DispatchStatus.CREATED, session: str = "s-1"
) -> DispatchOutcome:
    """What became of a claim."""
    return DispatchOutcome(
        schema_version=2,
        kind="dispatch_outcome",
        id=name,
        recorded_at=at(hours),
        producer=PRODUCER,
        status=status,
        session_id=session,
        created_at=at(hours),
    )


def cycle(
    name: str,
    hours: float,
    *,
    sessions: tuple[SessionObservation, ...] = (),
    pull_requests: tuple[PullRequestObservation, ...] = (),
    decisions: tuple[Decision, ...] = (),
) -> Cycle:
    """A cycle that observed these."""
    return Cycle(
        schema_version=2,
        kind="cycle",
        id=name,
        recorded_at=at(hours),
        producer=PRODUCER,
        started_at=at(hours),
        finished_at=at(hours),
        ledger_commit="",
        sessions=sessions,
        pull_requests=pull_requests,
        decisions=decisions,
    )


def session_seen(status: SessionState, hours: float, session: str = "s-1") -> SessionObservation:
    """A session as it was at a time."""
    return SessionObservation(session_id=session, state=status, observed_at=at(hours))


def pull_request_seen(
    state: PullRequestState, hours: float, *, intent_id: str = "", number: int = 7, session: str = "s-1"
) -> PullRequestObservation:
    """A pull request as it was at a time."""
    return PullRequestObservation(
        target_repo="acme/shop",
        number=number,
        state=state,
        observed_at=at(hours),
        session_id=session,
        intent_id=intent_id,
    )


def verification(name: str, hours: float, *, verdict: Verdict, number: int = 1) -> Verification:
    """A verdict about the issue with a number."""
    return Verification(
        schema_version=2,
        kind="verification",
        id=name,
        recorded_at=at(hours),
        producer=PRODUCER,
        target_repo="acme/shop",
        verdicts=(IssueVerdict(fingerprint=fingerprint(number), verdict=verdict),),
    )


def dismissal(name: str, hours: float, *, number: int = 1, expires: float | None = None) -> Dismissal:
    """A dismissal of the issue with a number."""
    return Dismissal(
        schema_version=1,
        kind="dismissal",
        id=name,
        recorded_at=at(hours),
        producer=PRODUCER,
        target_repo="acme/shop",
        fingerprint=fingerprint(number),
        reason=DismissalReason.ACCEPTED_RISK,
        owner="sam",
        expires_at=None if expires is None else at(expires),
    )


def snapshot(hours: float) -> Snapshot:
    """A snapshot."""
    return Snapshot(
        schema_version=1,
        kind="snapshot",
        id="orchestrator_state",
        recorded_at=at(hours),
        producer=PRODUCER,
        ledger_commit="",
        last_cycle=None,
        repositories=(RepositoryState(target_repo="acme/shop", issues={"new": 1}),),
    )


def alert(number: int, hours: float, *channels: str) -> Alert:
    """The alert with a number, for these channels or one called hook."""
    return Alert(
        schema_version=1,
        kind="alert",
        id=alert_id(number),
        recorded_at=at(hours),
        producer=PRODUCER,
        event=AlertEvent.FAMILY_STOPPED,
        key=f"family {number}",
        title=f"Family {number} is stopped",
        channels=channels or ("hook",),
    )


def alert_id(number: int) -> str:
    """The id of the alert with a number."""
    return f"family_stopped-{fingerprint(number)}"


def alert_claim(number: int, hours: float, *, channel: str = "hook", attempt: int = 1) -> AlertClaim:
    """The claim to tell the alert with a number, for an hour."""
    return AlertClaim(
        schema_version=1,
        kind="alert_claim",
        id=f"{alert_id(number)}.{channel}.{attempt}",
        recorded_at=at(hours),
        producer=PRODUCER,
        alert=alert_id(number),
        channel=channel,
        attempt=attempt,
        act_before=at(hours + 1),
    )


def alert_outcome(
    number: int,
    hours: float,
    *,
    channel: str = "hook",
    attempt: int = 1,
    status: DeliveryStatus = DeliveryStatus.DELIVERED,
) -> AlertOutcome:
    """What became of an attempt."""
    return AlertOutcome(
        schema_version=1,
        kind="alert_outcome",
        id=f"{alert_id(number)}.{channel}.{attempt}",
        recorded_at=at(hours),
        producer=PRODUCER,
        alert=alert_id(number),
        channel=channel,
        attempt=attempt,
        status=status,
        reason="" if status is DeliveryStatus.DELIVERED else "busy",
    )


def follow_up(number: int, hours: float, *, attempt: int = 1, **members: Any) -> FollowUp:  # noqa: ANN401 - passed on
    """The claim of the round with a number at pull request 7, for an hour."""
    record = FollowUp(
        schema_version=1,
        kind="follow_up",
        id=f"f-{number}.{attempt}",
        recorded_at=at(hours),
        producer=PRODUCER,
        round_id=f"f-{number}",
        attempt=attempt,
        target_repo="acme/shop",
        pull_request=7,
        round=number,
        events=(f"review-{number}",),
        intent_id="i-1",
        agent="devin",
        session_id="s-1",
        act_before=at(hours + 1),
    )
    return replace(record, **members)


def follow_up_outcome(
    number: int,
    hours: float,
    *,
    status: FollowUpStatus = FollowUpStatus.SENT,
    attempt: int = 1,
    **members: Any,  # noqa: ANN401 - passed on
) -> FollowUpOutcome:
    """What became of it."""
    record = FollowUpOutcome(
        schema_version=1,
        kind="follow_up_outcome",
        id=f"f-{number}.{attempt}",
        recorded_at=at(hours),
        producer=PRODUCER,
        round_id=f"f-{number}",
        attempt=attempt,
        target_repo="acme/shop",
        pull_request=7,
        round=number,
        intent_id="i-1",
        status=status,
    )
    return replace(record, **members)


def fix_example(name: str, hours: float, **members: Any) -> FixExample:  # noqa: ANN401 - passed on
    """A fix of the issue with number 1, to learn from."""
    record = FixExample(
        schema_version=1,
        kind="fix_example",
        id=name,
        recorded_at=at(hours),
        producer=PRODUCER,
        target_repo="acme/shop",
        fingerprint=fingerprint(1),
        rule_id=RULE,
        family="injection",
        pull_request=7,
        diff="-unsafe(name)\n+safe(name)",
        language="python",
    )
    return replace(record, **members)


def triage(name: str, hours: float, *numbers: int, formula: float = 0.5, **members: Any) -> Triage:  # noqa: ANN401 - passed on
    """The claim to ask about the issues with these numbers, for ten minutes."""
    record = Triage(
        schema_version=1,
        kind="triage",
        id=name,
        recorded_at=at(hours),
        producer=PRODUCER,
        agent="devin",
        issues=tuple(
            Asked(target_repo="acme/shop", fingerprint=fingerprint(number), score=formula) for number in numbers or (1,)
        ),
        act_before=at(hours + 1 / 6),
        max_acu=5,
    )
    return replace(record, **members)


def triage_outcome(
    name: str, hours: float, points: dict[int, int], *, status: TriageStatus = TriageStatus.ANSWERED
) -> TriageOutcome:
    """What was answered about issues by their numbers."""
    return TriageOutcome(
        schema_version=1,
        kind="triage_outcome",
        id=name,
        recorded_at=at(hours),
        producer=PRODUCER,
        status=status,
        scores=tuple(
            TriageScore(fingerprint=fingerprint(number), score=score, reason="because")
            for number, score in points.items()
        ),
    )


def one_of_each() -> list[AnyRecord]:
    """A record of every kind."""
    return [
        scan("1", 0, 1, 2),
        intent("i-1", 1, 1),
        outcome("i-1", 2),
        cycle(
            "c-1",
            3,
            sessions=(session_seen(SessionState.WORKING, 3),),
            pull_requests=(pull_request_seen(PullRequestState.OPEN, 3),),
        ),
        verification("v-1", 4, verdict=Verdict.UNKNOWN),
        dismissal("d-1", 5),
        snapshot(6),
        alert(1, 7),
        alert_claim(1, 7),
        alert_outcome(1, 7),
        follow_up(1, 8),
        follow_up_outcome(1, 8),
        fix_example("x-1", 8),
        triage("t-1", 9, 1, 2),
        triage_outcome("t-1", 10, {1: 80}),
    ]
