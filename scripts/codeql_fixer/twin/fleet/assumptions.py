"""What a simulated fleet is like. Every figure is an assumption: nobody measured it, and yours will differ.

Times have a median and a spread: they are log-normal, so a few take much longer than most.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from codeql_fixer.domain.severity import SeverityTier


class FamilyAssumption(Struct, frozen=True, kw_only=True):
    """One weakness family.

    `share` is that of all findings, relative to those of the other families; `fix_probability` says how often an
    attempt at one of them fixes it; `acu` is what a session with one of them costs, in the median.
    """

    share: float = 1.0
    fix_probability: float = 0.6
    acu: float = 3.0


_ANY = FamilyAssumption()
_FAMILIES: Mapping[str, FamilyAssumption] = {
    "injection": FamilyAssumption(share=3.0, fix_probability=0.75, acu=3.0),
    "xss": FamilyAssumption(share=3.0, fix_probability=0.8, acu=2.0),
    "path-traversal": FamilyAssumption(share=2.0, fix_probability=0.7, acu=2.5),
    "logging": FamilyAssumption(share=3.0, fix_probability=0.9, acu=1.0),
    "crypto": FamilyAssumption(share=1.0, fix_probability=0.6, acu=3.0),
    "auth": FamilyAssumption(share=1.0, fix_probability=0.35, acu=6.0),
    "deserialization": FamilyAssumption(share=0.5, fix_probability=0.4, acu=5.0),
    "regex-dos": FamilyAssumption(share=1.5, fix_probability=0.65, acu=2.0),
}
_TIERS: Mapping[SeverityTier, float] = {
    SeverityTier.CRITICAL: 0.05,
    SeverityTier.HIGH: 0.25,
    SeverityTier.MEDIUM: 0.45,
    SeverityTier.LOW: 0.25,
}


class Assumptions(Struct, frozen=True, kw_only=True):
    """All rates of a simulated fleet.

    Findings: `open_at_start` is the mean of a repository of a made-up fleet; `arrivals_per_day` come to each repository
    by a Poisson process; both are times the repository's size, which is 1 on average and spreads by `size_spread`. A
    file has `findings_per_file` on average. `people_fix_per_day` is the chance that people remove a finding by
    themselves on a day. A merged fix comes undone with `regression_probability`, after `regression_days` on average.

    Agent: a session takes `session_hours` and half of that more for each further finding; `session_failures` of them
    end without a pull request. One that would cost more than its limit stops there. `lost_answers` of all requests to
    start one are carried out without an answer.

    Host: a pull request is decided after `review_hours` and then merged with `merge_probability`, else closed. A scan
    waits and runs for `scan_hours`, and `scan_failures` of them report nothing.

    Both fail `outages_per_month` times for `outage_hours`, each for itself. An outage stands for rate limits, too.
    """

    cycle_hours: float = 6.0
    open_at_start: float = 20.0
    size_spread: float = 0.8
    arrivals_per_day: float = 0.15
    findings_per_file: float = 2.0
    people_fix_per_day: float = 0.003
    regression_probability: float = 0.03
    regression_days: float = 10.0
    families: Mapping[str, FamilyAssumption] = field(default_factory=lambda: dict(_FAMILIES))
    tiers: Mapping[SeverityTier, float] = field(default_factory=lambda: dict(_TIERS))
    session_hours: float = 0.75
    session_spread: float = 0.6
    session_failures: float = 0.08
    lost_answers: float = 0.002
    review_hours: float = 20.0
    review_spread: float = 1.0
    merge_probability: float = 0.8
    scan_hours: float = 0.5
    scan_spread: float = 0.5
    scan_failures: float = 0.03
    outages_per_month: float = 2.0
    outage_hours: float = 3.0

    def family(self, name: str) -> FamilyAssumption:
        """What is assumed of a family, also of one that is not named here."""
        return self.families.get(name, _ANY)
