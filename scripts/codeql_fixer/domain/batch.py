"""Batch: the issues that one agent session gets, all of one weakness family."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.issue import Issue

if TYPE_CHECKING:
    from codeql_fixer.domain.severity import Severity


class Batch(Struct, frozen=True):
    """Issues for one session, most severe first; never empty."""

    id: str
    family: str
    issues: tuple[Issue, ...]

    @property
    def severity(self) -> Severity:
        """The severity of the worst issue; issues are sorted by tier, not by score."""
        return max((issue.severity for issue in self.issues), key=attrgetter("score"))


class LeftOut(Struct, frozen=True):
    """Issues that would have been a batch, and why they are none."""

    family: str
    issues: tuple[Issue, ...]
    reason: str


class Batching(Struct, frozen=True):
    """What goes to sessions and what does not; together they hold every issue once."""

    batches: tuple[Batch, ...]
    left_out: tuple[LeftOut, ...]
