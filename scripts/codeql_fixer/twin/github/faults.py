"""The faults that only this twin has: limits that strike out of turn."""

from __future__ import annotations

from typing import ClassVar

from codeql_fixer.twin import faults
from codeql_fixer.twin.github.limits import SECONDARY

FAULTS = faults.FAULTS | {"secondary-limit"}
"""Faults with a name; beside them, any status from 400 to 599 is answered without doing anything."""

_RETRY_AFTER = 60


class Rule(faults.Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. What the other members mean depends on `fault`; docs/guides/github-twin.md has the table."""

    known: ClassVar[frozenset[str]] = FAULTS

    @property
    def refusal(self) -> int:
        """The status that is answered without doing anything, 0 for a fault that is another one."""
        return 403 if self.fault == "secondary-limit" else super().refusal

    @property
    def words(self) -> str:
        """What the refusal says."""
        return self.detail or (SECONDARY if self.fault == "secondary-limit" else "A fault by script")

    @property
    def retry_header(self) -> tuple[tuple[str, str], ...]:
        """When to come back, where the refusal tells."""
        told = _RETRY_AFTER if self.retry_after is None and self.fault == "secondary-limit" else self.retry_after
        return () if told is None else (("Retry-After", str(told)),)


Faults = faults.Faults[Rule]
Sabotage = faults.Sabotage[Rule]
