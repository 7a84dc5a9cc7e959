"""Writes the results of a batch as a SARIF file of their own, for an agent that wants to read them as data.

Read again, it gives the same findings with the same evidence, so that whoever scans the fix can compare.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    from codeql_fixer.domain.batch import Batch
    from codeql_fixer.domain.finding import Finding, Location, Rule
    from codeql_fixer.domain.issue import Issue

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST_FLOWS = 3
# Section 3.11.6: in a plain text message these mean themselves only behind a backslash.
_MARKUP = re.compile(r"([\\\[\]])")
_URI_PARTS = "%/:?#[]@!$&'()*+,;=~"


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
    properties = {
        "tags": list(dict.fromkeys(rule.tags)),
        "cwe": list(rule.cwe_names),
        "security-severity": "" if rule.security_severity is None else f"{rule.security_severity}",
        "precision": rule.precision,
    }
    described: dict[str, Any] = {"id": rule.id} | {name: {"text": text} for name, text in texts.items() if text}
    if rule.level:
        described["defaultConfiguration"] = {"level": rule.level}
    return described | _given(properties=_given(**properties))


def _result(issue: Issue) -> dict[str, Any]:
    finding = issue.finding
    first, *others = finding.locations or (None,)
    trace = issue.trace()
    properties = {"issue": issue.id, "fingerprint": issue.identity.fingerprint, "family": issue.family}
    if finding.security_severity is not None:
        properties["security-severity"] = f"{finding.security_severity}"
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "level": finding.level,
        "message": _message(finding.message),
        "locations": [] if first is None else [_location(first, finding.snippet), *map(_location, others)],
        "properties": properties,
    }
    if trace.flows:
        result["codeFlows"] = [
            {"threadFlows": [{"locations": [{"location": _location(step)} for step in flow]}]}
            for flow in trace.flows[:_MOST_FLOWS]
        ]
    return result | _fingerprints(finding)


def _given(**members: object) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _message(text: str) -> dict[str, str]:
    return {"text": _MARKUP.sub(r"\\\1", text)}


def _fingerprints(finding: Finding) -> dict[str, Any]:
    return _given(partialFingerprints=finding.tool_fingerprints.as_dict())


def _location(place: Location, snippet: str = "") -> dict[str, Any]:
    region = {
        "startLine": place.start_line,
        "startColumn": place.start_column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
        "charOffset": -1 if snippet and place.start_line is None else None,  # -1: unknown; a region has to say one
        "snippet": {"text": snippet} if snippet else None,
    }
    physical = _given(
        region={name: value for name, value in region.items() if value is not None}
        if place.start_line or snippet
        else {}
    )
    physical["artifactLocation"] = _given(uri=quote(place.file) or quote(place.external_uri, safe=_URI_PARTS))
    return {"physicalLocation": physical} | ({"message": _message(place.message)} if place.message else {})
