"""Takes in scans that the host has already: no second scan, and no token in the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.prepare import prepare
from codeql_fixer.app.record import RunFacts, issue_records, scan_run_of
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.route import Routing
from codeql_fixer.domain.scan_run import ScanScope
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.work_options import WorkOptions
from codeql_fixer.ports.findings_reader import FindingsReader
from codeql_fixer.ports.hosting import Hosting
from codeql_fixer.ports.source_tree import SourceTree

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.domain.registry import RepositoryEntry
    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.ports.hosting import Analysis


class AnalysisIntake(Struct, frozen=True, kw_only=True):
    """Makes scan runs of analyses.

    Args:
        hosting: has them.
        reader_of: reads one text in SARIF.
        tree: without files.
        recorder: puts the runs on the ledger, or keeps them.
        producer: of the records.
    """

    hosting: Hosting
    reader_of: Callable[[bytes], FindingsReader]
    tree: SourceTree
    recorder: Recorder
    producer: Producer

    def take_in(self, entry: RepositoryEntry, since: datetime | None) -> int:
        """Record the newest analyses of the default branch that were made since; returns how many.

        A scan counts from when it was made, not from when it is fetched: else it would speak of fixes that came later.
        The same analysis gives the same record, so it does no harm when two take it in.

        Raises:
            InputError: what the host has cannot be read.
            UpstreamError: the host does not answer.
            LedgerNotWrittenError: the record is kept.
        """
        branch = entry.default_branch or self.hosting.repository(entry.repository).default_branch
        ref = f"refs/heads/{branch}"
        runs = [
            self._run(entry, analysis, ref)
            for analysis in self.hosting.newest_analyses(entry.repository, ref)
            if not analysis.error and (since is None or analysis.created_at > since)
        ]
        if runs:
            self.recorder.record(runs)
        return len(runs)

    def _run(self, entry: RepositoryEntry, analysis: Analysis, ref: str) -> ScanRun:
        filters = FilterOptions(threshold=entry.scan.severity_threshold)
        options = WorkOptions(
            run_id=f"analysis-{analysis.id}",
            filters=filters,
            batch_size=entry.batch_size,
            max_sessions=1,
            families=FamilyTable(),
            routing=Routing(),
        )
        work = prepare(self.reader_of(self.hosting.sarif(entry.repository, analysis.id)), self.tree, options)
        facts = RunFacts(
            target_repo=entry.repository,
            run_id=options.run_id,
            mode=Mode.ORCHESTRATOR,
            started_at=analysis.created_at,
            producer=self.producer,
            filters=filters,
            commit=analysis.commit,
            ref=ref,
            scope=ScanScope.DEFAULT_BRANCH,
        )
        return replace(scan_run_of(work, facts), issues=tuple(issue_records(work)))
