"""Which outcome a session gets: what was scripted for one of its tags, for all, or a draw from the mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.twin.devin.timeline import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.twin.devin.session import Session

# 85 of 100 end well.
DEFAULT_MIX: Mapping[Outcome, float] = {
    Outcome.WAITING_FOR_USER: 80,
    Outcome.FINISHED: 3,
    Outcome.EXIT: 2,
    Outcome.BLOCKED: 8,
    Outcome.ERROR: 3,
    Outcome.FAILED: 2,
    Outcome.USAGE_LIMIT_EXCEEDED: 2,
}


class Outcomes:
    """The script of outcomes.

    Args:
        mix: weights for sessions that nothing was scripted for.
    """

    def __init__(self, mix: Mapping[Outcome, float] = DEFAULT_MIX) -> None:
        self.mix = dict(mix)
        self.by_tag: dict[str, Outcome] = {}

    def of(self, session: Session) -> Outcome:
        """How this session ends."""
        scripted = (self.by_tag[tag] for tag in session.tags if tag in self.by_tag)
        return next(scripted, session.luck("outcome").choices(list(self.mix), list(self.mix.values()))[0])
