"""SARIF of the later scan with `baselineState` on every result (section 3.27.24), and with what is gone besides.

Works on plain JSON: whatever a tool wrote stays as it was, also members that we do not read.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from codeql_fixer.adapters.sarif.files import find_files, load
from codeql_fixer.adapters.sarif.reader import SarifReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from codeql_fixer.domain.finding import Finding
    from codeql_fixer.domain.proof import Proof

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_INDEX_MEMBERS = ("ruleIndex", "rule")  # point into lists of another run


def with_baseline_state(baseline: Path, candidate: Path, proof: Proof) -> bytes:
    """The later scan as one log.

    Results are `new`, `unchanged`, `updated` (the same finding at another place) or `absent` (only the earlier scan
    had it; what that proves is another question). Ones that both scans know by rule, file and line are not told apart.

    Args:
        baseline: SARIF of the earlier scan.
        candidate: SARIF of the later one.
        proof: verdicts on everything that the earlier scan found.

    Raises:
        InputError: one of them cannot be read.
    """
    new = {(one.rule_id, one.file, one.line) for one in proof.new_findings}
    same = {
        (one.rule_id, now.file, now.line)
        for one in proof.targets
        if (now := one.evidence.candidate) is not None and now == one.evidence.baseline
    }
    gone = {
        (one.rule_id, was.file, was.line)
        for one in proof.targets
        if (was := one.evidence.baseline) is not None and one.evidence.candidate is None
    }
    runs: list[dict[str, Any]] = []
    by_tool: dict[str, dict[str, Any]] = {}
    for run, results in _runs(candidate):
        for result, finding in results:
            place = _place(finding)
            result["baselineState"] = "new" if place in new else "unchanged" if place in same else "updated"
        runs.append(run)
        by_tool.setdefault(_tool(run), run)
    absent: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for run, results in _runs(baseline):
        absent[_tool(run)] += [_absent(result, finding) for result, finding in results if _place(finding) in gone]
    for tool, gone_results in absent.items():
        if tool in by_tool:
            by_tool[tool]["results"] = [*(by_tool[tool].get("results") or ()), *gone_results]
    return msgspec.json.format(msgspec.json.encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs})) + b"\n"


def _runs(path: Path) -> Iterator[tuple[dict[str, Any], list[tuple[dict[str, Any], Finding]]]]:
    """Every run as plain JSON, and its results with what we read of each; those that are no finding are left out."""
    for file in find_files([path]):
        log = msgspec.json.decode(load(file), type=dict[str, Any])
        found = SarifReader([file]).results()
        for run in log["runs"]:
            results = run.get("results") or ()
            pairs = [(result, finding) for result in results if (finding := next(found)) is not None]
            yield run, pairs


def _absent(result: dict[str, Any], finding: Finding) -> dict[str, Any]:
    rest = {name: value for name, value in result.items() if name not in _INDEX_MEMBERS}
    return {**rest, "ruleId": finding.rule.id, "baselineState": "absent"}


def _place(finding: Finding) -> tuple[str, str, int | None]:
    return finding.rule.id, finding.file, finding.start_line


def _tool(run: dict[str, Any]) -> str:
    driver = (run.get("tool") or {}).get("driver") or {}
    return str(driver.get("name", ""))
