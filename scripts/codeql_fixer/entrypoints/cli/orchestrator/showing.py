"""What several verbs show in the same way."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.tracked import Lifecycle, Tracking
from codeql_fixer.entrypoints.cli.pipeline_output import aligned, progress
from codeql_fixer.errors import UserError
from codeql_fixer.options import BY_NAME
from codeql_fixer.policy.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from codeql_fixer.bootstrap.fleet import Fleet
    from codeql_fixer.ports.index import Index, IssueRow

_FIXED = frozenset({Lifecycle.FIXED, Lifecycle.VERIFIED_FIXED})
_MAX_CELL = 60
_MOST_DAYS = 3650
__all__ = ["aligned", "caught_up", "cell", "days_of", "issue_document", "issue_table", "print_table"]
__all__ += ["state_dir_of", "state_of", "when"]


def caught_up(fleet: Fleet, index: Index, *, is_rebuild: bool = False) -> str:
    """Bring the index up to date, and return the state of the ledger that it reflects."""
    with progress(sys.stderr) as on_step:
        on_step("Reading the ledger")
        return catch_up(fleet.ledger(), index, is_rebuild=is_rebuild).tip


def days_of(text: str | None, default: int) -> int:
    """What `--days` asks for.

    Raises:
        UserError: it is no number of days.
    """
    if text is None:
        return default
    if not text.isdecimal() or not 0 < int(text) <= _MOST_DAYS:
        raise UserError(f"--days must be a whole number from 1 to {_MOST_DAYS}, got {text!r:.40}")
    return int(text)


def state_dir_of(flags: Mapping[str, str]) -> str:
    """Where local agents keep their sessions, for verbs that need no ledger."""
    option = BY_NAME["state_dir"]
    return flags.get(option.name) or os.environ.get(option.variable) or option.default


def state_of(row: IssueRow) -> str:
    """The state with what a person says about it, or what it is called now."""
    if row.issue.tracking is Tracking.RENAMED:
        return f"renamed to {row.issue.renamed_to}"
    now = SystemClock().now()
    is_dismissed = row.dismissed_until is not None and row.dismissed_until > now
    return Lifecycle.DISMISSED if is_dismissed and row.lifecycle not in _FIXED else row.lifecycle


def cell(text: str, limit: int = _MAX_CELL) -> str:
    """Strangers' text on one line of a table."""
    text = one_line(text, limit * 4)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def print_table(rows: Sequence[tuple[str, ...]], *, title: str = "") -> None:
    """A table, its head first: with lines and colours on a terminal that has rich, in plain columns elsewhere."""
    if sys.stdout.isatty():
        try:
            from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - only a terminal needs it
            from rich.console import Console  # noqa: PLC0415
            from rich.table import Table  # noqa: PLC0415
            from rich.text import Text  # noqa: PLC0415
        except ModuleNotFoundError:
            pass
        else:
            table = Table(*rows[0], title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
            for row in rows[1:]:
                table.add_row(*map(Text, row))
            Console().print(table)
            return
    print("\n".join([*([title] if title else []), *aligned(rows)]))


def when(at: datetime | None) -> str:
    """A time for people, "" for none."""
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def issue_document(row: IssueRow) -> dict[str, object]:
    """An issue for scripts."""
    issue = row.issue
    return {
        "repository": row.repository,
        "fingerprint": issue.fingerprint,
        "aliases": list(issue.aliases),
        "renamed_to": issue.renamed_to or None,
        "state": state_of(row),
        "reason": row.reason,
        "rule_id": issue.rule_id,
        "severity_tier": issue.tier,
        "cwe_family": issue.family,
        "file": issue.file,
        "start_line": issue.start_line,
        "message": issue.message,
        "first_seen_at": issue.first_seen_at.isoformat(),
        "last_seen_at": issue.last_seen_at.isoformat(),
        "fixed_at": issue.fixed_at.isoformat() if issue.fixed_at else None,
        "appearances": issue.appearances,
        "in_doubt": issue.doubt,
    }


def issue_table(rows: Sequence[IssueRow]) -> str:
    """Issues for people."""
    table = [("REPOSITORY", "FINGERPRINT", "TIER", "STATE", "RULE", "WHERE")]
    for row in rows:
        where = f"{row.issue.file or '(no file)'}:{row.issue.start_line or '?'}"
        state = state_of(row).replace("_", " ")
        names = (cell(row.repository), row.issue.fingerprint, row.issue.tier.value)
        table.append((*names, state, cell(row.issue.rule_id), cell(where)))
    return "\n".join(aligned(table))
