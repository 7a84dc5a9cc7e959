"""Findings as they are in the code, whether anybody knows of them or not."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.twin.fleet.luck import exponential

if TYPE_CHECKING:
    import random

    from codeql_fixer.twin.fleet.assumptions import Assumptions

_DIGITS = 20
_FEWEST_FILES, _FILES_OF_A_FOLDER, _LINES = 3, 8, 900
RULE_PREFIX = "sim/"  # of rules that no scanner has


class Flaw(Struct, gc=False):
    """One finding; changed in place by the world only.

    `present_since` is when it came, or came back; `fixes` counts how often it was removed.
    """

    fingerprint: str
    rule_id: str
    family: str
    tier: SeverityTier
    file: str
    line: int
    present_since: datetime
    is_present: bool = True
    fixes: int = 0


class FlawMaker:
    """Makes the findings of one repository, one after the other.

    Args:
        name: of the repository.
        size: 1 on average.
        assumptions: shares of tiers and families.
        luck: the stream.
    """

    def __init__(self, name: str, size: float, assumptions: Assumptions, *, luck: random.Random) -> None:
        self._name, self._luck, self._made = name, luck, 0
        self._files = max(_FEWEST_FILES, round(size * assumptions.open_at_start / assumptions.findings_per_file))
        self._families = [*assumptions.families]
        self._family_shares = [one.share for one in assumptions.families.values()]
        self._tiers, self._tier_shares = [*assumptions.tiers], [*assumptions.tiers.values()]
        self._removals = assumptions.people_fix_per_day

    def make(self, at: datetime) -> Flaw:
        """The next one."""
        self._made += 1
        luck = self._luck
        [family] = luck.choices(self._families, self._family_shares)
        [tier] = luck.choices(self._tiers, self._tier_shares)
        file = luck.randrange(self._files)
        return Flaw(
            fingerprint=hashlib.sha256(f"{self._name}/{self._made}".encode()).hexdigest()[:_DIGITS],
            rule_id=f"{RULE_PREFIX}{family}",
            family=family,
            tier=tier,
            file=f"src/part{file // _FILES_OF_A_FOLDER}/file{file}.py",
            line=1 + luck.randrange(_LINES),
            present_since=at,
        )

    def removal(self, since: datetime) -> datetime | None:
        """When people remove a finding that is there at that moment."""
        return since + exponential(self._luck, timedelta(days=1 / self._removals)) if self._removals else None
