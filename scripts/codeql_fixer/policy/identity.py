"""Identity of findings: a fingerprint that survives edits elsewhere, and which reports are one finding.

A fingerprint is the start of a SHA-256 over the algorithm's version, the path, the rule and the best evidence:
a published line hash, else a tool's own stable fingerprint, else the source line, else the message, else the
line number. Findings that agree in all of it are numbered in the order of the source, so none collapse.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from codeql_fixer.domain.issue import Evidence, Identified, Identity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.domain.finding import Finding, ToolFingerprints

# Carried in every record; a new algorithm gets a new number and keeps the old fingerprints as aliases.
FINGERPRINT_VERSION = 1
_HEX_DIGITS = 20
_LEGACY_LENGTHS = (20, 16)
# Keys (without their `/v1`) whose values follow the code and not its position, the most specific first. Tools:
# Semgrep, Qodana, Flawfinder, dependency-check, OpenTaint, Fortify, csdiff, Snyk, AppScan, Slither.
_STABLE_KEYS = (
    "matchBasedId",
    "equalIndicator",
    "contextHash",
    "vulnerabilityHash",
    "vulnerabilityWithTraceHash",
    "issueInstanceId",
    "csdiff",
    "0",
    "hash",
    "id",
)
# Semgrep writes "requires login" where a hash should be.
_HASH = re.compile(r"(?=.*\d)[0-9A-Za-z+/=_.:-]{8,256}")
_FAR = 1 << 62


class SourceLines(Protocol):
    """What the identity needs of the target checkout; "" where the file or line is not at hand."""

    def line(self, file: str, number: int) -> str:
        """The text of a line, counted from 1."""
        ...

    def line_hash(self, file: str, number: int) -> str:
        """The published hash of a line (policy/line_hash.py)."""
        ...


def identify(findings: Iterable[Finding], sources: SourceLines) -> list[Identified]:
    """Merge repeated reports and give every distinct finding a fingerprint; the order of the input is kept."""
    groups = _merge(findings)
    bases: dict[str, list[int]] = {}
    evidences: list[Evidence] = []
    for position, (finding, *_) in enumerate(groups):
        evidence, value = _evidence(finding, sources)
        evidences.append(evidence)
        base = f"{FINGERPRINT_VERSION}\0{finding.file}\0{finding.rule.id}\0{evidence.value}\0{value}"
        bases.setdefault(base, []).append(position)
    identities: list[Identity | None] = [None] * len(groups)
    for base, positions in bases.items():
        if len(positions) > 1:
            positions.sort(key=lambda position: _source_order(groups[position][0]))
        for occurrence, position in enumerate(positions, start=1):
            fingerprint = _digest(base if occurrence == 1 else f"{base}\0{occurrence}")
            identities[position] = Identity(fingerprint, evidences[position], occurrence)
    return [
        Identified(group[0], identity, tuple(group[1:]))
        for group, identity in zip(groups, identities, strict=True)
        if identity is not None
    ]


def legacy_fingerprints(finding: Finding) -> tuple[str, ...]:
    """The 20 and 16 characters under which records of the first generation know this finding.

    They are the start of a SHA-256 over `rule|line hash`, else `rule|file|message`, else `rule|file|line`.
    """
    if finding.tool_fingerprints.line_hash:
        text = f"{finding.rule.id}|{finding.tool_fingerprints.line_hash}"
    elif finding.message:
        text = f"{finding.rule.id}|{finding.file}|{finding.message}"
    else:
        text = f"{finding.rule.id}|{finding.file}|{finding.start_line or 0}"
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest()
    return tuple(digest[:length] for length in _LEGACY_LENGTHS)


def _merge(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Group the reports of the same finding: same tool, rule, place and message, and no fingerprint against it."""
    groups: list[list[Finding]] = []
    known: dict[tuple[object, ...], list[int]] = {}
    for finding in findings:
        key = (finding.scan.tool, finding.rule.id, finding.message, *_region(finding))
        positions = known.get(key)
        if positions is None:
            known[key] = [len(groups)]
            groups.append([finding])
            continue
        for position in positions:
            if not any(_contradict(other.tool_fingerprints, finding.tool_fingerprints) for other in groups[position]):
                groups[position].append(finding)
                break
        else:
            positions.append(len(groups))
            groups.append([finding])
    for group in groups:
        if len(group) > 1:
            group.sort(key=_lack_of_evidence)  # so that the order of the reports does not decide the fingerprint
    return groups


def _lack_of_evidence(finding: Finding) -> tuple[bool, bool, bool]:
    prints = finding.tool_fingerprints
    return (not prints.line_hash, not prints.others, not finding.snippet)


def _region(finding: Finding) -> tuple[object, ...]:
    if not finding.locations:
        return ()
    place = finding.locations[0]
    return (place.file, place.external_uri, place.start_line, place.start_column, place.end_line, place.end_column)


def _contradict(one: ToolFingerprints, two: ToolFingerprints) -> bool:
    """True when the tool gave both a fingerprint of one kind, and they differ."""
    if one == two:
        return False
    if one.line_hash and two.line_hash and one.line_hash != two.line_hash:
        return True
    others = dict(one.others)
    return any(others.get(key, value) != value for key, value in two.others)


def _evidence(finding: Finding, sources: SourceLines) -> tuple[Evidence, str]:
    line_hash = finding.tool_fingerprints.line_hash
    if line_hash:
        return Evidence.LINE_HASH, line_hash
    stable = _stable_tool_fingerprint(finding.tool_fingerprints)
    if stable:
        return Evidence.TOOL_FINGERPRINT, stable
    file, number = finding.file, finding.start_line
    text = finding.snippet
    if file and number:
        line_hash = sources.line_hash(file, number)
        if line_hash:
            return Evidence.LINE_HASH, line_hash
        text = text or sources.line(file, number)
    line = " ".join(text.split())
    if line:
        return Evidence.SOURCE_LINE, line
    if finding.message:
        return Evidence.MESSAGE, finding.message
    return Evidence.LINE_NUMBER, str(number or 0)


def _stable_tool_fingerprint(tool_fingerprints: ToolFingerprints) -> str:
    if not tool_fingerprints.others:
        return ""
    for wanted in _STABLE_KEYS:
        for key, value in reversed(tool_fingerprints.others):  # the highest version of a key comes last
            if key.partition("/")[0] == wanted and _HASH.fullmatch(value):
                return f"{key}={value}"
    return ""


def _source_order(finding: Finding) -> tuple[int, int, int, int]:
    """Order in the source; what has no place keeps the order of the report, since sorting is stable."""
    if not finding.locations:
        return (_FAR, 0, 0, 0)
    place = finding.locations[0]
    return (place.start_line or _FAR, place.start_column or 0, place.end_line or 0, place.end_column or 0)


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:_HEX_DIGITS]
