"""All kinds of records, and the version of each that this software writes."""

from __future__ import annotations

from typing import TypeAlias

from codeql_fixer.domain.alert import Alert, AlertClaim, AlertOutcome
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.dismissal import Dismissal
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
from codeql_fixer.domain.fix_example import FixExample
from codeql_fixer.domain.follow_up import FollowUp, FollowUpOutcome
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.domain.snapshot import Snapshot
from codeql_fixer.domain.triage import Triage, TriageOutcome
from codeql_fixer.domain.verification import Verification

AnyRecord: TypeAlias = (
    ScanRun
    | DispatchIntent
    | DispatchOutcome
    | Cycle
    | Verification
    | Dismissal
    | Snapshot
    | Alert
    | AlertClaim
    | AlertOutcome
    | FollowUp
    | FollowUpOutcome
    | FixExample
    | Triage
    | TriageOutcome
)

KINDS: dict[str, type[AnyRecord]] = {
    "scan_run": ScanRun,
    "dispatch_intent": DispatchIntent,
    "dispatch_outcome": DispatchOutcome,
    "cycle": Cycle,
    "verification": Verification,
    "dismissal": Dismissal,
    "snapshot": Snapshot,
    "alert": Alert,
    "alert_claim": AlertClaim,
    "alert_outcome": AlertOutcome,
    "follow_up": FollowUp,
    "follow_up_outcome": FollowUpOutcome,
    "fix_example": FixExample,
    "triage": Triage,
    "triage_outcome": TriageOutcome,
}
VERSIONS = dict.fromkeys(KINDS, 1) | dict.fromkeys(
    ("scan_run", "dispatch_intent", "dispatch_outcome", "cycle", "verification"), 2
)
