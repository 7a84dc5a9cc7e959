"""Writes the results of a batch as a SARIF file of their own, for an agent that wants to read them as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from codeql_fixer.domain.batch import Batch
    from codeql_fixer.domain.finding import Finding, Location, Rule
    from codeql_fixer.domain.issue import Issue

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST_FLOWS = 3


def excerpt_of(batch: Batch) -> bytes:
    """SARIF 2.1.0 with one run per tool; each result names its issue and fingerprint in `properties`."""
    by_tool: dict[tuple[str, str], list[Issue]] = {}
    for issue in batch.issues:
        scan = issue.finding.scan
        by_tool.setdefault((scan.tool, scan.tool_version), []).append(issue)
    runs = [_run(tool, version, issues) for (tool, version), issues in by_tool.items()]
    return msgspec.json.format(msgspec.json.encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs})) + b"\n"


def _run(tool: str, version: str, issues: list[Issue]) -> dict[str, Any]:
    rules = {issue.finding.rule.id: issue.finding.rule for issue in issues}
    driver = {"name": tool, "rules": [_rule(rule) for rule in rules.values()]} | (
        {"version": version} if version else {}
    )
    return {"tool": {"driver": driver}, "results": [_result(issue) for issue in issues]}


def _rule(rule: Rule) -> dict[str, Any]:
    texts = {
        "shortDescription": rule.short_description,
        "fullDescription": rule.full_description,
        "help": rule.help,
    }
    return {"id": rule.id} | {name: {"text": text} for name, text in texts.items() if text}


def _result(issue: Issue) -> dict[str, Any]:
    finding = issue.finding
    trace = issue.trace()
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "message": {"text": finding.text},
        "locations": [_location(place) for place in finding.locations if place.file],
        "properties": {"issue": issue.id, "fingerprint": issue.identity.fingerprint},
    }
    if trace.flows:
        result["codeFlows"] = [
            {"threadFlows": [{"locations": [{"location": _location(step)} for step in flow]}]}
            for flow in trace.flows[:_MOST_FLOWS]
        ]
    return result | _fingerprints(finding)


def _fingerprints(finding: Finding) -> dict[str, Any]:
    found = finding.tool_fingerprints.as_dict()
    return {"partialFingerprints": found} if found else {}


def _location(place: Location) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": place.file or place.external_uri or "unknown"}}
    region = {
        "startLine": place.start_line,
        "startColumn": place.start_column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    if place.start_line is not None:
        physical["region"] = {name: number for name, number in region.items() if number is not None}
    found: dict[str, Any] = {"physicalLocation": physical}
    return found | ({"message": {"text": place.message}} if place.message else {})
