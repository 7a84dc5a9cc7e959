"""The main job: prepare the work, write briefs, keep everything, record the scan, start sessions, tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.brief import BriefWriter
from codeql_fixer.app.dispatch import DispatchReport
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.prepare import prepare
from codeql_fixer.app.reach import measured_reach
from codeql_fixer.app.record import RunFacts, issue_records, scan_run_of
from codeql_fixer.app.summary import sessions_section, summary_of
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.policy.work_options import WorkOptions
from codeql_fixer.ports.artifacts import Artifacts
from codeql_fixer.ports.findings_reader import FindingsReader
from codeql_fixer.ports.prompt_renderer import PromptRenderer
from codeql_fixer.ports.reporter import Reporter
from codeql_fixer.ports.source_tree import SourceTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from codeql_fixer.app.batch_work import BatchWork
    from codeql_fixer.app.dispatch import Dispatcher
    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.domain.sessions import SessionsSummary


class Sessions(Protocol):
    """What turns batches into sessions."""

    def prepare(
        self, work: FixWork, words: tuple[BriefWriter, PromptRenderer], on_step: Callable[[str], None]
    ) -> tuple[Dispatcher, BatchWork]:
        """The dispatcher and its work, put into words by these two; asks nobody for a session yet.

        Raises:
            UserError: there is no agent to ask.
        """
        ...


class Pipeline(Struct, frozen=True, kw_only=True):
    """The parts of one run, as bootstrap chose them.

    With a `recorder` the scan goes on the ledger, with `sessions` the batches become sessions of agents. With
    `measures_reach` the record says how much depends on the files that have issues.
    """

    reader: FindingsReader
    tree: SourceTree
    renderer: PromptRenderer
    artifacts: Artifacts
    reporters: tuple[Reporter, ...]
    options: WorkOptions
    facts: RunFacts
    warnings: tuple[str, ...]
    default_branch: str
    server_url: str
    recorder: Recorder | None = None
    sessions: Sessions | None = None
    measures_reach: bool = False

    def run(self, on_step: Callable[[str], None]) -> tuple[FixWork, ScanRun, SessionsSummary]:
        """Do the job and return what came of it; `on_step` hears what is being done, for people who wait.

        Raises:
            UserError: input or output is unusable.
            UpstreamError: the scanner failed.
            LedgerNotWrittenError: everything else is done; the record is kept for a replay.
        """
        self.artifacts.clear()  # a run that fails from here on must not look like the one before
        on_step("Reading findings")
        work = prepare(self.reader, self.tree, self.options)
        run = scan_run_of(work, self.facts, extra_warnings=self.warnings, reach=self._reach(work, on_step))
        on_step(f"Writing prompts for {counted(work.counts.issues, 'issue')}")
        facts = self.facts
        briefs = BriefWriter(
            self.tree, target_repo=facts.target_repo, default_branch=self.default_branch, run_id=facts.run_id
        )
        prompts = {batch.id: self.renderer.render(briefs.write(batch)) for batch in work.batching.batches}
        summary = summary_of(work, run, server_url=self.server_url)
        on_step("Keeping the results")
        self.artifacts.save(work, run, issues=issue_records(work), prompts=prompts, summary=summary)
        report = DispatchReport()
        try:
            if self.recorder:
                on_step("Recording the scan")
                self.recorder.record([replace(run, issues=tuple(issue_records(work)))])
            if self.sessions:
                dispatcher, batches = self.sessions.prepare(work, (briefs, self.renderer), on_step)
                dispatcher.run(batches, report)
        finally:  # what was started is told, whatever failed after it
            sessions = report.summary()
            if self.sessions:
                summary += sessions_section(sessions)
                self.artifacts.save_sessions(sessions, summary)
            for reporter in self.reporters:
                reporter.report(work, run, sessions=sessions, summary=summary)
        return work, run, sessions

    def _reach(self, work: FixWork, on_step: Callable[[str], None]) -> dict[str, float]:
        if not self.measures_reach:
            return {}
        on_step("Measuring what depends on the files with issues")
        return measured_reach(self.tree, (issue.finding.file for issue in work.issues))
