"""Which outcome a session gets: what was scripted for one of its tags, for all, or a draw from the mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.twin.devin.timeline import Outcome

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping

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

    def of(self, tags: Iterable[str], luck: random.Random) -> Outcome:
        """The outcome of a session that bears these tags."""
        drawn = luck.choices(list(self.mix), list(self.mix.values()))[0]
        return next((self.by_tag[tag] for tag in tags if tag in self.by_tag), drawn)
