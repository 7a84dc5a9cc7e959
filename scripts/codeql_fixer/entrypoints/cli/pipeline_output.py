"""What the pipeline command shows: progress and an overview for people, counts for scripts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import msgspec

from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.policy.plain_text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.domain.sessions import SessionsSummary, SessionSummary

_SHOWN_ISSUES = 10
_SHOWN_WARNINGS = 10
_MAX_CELL = 60


@contextmanager
def progress(stream: TextIO) -> Iterator[Callable[[str], None]]:
    """A spinner on a terminal that has rich; elsewhere silence, since logs are for results."""
    if not stream.isatty():
        yield _ignore
        return
    try:
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    except ModuleNotFoundError:
        yield say
        return
    with Console(file=stream).status("Starting") as status:
        yield status.update


def _ignore(step: str) -> None:
    del step


def described_sessions(sessions: SessionsSummary) -> str:
    """What was started, and what was not and why, on one screen."""
    rows = [
        (item.batch_id, item.agent, item.state or item.status or "unknown", str(item.issues), _outcome(item))
        for item in sessions.sessions
    ]
    started = counted(sessions.created, "session")
    lines = [f"{started} started, {sessions.failed} refused, {sessions.unsettled} not known yet"]
    if sessions.settled:
        lines.append(f"{counted(sessions.settled, 'claim')} of earlier runs settled")
    if rows:
        lines += ["", *aligned([("BATCH", "AGENT", "STATE", "ISSUES", "OUTCOME"), *rows])]
    lines += [f"{counted(item.issues, 'issue')} held ({item.action}): {item.reason}" for item in sessions.held]
    return "\n".join(lines)


def _outcome(item: SessionSummary) -> str:
    """Where to look: the proposed change, or the session, or why there is none."""
    return ", ".join(item.pull_requests) or _cell(item.problem) or item.session_url or item.session_id


def counts_document(work: FixWork, run: ScanRun, sessions: SessionsSummary) -> dict[str, object]:
    """The one JSON document of `--json`."""
    return {
        **msgspec.structs.asdict(work.counts),
        "exclusions": work.exclusions,
        "severity_breakdown": run.severity_breakdown,
        "category_breakdown": run.category_breakdown,
        "warnings": len(run.warnings),
        "run_id": run.run_id,
        "run_label": run.run_label,
        "target_repo": run.target_repo,
        "mode": run.mode,
        "sessions_created": sessions.created,
        "sessions_failed": sessions.failed,
        "sessions_unsettled": sessions.unsettled,
        "sessions": msgspec.to_builtins(sessions.sessions),
        "held": msgspec.to_builtins(sessions.held),
        "settled": sessions.settled,
        "stopped": sessions.stopped,
        "paused": sessions.paused,
    }


def describe(work: FixWork, run: ScanRun, output_dir: str) -> str:
    """The outcome on one screen."""
    counts = work.counts
    lines = [f"warning: {one_line(warning, 400)}" for warning in run.warnings[:_SHOWN_WARNINGS]]
    if len(run.warnings) > _SHOWN_WARNINGS:
        lines.append(f"warning: {len(run.warnings) - _SHOWN_WARNINGS} more in {output_dir}/run.json")
    set_aside = (
        f"{counts.suppressed} suppressed, {counts.duplicates} duplicates, "
        f"{counts.below_threshold} below threshold, {counts.excluded} excluded"
    )
    batches = counted(counts.batches, "batch", "batches")
    lines += [
        f"{run.target_repo}: {counted(counts.results_read, 'result')} read, {set_aside}",
        f"{counted(counts.issues, 'issue')} ({_tiers(run)}) in {batches}, {counts.left_out} left out",
    ]
    if work.issues:
        lines += ["", *_issues(work), "", *_batches(work)]
    return "\n".join([*lines, "", f"Written to {output_dir}: summary.md, prompts/, run.json and more"])


def _tiers(run: ScanRun) -> str:
    found = [f"{run.severity_breakdown[tier]} {tier}" for tier in SeverityTier if tier in run.severity_breakdown]
    return ", ".join(found) or "none"


def _issues(work: FixWork) -> list[str]:
    rows = [
        (
            issue.id,
            str(issue.severity),
            _cell(issue.finding.rule.id),
            _cell(f"{issue.finding.file or '(no file)'}:{issue.finding.start_line or '?'}"),
        )
        for issue in work.issues[:_SHOWN_ISSUES]
    ]
    more = len(work.issues) - len(rows)
    return aligned([("ISSUE", "SEVERITY", "RULE", "WHERE"), *rows]) + ([f"... and {more} more"] if more else [])


def _batches(work: FixWork) -> list[str]:
    rows = [
        (batch.id, batch.family, batch.severity.tier.value, str(len(batch.issues))) for batch in work.batching.batches
    ]
    return aligned([("BATCH", "FAMILY", "WORST", "ISSUES"), *rows])


def _cell(text: str) -> str:
    text = one_line(text, 400)
    return text if len(text) <= _MAX_CELL else f"{text[:20]}...{text[23 - _MAX_CELL :]}"


def aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A table as lines, every column as wide as its widest cell."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
