"""Two who tell alerts at the very same time: both have read, and neither has written yet."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from codeql_fixer.domain.alert import Alert, AlertClaim

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Conflict, Landed, Ledger

_TWO = 2
_PATIENCE_SECONDS = 20.0


class Meeting:
    """A folder in which processes say that they are there.

    Args:
        folder: one that is not there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def come(self) -> None:
        """Say so; who never gets to the place says it at the end, so that nobody waits in vain."""
        (self._folder / str(os.getpid())).touch()

    def meet(self) -> None:
        """Come, and wait for the other one."""
        self.come()
        until = time.monotonic() + _PATIENCE_SECONDS
        while len([*self._folder.iterdir()]) < _TWO and time.monotonic() < until:
            time.sleep(0.005)


class MeetingLedger:
    """A ledger on which alerts are claimed together for the first time.

    Args:
        ledger: the real one.
        meeting: with the other one.
    """

    def __init__(self, ledger: Ledger, meeting: Meeting) -> None:
        self._ledger, self._meeting = ledger, meeting
        self._has_met = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the other one has
        return getattr(self._ledger, name)

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        """As the other one does, after the meeting."""
        if not self._has_met and any(isinstance(record, Alert | AlertClaim) for record in records):
            self._has_met = True
            self._meeting.meet()
        return self._ledger.append(records, expected_tip=expected_tip)
