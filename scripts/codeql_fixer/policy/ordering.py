"""The one order of equally urgent findings: by file, line and fingerprint."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codeql_fixer.domain.issue import Identified, Issue


def sort_by_place(items: list[Identified] | list[Issue]) -> None:
    """Sort in place by file, line and fingerprint; a later sort by urgency keeps this order among equals.

    One key at a time, the least important first, since sorting is stable: one tuple of keys for each of many findings
    would be the peak of a run's memory.
    """
    items.sort(key=attrgetter("identity.fingerprint"))
    items.sort(key=lambda item: item.finding.start_line or 0)
    items.sort(key=attrgetter("finding.file"))
