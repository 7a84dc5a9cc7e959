"""Scanner: a local static analyser that writes SARIF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Scanner(Protocol):
    """Runs offline and within its time limit."""

    def scan(self, target: Path, sarif: Path) -> None:
        """Scan the directory `target` and write SARIF to `sarif`.

        Raises:
            UserError: the scanner is not installed.
            UpstreamError: it failed or ran out of time; no file counts as its result then.
        """
        ...
