"""What goes on around the product: time passes, runs end, findings come and go, people merge what is proposed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.prepare import prepare
from codeql_fixer.app.record import RunFacts, issue_records, scan_run_of
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.scan_run import ScanScope
from codeql_fixer.domain.schedule import ScanSource
from codeql_fixer.domain.session import TAG_PREFIX
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.work_options import WorkOptions
from tests.fleet.book import Book
from tests.fleet.places import CONTROL, Finding, Place, places
from tests.github_twin import START
from tests.records import PRODUCER
from tests.remotes import ledger_of

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.ports.ledger import Ledger
    from tests.devin_twin import DevinTwin
    from tests.github_twin import GitHubTwin
    from tests.receiver import Receiver

WORKFLOW = "codeql-fixer.yml"
_INPUTS = ("target_repo", "mode", "languages", "queries", "severity_threshold", "include_paths", "exclude_paths")
_OUTCOMES = {"waiting_for_user": 70, "exit": 10, "failed": 8, "error": 4, "without_pull_request": 4, "blocked": 4}


class Twins(NamedTuple):
    """Who plays the services: the agent, the host, and somebody who hears alerts."""

    devin: DevinTwin
    github: GitHubTwin
    hook: Receiver


class Proposal(Struct, kw_only=True):
    """A pull request of a session, and when somebody looks at it."""

    repository: str
    number: int
    intent_id: str
    due: float
    is_open: bool = True


class World:
    """Everything but the product.

    Args:
        folder: an empty one.
        luck: decides everything.
        twins: of the services; their clocks stand.
        remote: the ledger's repository.
        count: of repositories.
    """

    def __init__(self, folder: Path, luck: random.Random, *, twins: Twins, remote: Path, count: int) -> None:
        self.folder, self.luck = folder, luck
        self.devin, self.github, self.hook = twins
        self.ledger: Ledger = ledger_of(remote, mirror=folder / "world" / "mirror.git")
        self.places = places(count, START)
        names = {one.reported_as: one.name for one in self.places if one.reported_as != one.name}
        self.book = Book(ledger_of(remote, mirror=folder / "book" / "mirror.git"), names)
        self.by_name = {one.name.lower(): one for one in self.places}
        self.proposals: dict[str, Proposal] = {}
        self._clock = folder / "clock"
        self._clock.write_text(str(START))
        self._runs: dict[str, dict[str, Any]] = {}  # what runs of the workflow find, by their address
        self._told: set[str] = set()
        self._scans = 0
        self._settle_in()

    # --- time

    def now(self) -> datetime:
        """The time, which is the same for all."""
        return datetime.fromtimestamp(float(self._clock.read_text()), UTC)

    def _pass(self, seconds: float) -> None:
        for twin in (self.devin, self.github):
            twin.disconnect()  # what dead processes have sent does not wait that long
            twin.advance(seconds)
        self._clock.write_text(str(float(self._clock.read_text()) + seconds))

    # --- what happens

    def _settle_in(self) -> None:
        self.devin.admin("POST", "outcomes", {"mix": _OUTCOMES})
        self.github.repository(CONTROL)
        for one in self.places:
            for number in range(1, self.luck.randint(2, 8)):
                one.findings[number] = Finding(number=number)
            if not one.is_gone:
                self.github.repository(one.name)
                if one.hosted_as != one.name:
                    self.github.admin("POST", f"repos/{one.name}/rename", {"to": one.hosted_as})
        self.act(3600)

    def act(self, seconds: float) -> None:
        """Let time pass, and do what is done in it."""
        self._look_at_runs()
        self._pass(seconds)
        self.book.read()
        self._end_runs()
        self._open_pull_requests()
        self._judge_pull_requests()
        self._change_code()
        self._pass(60)  # a scan comes after what it finds
        self._scan_without_us()
        self.github.workflow(
            CONTROL,
            WORKFLOW,
            inputs=dict.fromkeys((*_INPUTS, "default_branch"), False),
            run_seconds=self.luck.choice([600, 7200, 18_000]),
        )

    def _look_at_runs(self) -> None:
        """A run finds what is there when it begins."""
        for run in self.github.runs():
            target = self.by_name[run["inputs"]["target_repo"].lower()]
            self._runs.setdefault(run["url"], {"run": run, "place": target, "sarif": target.sarif()})

    def _end_runs(self) -> None:
        ended = {run["url"] for run in self.github.runs() if run["status"] == "completed"} - self._told
        records = []
        for url in sorted(ended):
            self._told.add(url)
            if self.luck.random() < 0.93:  # else it failed, and nobody tells
                seen = self._runs[url]
                records.append(self._scan(seen["place"], seen["sarif"], seen["run"]["created_at"] + 30))
        if records:
            self.ledger.append(records)

    def _open_pull_requests(self) -> None:
        for session in self.devin.sessions():
            url = session["pull_request_url"]
            intent_id = next(tag for tag in session["tags"] if tag.startswith(TAG_PREFIX)).removeprefix(TAG_PREFIX)
            if not url or session["session_id"] in self.proposals:
                continue
            name, _, number = url.removeprefix("https://github.com/").partition("/pull/")
            assert name.lower() == self.book.intents[intent_id].target_repo.lower(), f"{url} is of {intent_id}"
            due = self.now().timestamp() + 3600 * self.luck.choice([1, 12, 30, 100])
            self.github.pull(self.by_name[name.lower()].hosted_as, f"devin/{number}", number=int(number))
            self.proposals[session["session_id"]] = Proposal(
                repository=name, number=int(number), intent_id=intent_id, due=due
            )

    def _judge_pull_requests(self) -> None:
        """People merge most of them; one about something that is gone already is closed."""
        for proposal in self.proposals.values():
            if not proposal.is_open or proposal.due > self.now().timestamp():
                continue
            proposal.is_open = False
            one = self.by_name[proposal.repository.lower()]
            meant = [one.findings[number] for number in self.book.findings_of(self.book.intents[proposal.intent_id])]
            is_good = self.luck.random() < 0.8 and all(finding.is_there for finding in meant)
            self.github.change_pull(one.hosted_as, proposal.number, "merge" if is_good else "close")
            for finding in meant:
                if is_good and self.luck.random() < 0.85:  # else the fix fixes nothing
                    finding.is_there, finding.is_our_fix = False, True

    def _change_code(self) -> None:
        """People make new mistakes, repeat old ones, and mend some that nobody claimed."""
        claimed = self.book.claimed()
        for one in self.places:
            found = self.book.found_last(one.name) or set()
            if self.luck.random() < 0.05:
                number = max(one.findings, default=0) + 1
                one.findings[number] = Finding(number=number)
            for finding in one.findings.values():
                is_claimed = (one.name.lower(), finding.number) in claimed
                if finding.is_there and finding.number in found and not is_claimed and self.luck.random() < 0.02:
                    finding.is_there, finding.is_our_fix = False, False
                elif not finding.is_there and finding.number not in found and self.luck.random() < 0.01:
                    finding.is_there = True
            if not one.is_gone and self.luck.random() < 0.2:
                self.github.commits(one.hosted_as, self.luck.choice([1, 5, 30]))

    def _scan_without_us(self) -> None:
        records = []
        for one in self.places:
            if self.now().timestamp() < one.next_at or one.is_gone:
                continue
            one.next_at += 3600 * one.own_hours
            if one.source is ScanSource.CODE_SCANNING:
                self.github.analysis(one.hosted_as, one.sarif())
            elif one.source is ScanSource.SELF_REPORTED:
                records.append(self._scan(one, one.sarif(), self.now().timestamp()))
        if records:
            self.ledger.append(records)

    def _scan(self, one: Place, sarif: dict[str, Any], at: float) -> ScanRun:
        """The record of a scan, as the pipeline makes it."""
        self._scans += 1
        run_id = f"run{self._scans}"
        file = self.folder / "scan.sarif"
        file.write_text(json.dumps(sarif))
        filters = FilterOptions()
        options = WorkOptions(run_id=run_id, filters=filters, batch_size=5, max_sessions=1, families=FamilyTable())
        work = prepare(SarifReader([file], "", ()), NoCheckout(), options)
        facts = RunFacts(
            target_repo=one.reported_as,
            run_id=run_id,
            mode=Mode.ORCHESTRATOR,
            started_at=datetime.fromtimestamp(at, UTC),
            producer=PRODUCER,
            filters=filters,
            scope=ScanScope.DEFAULT_BRANCH,
        )
        return replace(scan_run_of(work, facts), issues=tuple(issue_records(work)))
