"""Makes the decisions of a cycle again from what is on record, to show that they follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.claiming import Claimed, decisions_of
from codeql_fixer.app.plan import plan
from codeql_fixer.errors import UserError
from codeql_fixer.ports.ledger import Changes, Landed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from codeql_fixer.app.claiming import Work
    from codeql_fixer.app.planner import Planner
    from codeql_fixer.domain.cycle import Cycle, Decision
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Conflict, Damaged, Entry, Ledger


class LedgerAsItWas:
    """A ledger as it was in a state; nothing can be added.

    Args:
        ledger: the one of today.
        tip: the state.
    """

    def __init__(self, ledger: Ledger, tip: str) -> None:
        self._ledger, self._tip = ledger, tip

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        """Nothing."""
        del records, expected_tip
        return Landed(self._tip)

    def read_since(self, tip: str, *, waiting: Collection[str] = ()) -> Changes:
        """Everything that was there."""
        del waiting
        return Changes(self._tip, iter(() if tip else self._ledger.read_at(self._tip)), is_complete=not tip)

    def read_at(self, tip: str) -> Iterable[Entry]:
        """Everything that was there in an even earlier state."""
        return self._ledger.read_at(tip)

    def read_under(self, prefix: str) -> Iterable[Entry]:
        """Everything under a folder."""
        return (entry for entry in self._ledger.read_at(self._tip) if entry.path.startswith(prefix))

    def pause(self) -> str | None:
        """Unknown: a cycle has it on record."""
        return None

    def audit(self) -> Iterable[Damaged]:
        """Nothing."""
        return ()

    def compact(self, packs: object, *, expected_tip: str) -> Landed | Conflict:
        """Nothing."""
        del packs
        return Landed(expected_tip)


def decide_again(cycle: Cycle, ledger: Ledger, planner: Planner, *, work: Work) -> tuple[Decision, ...]:
    """The decisions that follow from the records.

    Args:
        cycle: has what they rested on.
        ledger: of today.
        planner: on an empty index, with the registry of then.
        work: of that planner, with the agents of then.

    Raises:
        UserError: the cycle does not say what its decisions rested on.
        UpstreamError: the ledger cannot be read in that state.
    """
    inputs = cycle.inputs
    if inputs is None:
        raise UserError(f"{cycle.id}: the record does not say what its decisions rested on")
    catch_up(LedgerAsItWas(ledger, cycle.ledger_commit), planner.index)
    limits = planner.limits(max_sessions=inputs.max_sessions)
    planned = plan(planner, work, limits, now=inputs.decided_at, note=inputs.note)
    author = Author(producer=cycle.producer, run_id="again", clock=lambda: cycle.recorded_at)
    claimed = [Claimed(item, author.intent(item)) for item in planned.dispatches]
    return tuple(decisions_of(claimed, planned.held))


def differences(cycle: Cycle, again: Sequence[Decision]) -> list[tuple[Decision | None, Decision | None]]:
    """Decisions that are not byte for byte the same, as they were and as they come out now."""
    pairs: list[tuple[Decision | None, Decision | None]] = []
    for place in range(max(len(cycle.decisions), len(again))):
        was = cycle.decisions[place] if place < len(cycle.decisions) else None
        now = again[place] if place < len(again) else None
        if msgspec.json.encode(was) != msgspec.json.encode(now):
            pairs.append((was, now))
    return pairs
