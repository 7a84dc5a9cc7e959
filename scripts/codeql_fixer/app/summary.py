"""The summary of a run in Markdown, as a person likes to read it on the page of a workflow run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.markdown import plain, table
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.domain.sessions import SessionsSummary

_TOP_ISSUES = 20
_MAX_WARNINGS = 20
_MAX_CELL = 160
_TIERS = [tier for tier in SeverityTier if tier is not SeverityTier.NONE]


def summary_of(work: FixWork, run: ScanRun, *, server_url: str) -> str:
    """Markdown: what was found, by tier and family, the worst issues linked to their lines, the batches.

    Args:
        work: the outcome of the run.
        run: its record.
        server_url: where the target's source can be looked at, such as `https://github.com`.
    """
    counts = run.counts
    lines = [
        f"## CodeQL Fixer: {counted(counts.issues, 'issue')} in {counted(counts.batches, 'batch', 'batches')}",
        "",
        f"`{run.target_repo}` · mode `{run.mode}` · `{run.run_label}`",
        "",
        *table(
            ["read", "suppressed", "duplicates", "below threshold", "excluded", "**issues**", "left out"],
            [
                [
                    counts.results_read,
                    counts.suppressed,
                    counts.duplicates,
                    counts.below_threshold,
                    counts.excluded,
                    f"**{counts.issues}**",
                    counts.left_out,
                ]
            ],
        ),
    ]
    if work.issues:
        lines += ["", "### By family", "", *_family_table(work.issues)]
        shown = min(_TOP_ISSUES, len(work.issues))
        lines += ["", f"### The {shown} most severe" if shown > 1 else "### The issue", ""]
        lines += _issue_table(work.issues[:shown], f"{server_url}/{run.target_repo}/blob/{run.commit or 'HEAD'}")
        lines += ["", "### Batches", "", *_batch_table(work)]
    if run.warnings:
        lines += ["", f"### Warnings ({len(run.warnings)})", ""]
        lines += [f"- {plain(warning, 400)}" for warning in run.warnings[:_MAX_WARNINGS]]
    return "\n".join(lines) + "\n"


def sessions_section(sessions: SessionsSummary) -> str:
    """Markdown about what was started and what was not; strangers' words in it are plain text."""
    lines = ["", f"### Sessions: {sessions.created} started, {sessions.failed} refused", ""]
    if sessions.sessions:
        rows = [
            [
                item.batch_id,
                item.issues,
                item.agent,
                _web_link(item.session_id, item.session_url),
                item.state or item.status or "not known yet",
                " ".join(_web_link(url.rpartition("/")[2], url) for url in item.pull_requests),
                plain(item.problem or item.reason, _MAX_CELL),
            ]
            for item in sessions.sessions
        ]
        lines += [*table(["batch", "issues", "agent", "session", "state", "proposed", "why"], rows), ""]
    if sessions.unsettled:
        lines += [f"Of {counted(sessions.unsettled, 'claim')} nobody can tell yet; the next run looks it up.", ""]
    lines += [f"- {counted(item.issues, 'issue')}: {plain(item.reason, _MAX_CELL)}" for item in sessions.held]
    lines += [f"- **{plain(problem, 400)}**" for problem in (sessions.stopped, sessions.paused) if problem]
    return "\n".join(lines) + "\n"


def _web_link(name: str, url: str) -> str:
    """A link, where the address is one for browsers; else the bare name."""
    shown = plain(name, 60)
    return f"[{shown}]({quote(url, safe=':/?=&%#')})" if url.startswith(("https://", "http://")) else shown


def _family_table(issues: Iterable[Issue]) -> list[str]:
    by_family: dict[str, Counter[SeverityTier]] = {}
    for issue in issues:
        by_family.setdefault(issue.family, Counter())[issue.severity.tier] += 1
    ordered = sorted(by_family.items(), key=lambda entry: ([-entry[1][tier] for tier in _TIERS], entry[0]))
    rows = [[family, *(tiers[tier] or "" for tier in _TIERS), tiers.total()] for family, tiers in ordered]
    total = sum((tiers for _, tiers in ordered), Counter[SeverityTier]())
    rows.append(["**all**", *(total[tier] or "" for tier in _TIERS), f"**{total.total()}**"])
    return table(["family", *_TIERS, "all"], rows)


def _issue_table(issues: Iterable[Issue], source_url: str) -> list[str]:
    rows = [
        [
            issue.id,
            issue.severity,
            plain(issue.finding.rule.id, _MAX_CELL),
            _link(issue, source_url),
            plain(issue.finding.text, _MAX_CELL),
        ]
        for issue in issues
    ]
    return table(["issue", "severity", "rule", "where", "what"], rows)


def _batch_table(work: FixWork) -> list[str]:
    rows = [[batch.id, batch.family, batch.severity, len(batch.issues)] for batch in work.batching.batches]
    lines = table(["batch", "family", "worst", "issues"], rows)
    for reason, count in Counter(group.reason for group in work.batching.left_out for _ in group.issues).items():
        lines += ["", f"Left out: {counted(count, 'issue')}, {reason}."]
    return lines


def _link(issue: Issue, source_url: str) -> str:
    finding = issue.finding
    if not finding.file:
        return "no file"
    line = finding.start_line
    anchor = f"#L{line}" if line else ""
    shown = plain(finding.file, _MAX_CELL) + (f":{line}" if line else "")
    return f"[{shown}]({source_url}/{quote(finding.file)}{anchor})"
