"""What a run tells about how much of the code it reports on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codeql_fixer.adapters.sarif import wire

# CodeQL's action marks runs on pull requests by a property, and hands the changed lines over in a pack of its own.
_DIFF_PACK = re.compile(r"\bpr-diff-range\b")
# Semgrep's comparison with a commit, and the switches of others that do the same.
_DIFF_OPTION = re.compile(
    r"(?:^|\s)--(?:baseline-commit|diff-depth|diff-aware|diff-informed|changed-only|since)(?=[\s=]|$)"
)


def partial_of(run: wire.Run) -> str:
    """Why the run reports a part of the findings only, "" when nothing says so."""
    mode = run.properties.incremental_mode if run.properties else None
    if mode and "diff-informed" in str(mode):
        return "the scan reports findings on changed lines only (diff-informed)"
    extensions = (run.tool.extensions if run.tool else None) or ()
    if any(part.name and _DIFF_PACK.search(part.name) for part in extensions):
        return "the scan reports findings on changed lines only (it ran with a diff range)"
    for invocation in run.invocations or ():
        command = f"{invocation.command_line or ''} {' '.join(invocation.arguments or ())}"
        if found := _DIFF_OPTION.search(command):
            return f"the scan was told to compare with another commit ({found[0].strip()})"
    return ""


def packs_of(run: wire.Run) -> tuple[tuple[str, str], ...]:
    """Name and version of the tool's extensions, sorted."""
    extensions = (run.tool.extensions if run.tool else None) or ()
    named = {part.name: part.semantic_version or part.version or "" for part in extensions if part.name}
    return tuple(sorted(named.items()))
