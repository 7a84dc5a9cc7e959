"""Identity of findings: a fingerprint that survives edits elsewhere, and which reports are one finding.

A fingerprint is the start of a SHA-256 over the algorithm's version, the path, the rule and the best evidence:
a published line hash, else a tool's own stable fingerprint, else the source line, else the message, else the
line number. Findings that agree in all of it are numbered in the order of the source, so none collapse.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from codeql_fixer.domain.issue import Evidence, Identified, Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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


# The published hash of a line (policy/line_hash.py) by file and number; "" where the checkout does not have it.
LineHash: TypeAlias = "Callable[[str, int], str]"


def identify(findings: Iterable[Finding], line_hash: LineHash) -> list[Identified]:
    """Merge repeated reports and give every distinct finding a fingerprint; the order of the input is kept.

    Args:
        findings: in the order of the report.
        line_hash: asked only where the scanner gave no stable fingerprint.
    """
    distinct, repeats = _merge(findings)
    return [
        Identified(finding, identity, tuple(repeats.get(position, ())))
        for position, (finding, identity) in enumerate(zip(distinct, _identities(distinct, line_hash), strict=True))
    ]


def _identities(distinct: list[Finding], line_hash: LineHash) -> list[Identity]:
    """One identity for each finding; those that agree in all evidence are numbered in the order of the source."""
    identities: list[Identity] = []
    seen: dict[str, int] = {}
    agreeing: dict[str, list[int]] = {}
    for position, finding in enumerate(distinct):
        evidence, value = _evidence(finding, line_hash)
        base = _digest(f"{FINGERPRINT_VERSION}\0{finding.file}\0{finding.rule.id}\0{evidence}\0{value}")
        identities.append(Identity(base, evidence))
        first = seen.setdefault(base, position)
        if first != position:
            agreeing.setdefault(base, [first]).append(position)
    for base, positions in agreeing.items():
        positions.sort(key=lambda position: _source_order(distinct[position]))
        for occurrence, position in enumerate(positions, start=1):
            fingerprint = base if occurrence == 1 else _digest(f"{base}\0{occurrence}")
            identities[position] = Identity(fingerprint, identities[position].evidence, occurrence)
    return identities


def legacy_fingerprint(finding: Finding) -> str:
    """The 20 characters under which records of the first generation know this finding; the oldest keep 16 of them.

    They are the start of a SHA-256 over `rule|line hash`, else `rule|file|message`, else `rule|file|line`.
    """
    if finding.tool_fingerprints.line_hash:
        text = f"{finding.rule.id}|{finding.tool_fingerprints.line_hash}"
    elif finding.message:
        text = f"{finding.rule.id}|{finding.file}|{finding.message}"
    else:
        text = f"{finding.rule.id}|{finding.file}|{finding.start_line or 0}"
    return _digest(text)


def is_known_as(candidate: str, *, fingerprint: str, aliases: Iterable[str]) -> bool:
    """True when a fingerprint from any record, also a 16-character one, means the issue with these names."""
    if candidate == fingerprint:
        return True
    return len(candidate) in _LEGACY_LENGTHS and any(alias.startswith(candidate) for alias in aliases)


def _merge(findings: Iterable[Finding]) -> tuple[list[Finding], dict[int, list[Finding]]]:
    """The distinct findings, and by their position the other reports of each.

    One finding is: same tool, rule, place and message, and no fingerprint that says otherwise.
    """
    distinct: list[Finding] = []
    repeats: dict[int, list[Finding]] = {}
    known: dict[tuple[object, ...], int] = {}
    apart: dict[tuple[object, ...], list[int]] = {}  # what looks the same and is not, by its tool's fingerprints
    for finding in findings:
        key = (finding.locations[:1], finding.message, finding.rule.id, finding.scan.tool)
        first = known.setdefault(key, len(distinct))
        if first == len(distinct):
            distinct.append(finding)
            continue
        for position in apart.setdefault(key, [first]):
            group = repeats.get(position, [])
            if not any(
                _contradict(other.tool_fingerprints, finding.tool_fingerprints)
                for other in (distinct[position], *group)
            ):
                repeats[position] = [*group, finding]
                break
        else:
            apart[key].append(len(distinct))
            distinct.append(finding)
    for position, group in repeats.items():
        # The report with the most evidence stands for all, so that their order does not decide the fingerprint.
        distinct[position], *repeats[position] = sorted((distinct[position], *group), key=_lack_of_evidence)
    return distinct, repeats


def _lack_of_evidence(finding: Finding) -> tuple[bool, bool, bool]:
    prints = finding.tool_fingerprints
    return (not prints.line_hash, not prints.others, not finding.snippet)


def _contradict(one: ToolFingerprints, two: ToolFingerprints) -> bool:
    """True when the tool gave both a fingerprint of one kind, and they differ."""
    if one == two:
        return False
    if one.line_hash and two.line_hash and one.line_hash != two.line_hash:
        return True
    others = dict(one.others)
    return any(others.get(key, value) != value for key, value in two.others)


def _evidence(finding: Finding, line_hash: LineHash) -> tuple[Evidence, str]:
    if finding.tool_fingerprints.line_hash:
        return Evidence.LINE_HASH, finding.tool_fingerprints.line_hash
    stable = _stable_tool_fingerprint(finding.tool_fingerprints)
    if stable:
        return Evidence.TOOL_FINGERPRINT, stable
    file, number = finding.file, finding.start_line
    if file and number and (computed := line_hash(file, number)):
        return Evidence.LINE_HASH, computed
    line = " ".join(finding.snippet.split())
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
