"""Which issues may have a session now: the skip rules of seed 000, section 6.3, each with a reason, composed.

The first rule that objects decides, so the most informative come first:

1. What ends the matter: somebody is at it, or it is settled. Whatever else holds does not count then.
2. What only a person can clear up, or time heals: the attempts that were made.
3. What is said about its whole family, which tells least about the issue itself.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from msgspec import Struct

from codeql_fixer.domain.cycle import DecisionAction
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.tracked import Attempt, Lifecycle, TrackedIssue
from codeql_fixer.policy.cooldown import DEFAULT_COOLDOWN, attempts_since_opened, failures_of, is_exhausted, rests_until
from codeql_fixer.policy.fix_rates import PROBE_AFTER, FixRate, is_hopeless
from codeql_fixer.policy.lifecycle import has_open_pull_request
from codeql_fixer.policy.monitoring import FailingFamily
from codeql_fixer.policy.plain_text import counted


class KnownIssue(Protocol):
    """What rules look at, as policy/dispatching.py has it; `tracked` is None for what the index does not know yet."""

    @property
    def fingerprint(self) -> str:
        """Its name in the repository."""

    @property
    def tracked(self) -> TrackedIssue | None:
        """What scans say."""

    @property
    def lifecycle(self) -> Lifecycle:
        """How far it is."""

    @property
    def dismissed_until(self) -> datetime | None:
        """When its dismissal runs out, None when there is none."""

    @property
    def attempts(self) -> Sequence[Attempt]:
        """All of them, in the order of their claims."""


class Context(Struct, frozen=True, kw_only=True):
    """What else is known about the issues of one candidate.

    `repository` is in lower case, and `busy` holds repository and fingerprint of what open claims are about. A retry
    inside one run does not rest. `fix_rate` and `failing` are of the family: None where nothing is known, and where
    nothing is wrong. `tried` are family and rule of what got a session in this very decision, with "" for any rule.
    """

    now: datetime
    repository: str
    busy: Container[tuple[str, str]] = frozenset()
    max_attempts: int = 3
    cooldown: tuple[timedelta, ...] = DEFAULT_COOLDOWN
    is_retry: bool = False
    fix_rate: FixRate | None = None
    rule_rates: Mapping[tuple[str, str], FixRate] = {}
    min_fix_rate_pct: int = 0
    probe_after: timedelta = PROBE_AFTER
    tried: Container[tuple[str, str]] = frozenset()
    failing: FailingFamily | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """Why an issue gets no session now, and the earliest time at which that could change; None: only by an event."""

    action: DecisionAction
    reason: str
    until: datetime | None = None


Check: TypeAlias = Callable[[KnownIssue, Context], Verdict | None]


class Rule(Struct, frozen=True):
    """One rule: its name as people read it, and what it objects to, None when it does not."""

    name: str
    check: Check

    def __call__(self, issue: KnownIssue, context: Context) -> Verdict | None:
        """What the rule says about an issue."""
        return self.check(issue, context)


class Rules:
    """Rules in their order.

    Raises:
        ValueError: there is none, so everything would get a session.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        if not rules:
            msg = "no rule says which issues may have a session: give at least one"
            raise ValueError(msg)
        self._rules = tuple(rules)
        self._checks = tuple(rule.check for rule in rules)  # a fleet has a million issues

    def __call__(self, issue: KnownIssue, context: Context) -> Verdict | None:
        """The first objection; None when the issue is ready."""
        for check in self._checks:
            verdict = check(issue, context)
            if verdict is not None:
                return verdict
        return None

    def explained(self, issue: KnownIssue, context: Context) -> list[tuple[str, Verdict | None]]:
        """What every rule says, by its name: for people who ask why."""
        return [(rule.name, rule(issue, context)) for rule in self._rules]


_NOT_NOW = {
    Lifecycle.FIXED: Verdict(action=DecisionAction.SKIP, reason="it is fixed"),
    Lifecycle.VERIFIED_FIXED: Verdict(action=DecisionAction.SKIP, reason="it is fixed"),
    Lifecycle.SESSION_DISPATCHED: Verdict(action=DecisionAction.SKIP, reason="a session is at work on it"),
    Lifecycle.PR_OPEN: Verdict(action=DecisionAction.SKIP, reason="its pull request is open"),
    Lifecycle.PR_MERGED: Verdict(action=DecisionAction.WAIT, reason="its fix is merged and no scan has looked since"),
}


def _claimed(issue: KnownIssue, context: Context) -> Verdict | None:
    if (context.repository, issue.fingerprint) in context.busy:
        return Verdict(action=DecisionAction.SKIP, reason="a claim for it is open")
    return None


def _dismissed(issue: KnownIssue, context: Context) -> Verdict | None:
    until = issue.dismissed_until
    if until is not None and until > context.now:
        return Verdict(action=DecisionAction.SKIP, reason="it is dismissed", until=until)
    return None


