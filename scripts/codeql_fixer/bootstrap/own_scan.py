"""Wires the scan of the orchestrator's own checkout: the pipeline, with a scanner of this machine."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from codeql_fixer.bootstrap.pipeline import build_pipeline
from codeql_fixer.errors import UserError
from codeql_fixer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from codeql_fixer.domain.registry import RepositoryEntry
    from codeql_fixer.settings import FleetSettings

_OTHER_SOURCES = frozenset({"SARIF", "FINDINGS_CSV"})  # of findings, which the surroundings may name for other runs


class OwnScan:
    """Scans the checkout in a folder, and puts the scan on the ledger.

    Args:
        folder: the checkout.
        settings: of the command.
        environ: the environment.
        tell: hears, for people, what happens.
        is_dry: only say what would be done.
    """

    def __init__(
        self,
        folder: Path,
        settings: FleetSettings,
        environ: Mapping[str, str],
        *,
        tell: Callable[[str], None],
        is_dry: bool = False,
    ) -> None:
        self._folder, self._settings, self._environ = folder, settings, environ
        self._tell, self._is_dry = tell, is_dry

    def __call__(self, entry: RepositoryEntry) -> None:
        """Do it.

        Raises:
            UserError: this is no checkout, the repository is another one, or the scanner is not installed.
            UpstreamError: the scanner failed.
            LedgerNotWrittenError: the record is kept.
        """
        if entry.repository.lower() != self._settings.control_repo.lower():
            raise UserError(f"{entry.repository}: scan_source direct is for the control repository only")
        if not (self._folder / ".git").exists():
            raise UserError(f"{self._folder}: is no checkout of {entry.repository}, which is to be scanned directly")
        if self._is_dry:
            self._tell(f"would scan {self._folder} with {self._settings.scanner}")
            return
        ledger, scan = self._settings.ledger, entry.scan
        with TemporaryDirectory(prefix="codeql-fixer-") as output:
            flags = {
                "mode": "orchestrator",
                "target_repo": entry.repository,
                "target_dir": str(self._folder),
                "scanner": self._settings.scanner,
                "output_dir": output,
                "ledger": f"{ledger.place}#{ledger.branch}",
                "registry": self._settings.dispatch.registry,
                "severity_threshold": scan.severity_threshold.value,
                "languages": scan.languages,
                "include_paths": scan.include_paths,
                "exclude_paths": scan.exclude_paths,
            }
            environ = {name: value for name, value in self._environ.items() if name not in _OTHER_SOURCES}
            settings = Settings.from_environ(environ, {name: value for name, value in flags.items() if value})
            build_pipeline(settings, environ, self._tell).run(lambda _: None)
