"""Scans the target first, then reads what the scanner found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.finding import Reading
    from codeql_fixer.ports.findings_reader import FindingsReader
    from codeql_fixer.ports.scanner import Scanner


class ScanningReader:
    """FindingsReader whose input does not exist before it is read.

    Args:
        scanner: writes the SARIF file.
        target: directory to scan.
        sarif: where the scanner's result goes.
        reader: reads that file.
    """

    def __init__(self, scanner: Scanner, target: Path, *, sarif: Path, reader: FindingsReader) -> None:
        self._scanner, self._target, self._sarif, self._reader = scanner, target, sarif, reader

    def read(self) -> Reading:
        """Scan, then read.

        Raises:
            UserError: the scanner is not installed, or its file cannot be read.
            UpstreamError: the scanner failed or ran out of time.
        """
        self._scanner.scan(self._target, self._sarif)
        return self._reader.read()
