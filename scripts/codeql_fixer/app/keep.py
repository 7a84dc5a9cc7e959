"""Puts records on the ledger, and where that fails keeps them on this machine, so that a later run can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.errors import LedgerNotWrittenError, UserError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.ports.ledger import Conflict, Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Landed


class Recorder(Struct, frozen=True, kw_only=True):
    """Writes to the ledger.

    `kept` is where records go that could not be written; `replay` is the command that tries again.
    """

    ledger: Ledger
    kept: Ledger
    replay: str

    def record(self, records: Sequence[AnyRecord]) -> Landed:
        """Add records.

        Raises:
            PlaceTakenError: another record has the same path.
            LedgerNotWrittenError: they are kept; the message names the command that replays them.
        """
        try:
            landed = self.ledger.append(records)
        except LedgerNotWrittenError as error:
            raise LedgerNotWrittenError(f"{error}\n{self._keep(records)}") from error
        assert not isinstance(landed, Conflict)  # noqa: S101 - only where a state was expected
        return landed

    def _keep(self, records: Sequence[AnyRecord]) -> str:
        """Keep what could not be written; returns what a person has to know about that."""
        many = counted(len(records), "record")
        try:
            self.kept.append(records)
        except (LedgerNotWrittenError, UserError) as error:
            return f"{many} could not be kept on this machine, either: {error}"
        return f"{many} kept; put them on the ledger with: {self.replay}"
