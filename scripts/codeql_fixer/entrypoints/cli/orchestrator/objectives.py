"""How far objectives are, as the verbs of the orchestrator show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.entrypoints.cli.orchestrator.showing import cell
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from codeql_fixer.domain.objective import Progress


def described_objective(progress: Progress) -> str:
    """One line for people."""
    name, count = cell(progress.objective.name), counted(progress.open_issues, "issue")
    if progress.is_met:
        return f"objective {name}: met, {count} open"
    if progress.target is None:
        return f"objective {name}: {count} open; the first cycle sets the baseline"
    return f"objective {name}: {count} open, {progress.target} are the aim"


def objective_document(progress: Progress) -> dict[str, object]:
    """The same for scripts."""
    return {
        "name": progress.objective.name,
        "open_issues": progress.open_issues,
        "baseline": progress.baseline,
        "target": progress.target,
        "is_met": progress.is_met,
    }
