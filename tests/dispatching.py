"""Values for tests of dispatching."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codeql_fixer.domain.claim import Claim
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.route import Complexity, Route
from codeql_fixer.domain.session import Session, SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Attempt
from codeql_fixer.policy.dispatching import Candidate, CandidateIssue, Facts
from codeql_fixer.policy.tracking import RepositoryIssues
from tests.records import at, fingerprint, scan

if TYPE_CHECKING:
    from codeql_fixer.domain.cycle import PullRequestState
    from codeql_fixer.domain.tracked import TrackedIssue

REPOSITORY = "acme/shop"


def route(**members: Any) -> Route:  # noqa: ANN401 - passed on
    """A route to Devin."""
    chosen: dict[str, Any] = {"agent": "devin", "mode": "", "max_acu": None, "complexity": Complexity.SIMPLE}
    return Route(**{**chosen, "reason": "no rule matches", **members})


def tracked(number: int = 1, *, seen: float = 0) -> TrackedIssue:
    """An issue that scans at 0 and `seen` hours reported."""
    state = RepositoryIssues()
    for name, hours in (("1", 0.0), ("2", seen))[: 2 if seen else 1]:
        state.fold(scan(name, hours, number))
    return state.issues[fingerprint(number)]


def attempt(
    hours: float,
    *pulls: tuple[PullRequestState, float],
    outcome: DispatchStatus | None = DispatchStatus.CREATED,
    session: SessionState | None = None,
    **members: Any,  # noqa: ANN401 - passed on
) -> Attempt:
    """An attempt that was claimed then, and looked at an hour later."""
    seen = None if session is None else at(hours + 1)
    states = tuple((state, at(when)) for state, when in pulls)
    return Attempt(f"i-{hours}", at(hours), outcome, session, states, session_at=seen, **members)


def candidate_issue(number: int, **members: Any) -> CandidateIssue:  # noqa: ANN401 - passed on
    """An issue that could be fixed."""
    known: dict[str, Any] = {"tracked": tracked(number)}
    return CandidateIssue(id=f"CQLF-R1-{number:04}", fingerprint=fingerprint(number), **{**known, **members})


def candidate(key: str, *issues: CandidateIssue, **members: Any) -> Candidate:  # noqa: ANN401 - passed on
    """Issues that could be a session."""
    chosen: dict[str, Any] = {"repository": REPOSITORY, "family": "injection", "tier": SeverityTier.HIGH}
    return Candidate(key=key, issues=issues, **{**chosen, **members})


def claim(name: str, hours: float, *numbers: int, **members: Any) -> Claim:  # noqa: ANN401 - passed on
    """A claim on some issues."""
    chosen: dict[str, Any] = {"repository": REPOSITORY, "agent": "devin", "attempt": 1, "claimed_at": at(hours)}
    return Claim(intent_id=name, fingerprints=tuple(map(fingerprint, numbers)), **{**chosen, **members})


def facts(hours: float = 0, *claims: Claim, **members: Any) -> Facts:  # noqa: ANN401 - passed on
    """What is known at a time."""
    return Facts(now=at(hours), claims=claims, **members)


def session(name: str = "s-1", **members: Any) -> Session:  # noqa: ANN401 - passed on
    """A session at work."""
    chosen: dict[str, Any] = {"agent": "devin", "state": SessionState.WORKING, "raw_state": "running/working"}
    return Session(id=name, **{**chosen, **members})
