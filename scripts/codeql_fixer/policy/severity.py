"""Maps what a scanner says about seriousness to a score and a tier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.severity import Level, Severity, SeverityTier

if TYPE_CHECKING:
    from codeql_fixer.domain.finding import Finding

# CVSS v3.1 section 5, without the gaps that one-decimal ranges leave: 8.95 is high, 3.95 is low.
_FLOORS = ((9.0, SeverityTier.CRITICAL), (7.0, SeverityTier.HIGH), (4.0, SeverityTier.MEDIUM))
# The least score of the tier that GitHub's ordering gives a level: errors rank as high, warnings as medium.
_LEVEL_SCORES = {Level.ERROR: 7.0, Level.WARNING: 4.0, Level.NOTE: 1.0, Level.NONE: 0.0}


def tier_of(score: float) -> SeverityTier:
    """The tier of a score from 0 to 10: critical from 9.0, high from 7.0, medium from 4.0, low above 0."""
    for floor, tier in _FLOORS:
        if score >= floor:
            return tier
    return SeverityTier.LOW if score > 0 else SeverityTier.NONE


def severity_of(finding: Finding) -> Severity:
    """The severity of a finding: its own `security-severity`, else its rule's, else from its level."""
    score = finding.security_severity
    if score is None:
        score = finding.rule.security_severity
    if score is None:
        score = _LEVEL_SCORES[finding.level]
    found = _KNOWN.get(score)
    if found is None:
        found = Severity(score, tier_of(score))
        if len(_KNOWN) < _MOST_KNOWN:
            _KNOWN[score] = found
    return found


# Scores repeat (a scan has a few dozen), so findings share the values; the bound is for made-up input.
_KNOWN: dict[float, Severity] = {}
_MOST_KNOWN = 1000
