"""Writes the records of dispatching: who wrote them, when, and what stands on the ledger in their place already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, TypedDict, Unpack
from uuid import uuid4

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.domain.alert import Alert, AlertClaim, AlertOutcome, DeliveryStatus
from codeql_fixer.domain.cycle import (
    Cycle,
    Decision,
    DecisionInputs,
    PullRequestObservation,
    SessionObservation,
)
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.domain.fix_example import FixExample
from codeql_fixer.domain.follow_up import FollowUp, FollowUpOutcome, FollowUpStatus
from codeql_fixer.domain.learning import Versions
from codeql_fixer.domain.record import Producer, Url
from codeql_fixer.domain.triage import Triage, TriageOutcome
from codeql_fixer.domain.verification import IssueVerdict, Verification
from codeql_fixer.policy.claims import LEASE, intent_id_of
from codeql_fixer.policy.examples import example_id
from codeql_fixer.policy.ledger_paths import path_of
from codeql_fixer.ports.ledger import Stored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.domain.delivery import News
    from codeql_fixer.domain.fix_example import ProvedFix
    from codeql_fixer.domain.proof import TargetVerdict
    from codeql_fixer.domain.triage import Asked
    from codeql_fixer.policy.dispatching import Dispatch
    from codeql_fixer.policy.follow_up import Ask, Tell
    from codeql_fixer.policy.proof.proving import ProvedMerge
    from codeql_fixer.policy.triage import TriageEnd
    from codeql_fixer.ports.ledger import Ledger

_MOST_REASON, _MOST_TITLE, _MOST_FIELD, _MOST_RULE = 2000, 200, 500, 400
_DIGITS = 24


class VerifiedBy(TypedDict, total=False):
    """What a verification rests on (domain/verification.py)."""

    scan_run_id: str
    commit: str
    baseline_commit: str
    evidence_sha256: str
    pull_request: int | None
    pull_request_url: str
    session_id: str
    intent_id: str


class Author(Struct, frozen=True, kw_only=True):
    """Makes records; `run_id` names this run in them."""

    producer: Producer
    run_id: str
    clock: Callable[[], datetime]

    def intent(self, dispatch: Dispatch, account: str = "", versions: Versions | None = None) -> DispatchIntent:
        """The claim for a decision; `account` is the agent's, `versions` what it will be told by."""
        versions = versions or Versions()
        now, candidate, route = self.clock(), dispatch.candidate, dispatch.route
        fingerprints = tuple(sorted({issue.fingerprint for issue in candidate.issues}))
        return DispatchIntent(
            schema_version=2,
            kind="dispatch_intent",
            id=intent_id_of(candidate.repository, fingerprints, agent=route.agent, attempt=dispatch.attempt),
            recorded_at=now,
            producer=self.producer,
            target_repo=candidate.repository,
            fingerprints=fingerprints,
            agent=route.agent,
            attempt=dispatch.attempt,
            batch_id=candidate.key,
            max_acu=dispatch.max_acu,
            act_before=now + LEASE,
            account=account,
            family=candidate.family,
            complexity=route.complexity.value,
            mode=route.mode,
            reason=route.reason,
            prompt=versions.prompt,
            playbook=versions.playbook,
        )

    def outcome(
        self, intent_id: str, status: DispatchStatus, *, reason: str = "", session: tuple[str, str] = ("", "")
    ) -> DispatchOutcome:
        """What became of a claim; `session` is the id and the address of a session."""
        now = self.clock()
        session_id, session_url = session[0], address(session[1])
        return DispatchOutcome(
            schema_version=2,
            kind="dispatch_outcome",
            id=intent_id,
            recorded_at=now,
            producer=self.producer,
            status=status,
            session_id=session_id,
            session_url=session_url,
            created_at=now if session_id else None,
            reason=reason[:_MOST_REASON],
        )

    def cycle(
        self,
        purpose: str,
        *,
        tip: str = "",
        decisions: Iterable[Decision] = (),
        sessions: Iterable[SessionObservation] = (),
        pull_requests: Iterable[PullRequestObservation] = (),
        inputs: DecisionInputs | None = None,
    ) -> Cycle:
        """What was seen and decided just now; `tip` is the state of the ledger on which it rests, `inputs` the rest."""
        now = self.clock()
        decided = tuple(decisions)
        return Cycle(
            schema_version=2,
            kind="cycle",
            id=f"{purpose}-{self.run_id}-{uuid4().hex[:8]}",
            recorded_at=now,
            producer=self.producer,
            started_at=now,
            finished_at=now,
            ledger_commit=tip,
            issues_considered=sum(len(decision.fingerprints) for decision in decided),
            sessions=tuple(sessions),
            pull_requests=tuple(pull_requests),
            decisions=decided,
            inputs=inputs,
        )

    def verification(
        self, repository: str, targets: Iterable[TargetVerdict], **said: Unpack[VerifiedBy]
    ) -> Verification:
        """What a scan proved about the issues of a fix, and which scan and change that were."""
        now = self.clock()
        return Verification(
            schema_version=2,
            kind="verification",
            id=f"{now:%Y%m%dT%H%M%S}-{uuid4().hex[:12]}",
            recorded_at=now,
            producer=self.producer,
            target_repo=repository,
            verdicts=tuple(
                IssueVerdict(
                    fingerprint=target.fingerprint,
                    verdict=target.verdict,
                    reason="; ".join(target.reasons)[:_MOST_REASON],
                    rule_id=target.rule_id,
                )
                for target in targets
            ),
            **said,
        )

    def proof(self, proved: ProvedMerge) -> Verification:
        """What a scan run proves about a merged fix; always under the same id, so that it is recorded once."""
        fix = proved.fix
        names = " ".join(target.fingerprint for target in proved.targets)
        key = sha256(f"{fix.repository} {fix.number} {proved.scan_run} {names}".lower().encode()).hexdigest()[:_DIGITS]
        record = self.verification(
            fix.repository,
            proved.targets,
            scan_run_id=proved.scan_run,
            pull_request=fix.number,
            pull_request_url=address(fix.url),
            session_id=fix.session_id,
            intent_id=fix.intent_id,
        )
        return replace(record, id=f"proof-{key}")

    def alert(self, news: News, channels: Iterable[str]) -> Alert:
        """What is to be told over these channels."""
        return Alert(
            schema_version=1,
            kind="alert",
            id=news.alert,
            recorded_at=self.clock(),
            producer=self.producer,
            event=news.event,
            key=news.key[:_MOST_FIELD],
            title=news.title[:_MOST_TITLE],
            channels=tuple(channels),
            text=news.text[:_MOST_REASON],
            target_repo=news.repository,
            fields={name: value[:_MOST_FIELD] for name, value in news.fields.items()},
            covers=news.covers,
        )

    def fix_example(self, fix: ProvedFix, diff: str) -> FixExample:
        """A fix that was proved, with what of its change can be shown."""
        return FixExample(
            schema_version=1,
            kind="fix_example",
            id=example_id(fix.repository, fix.pull_request, fix.rule_id),
            recorded_at=self.clock(),
            producer=self.producer,
            target_repo=fix.repository,
            fingerprint=fix.fingerprint,
            rule_id=fix.rule_id[:_MOST_RULE],
            family=fix.family,
            pull_request=fix.pull_request,
            diff=diff,
            language=fix.language,
            pull_request_url=address(fix.pull_request_url),
            intent_id=fix.intent_id,
            verification=fix.verification,
        )

    def alert_claim(self, alert: str, channel: str, attempt: int) -> AlertClaim:
        """The right to tell an alert for a while."""
        now = self.clock()
        return AlertClaim(
            schema_version=1,
            kind="alert_claim",
            id=f"{alert}.{channel}.{attempt}",
            recorded_at=now,
            producer=self.producer,
            alert=alert,
            channel=channel,
            attempt=attempt,
            act_before=now + LEASE,
        )

    def alert_outcome(
        self, claim: AlertClaim, status: DeliveryStatus, *, url: str = "", reason: str = ""
    ) -> AlertOutcome:
        """What became of that."""
        return AlertOutcome(
            schema_version=1,
            kind="alert_outcome",
            id=claim.id,
            recorded_at=self.clock(),
            producer=self.producer,
            alert=claim.alert,
            channel=claim.channel,
            attempt=claim.attempt,
            status=status,
            url=address(url),
            reason=reason[:_MOST_REASON],
        )

    def triage(self, issues: Iterable[Asked], *, agent: str, account: str, max_acu: int | None) -> Triage:
        """The claim to ask an agent about issues, in its account."""
        now = self.clock()
        return Triage(
            schema_version=1,
            kind="triage",
            id=f"t-{now:%Y%m%dT%H%M%S}-{uuid4().hex[:12]}",
            recorded_at=now,
            producer=self.producer,
            agent=agent,
            issues=tuple(issues),
            act_before=now + LEASE,
            account=account,
            max_acu=max_acu,
        )

    def triage_outcome(self, triage_id: str, end: TriageEnd) -> TriageOutcome:
        """How that ended."""
        return TriageOutcome(
            schema_version=1,
            kind="triage_outcome",
            id=triage_id,
            recorded_at=self.clock(),
            producer=self.producer,
            status=end.status,
            scores=end.scores,
            reason=end.reason[:_MOST_REASON],
        )

    def follow_up(self, claim: Claim, pull_request: tuple[str, int], step: Tell) -> FollowUp:
        """The right to tell the session of a claim, for a while, what was said at its pull request."""
        now, (repository, number) = self.clock(), pull_request
        return FollowUp(
            schema_version=1,
            kind="follow_up",
            id=f"{step.round_id}.{step.attempt}",
            recorded_at=now,
            producer=self.producer,
            round_id=step.round_id,
            attempt=step.attempt,
            target_repo=repository,
            pull_request=number,
            round=step.round,
            events=tuple(sorted(step.events)),
            intent_id=claim.intent_id,
            agent=claim.agent,
            session_id=claim.session_id,
            act_before=now + LEASE,
        )

    def follow_up_outcome(
        self,
        claim: Claim,
        pull_request: tuple[str, int],
        step: Tell | Ask,
        *,
        status: FollowUpStatus,
        reason: str = "",
        child: str = "",
    ) -> FollowUpOutcome:
        """What became of that; `child` is the claim of the session that goes on."""
        repository, number = pull_request
        return FollowUpOutcome(
            schema_version=1,
            kind="follow_up_outcome",
            id=f"{step.round_id}.{step.attempt}",
            recorded_at=self.clock(),
            producer=self.producer,
            round_id=step.round_id,
            attempt=step.attempt,
            target_repo=repository,
            pull_request=number,
            round=step.round,
            intent_id=claim.intent_id,
            status=status,
            follow_up_intent=child,
            reason=reason[:_MOST_REASON],
        )


def address(url: str) -> str:
    """An address as a record takes it, "" for one that it does not: it came from a service, and is for people only."""
    try:
        return msgspec.convert(url, Url)
    except msgspec.ValidationError:
        return ""


def outcome_on_record(ledger: Ledger, ours: DispatchOutcome) -> DispatchOutcome:
    """The outcome that stands where ours would; ours when there is none.

    Raises:
        UpstreamError: the ledger cannot be read.
    """
    path = path_of(ours)
    folder = f"{path.rpartition('/')[0]}/"
    found = (entry.record for entry in ledger.read_under(folder) if isinstance(entry, Stored) and entry.path == path)
    return next((record for record in found if isinstance(record, DispatchOutcome)), ours)