def _under_way(issue: KnownIssue, context: Context) -> Verdict | None:
    del context
    return _NOT_NOW.get(issue.lifecycle)


def _untracked(issue: KnownIssue, context: Context) -> Verdict | None:
    """Nothing would remember what was tried."""
    del context
    if issue.tracked is None:
        return Verdict(action=DecisionAction.SKIP, reason="no scan of the default branch has reported it")
    return None


def _asked(issue: KnownIssue, context: Context) -> Verdict | None:
    """Its pull request is open and a person has to go on with it."""
    del context
    open_ones = (attempt for attempt in _counting(issue) if attempt.asked and has_open_pull_request(attempt))
    return next((_ask(attempt.asked) for attempt in open_ones), None)


def _ambiguous(issue: KnownIssue, context: Context) -> Verdict | None:
    del context
    attempts = _counting(issue)
    if attempts and attempts[-1].outcome is DispatchStatus.AMBIGUOUS:
        return _ask("nobody can tell whether a session was started for it")
    return None


def _exhausted(issue: KnownIssue, context: Context) -> Verdict | None:
    failures = _failures(issue)
    if is_exhausted(failures, context.cooldown):
        return _ask(f"{counted(len(failures), 'attempt')} failed: it needs a person")
    return None


def _had_its_sessions(issue: KnownIssue, context: Context) -> Verdict | None:
    if len(issue.attempts) < context.max_attempts:
        return None
    started = sum(attempt.session is not None or bool(attempt.pull_requests) for attempt in _counting(issue))
    if started >= context.max_attempts:
        return _ask(f"it had its {counted(context.max_attempts, 'session')}: it needs a person")
    return None


def _resting(issue: KnownIssue, context: Context) -> Verdict | None:
    failures = _failures(issue)
    if context.is_retry or is_exhausted(failures, context.cooldown):
        return None
    until = rests_until(failures, context.cooldown)
    if until is None or until <= context.now:
        return None
    reason = f"it rests until {until:%Y-%m-%d %H:%M} after {counted(len(failures), 'failure')}"
    return Verdict(action=DecisionAction.WAIT, reason=reason, until=until)


def _family_failing(issue: KnownIssue, context: Context) -> Verdict | None:
    del issue
    return _failing(context)


def _family_hopeless(issue: KnownIssue, context: Context) -> Verdict | None:
    del issue
    return _hopeless(context)


def _rule_hopeless(issue: KnownIssue, context: Context) -> Verdict | None:
    if issue.tracked is None:
        return None
    return _given_up(context.rule_rates.get((issue.tracked.family, issue.tracked.rule_id)), context)


def held_family(context: Context) -> Verdict | None:
    """What holds all issues of the family, whatever is known of each of them."""
    return _failing(context) or _hopeless(context)


def _failing(context: Context) -> Verdict | None:
    failing = context.failing
    if failing is None or failing.until <= context.now:
        return None
    return Verdict(action=DecisionAction.WAIT, reason=failing.reason, until=failing.until)


def _hopeless(context: Context) -> Verdict | None:
    return _given_up(context.fix_rate, context)


def _given_up(rate: FixRate | None, context: Context) -> Verdict | None:
    """Nothing more of it, but for one attempt after a while by which it can prove that it has changed."""
    least = context.min_fix_rate_pct
    if rate is None or not is_hopeless(rate, least):
        return None
    is_tried = (rate.family, rate.rule_id) in context.tried
    last = context.now if is_tried else rate.last_at
    until = last + context.probe_after if last else None
    if until and until <= context.now:
        return None
    tries = counted(rate.known, "attempt")
    reason = f"{rate.fixed} of {tries} at {rate.subject} fixed anything, and at least {least} % are asked for"
    again = f": one more after {until:%Y-%m-%d}" if until else ""
    return Verdict(action=DecisionAction.SKIP, reason=reason + again, until=until)


def _ask(reason: str) -> Verdict:
    return Verdict(action=DecisionAction.ASK, reason=reason)


def _counting(issue: KnownIssue) -> list[Attempt]:
    if not issue.tracked or not issue.attempts:
        return []
    return [attempt for attempt in attempts_since_opened(issue.tracked, issue.attempts) if attempt.is_ours]


def _failures(issue: KnownIssue) -> list[datetime]:
    return failures_of(issue.tracked, issue.attempts) if issue.tracked and issue.attempts else []


DEFAULT_RULES = Rules(
    [
        Rule("no claim is open", _claimed),
        Rule("not dismissed", _dismissed),
        Rule("nothing under way", _under_way),
        Rule("reported by a scan", _untracked),
        Rule("no person is asked about its pull request", _asked),
        Rule("no doubt about the last attempt", _ambiguous),
        Rule("not too many failures", _exhausted),
        Rule("attempts are left", _had_its_sessions),
        Rule("rested", _resting),
        Rule("its family does not fail in a row", _family_failing),
        Rule("its family can be fixed", _family_hopeless),
        Rule("its rule can be fixed", _rule_hopeless),
    ]
)
