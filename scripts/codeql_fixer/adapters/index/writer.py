"""The writing half of an index: one transaction, the same statements for every database."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, assert_never

from codeql_fixer.adapters.index.fact_rows import dismissal_row, example_row, verdict_rows, verification_row
from codeql_fixer.adapters.index.follow_ups import add_follow_up
from codeql_fixer.adapters.index.outbox import add_to_outbox
from codeql_fixer.adapters.index.rows import issue_row, micros, parse_attempts, parse_issue, run_row, text, time_of
from codeql_fixer.adapters.index.triages import NOWHERE, add_triage
from codeql_fixer.domain.alert import Alert, AlertClaim, AlertOutcome
from codeql_fixer.domain.cycle import Cycle, DecisionAction
from codeql_fixer.domain.dismissal import Dismissal
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
from codeql_fixer.domain.fix_example import FixExample
from codeql_fixer.domain.follow_up import FollowUp, FollowUpOutcome
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.domain.snapshot import Snapshot
from codeql_fixer.domain.triage import Triage, TriageOutcome
from codeql_fixer.domain.verification import Verification
from codeql_fixer.policy.ledger_paths import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from codeql_fixer.domain.cycle import Decision, PullRequestObservation, SessionObservation
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.tracked import Attempt, Lifecycle, TrackedIssue
    from codeql_fixer.policy.tracking import Sighting
    from codeql_fixer.ports.index import Position
    from codeql_fixer.ports.ledger import Damaged

_TABLES = (
    *("appearances", "aliases", "issues", "scan_runs", "repositories", "dispatch_issues", "dispatches", "sessions"),
    *("pull_requests", "proposals", "settlements", "verdicts", "verifications", "dismissals", "cycles", "pauses"),
    *("damages", "scan_requests", "open_counts", "tries", "baselines", "meta"),
    *("alerts", "alert_recipients", "alert_attempts", "alert_members", "alert_channels"),
    *("pull_request_issues", "reverts", "follow_ups", "fix_examples"),
    *("triages", "triage_issues", "triage_scores"),
)


_RENEWED = (
    *("mark_over", "forget_open_counts", "add_open_counts", "forget_tries", "add_tries"),
    "forget_scan_requests",
)


def digest_of(names: Mapping[str, str]) -> str:
    """Names in one word; "" for none."""
    return sha256(repr(sorted(names.items())).encode()).hexdigest() if names else ""


class SqlWriter:
    """IndexWriter on a connection that is inside a transaction.

    Args:
        connection: of the driver.
        queries: those of sql/, as aiosql loaded them for that driver.
        names: further names of repositories, which lead to their own.
    """

    def __init__(self, connection: Any, queries: Any, names: Mapping[str, str]) -> None:  # noqa: ANN401 - drivers and aiosql have no types
        self._connection, self._queries, self._names = connection, queries, names
        self._next_issue: int = queries.next_issue_id(connection)
        self._first_without_words = self._next_issue
        self._next_run: int = queries.next_run_id(connection)
        self._touched: set[str] = set()

    def known_runs(self, repository: str) -> frozenset[str]:
        """Ids of the scan runs that were taken in."""
        return frozenset(row[0] for row in self._queries.known_runs(self._connection, repository=repository))

    def last_order(self, repository: str) -> tuple[datetime, str] | None:
        """The place in time of the last of them."""
        row = self._queries.last_run(self._connection, repository=repository)
        at = time_of(row[0]) if row else None
        return None if at is None else (at, row[1])

    def issues_of(self, repository: str) -> list[TrackedIssue]:
        """All issues of a repository."""
        return [parse_issue(row) for row in self._queries.issues_of(self._connection, repository=repository)]

    def forget(self, repository: str) -> None:
        """Take away runs, issues and appearances of a repository."""
        self._touched.add(repository)
        self._index_words()
        for name in ("appearances", "aliases", "issues", "runs"):
            getattr(self._queries, f"forget_{name}")(self._connection, repository=repository)

    def save_issues(self, repository: str, issues: Sequence[tuple[TrackedIssue, Lifecycle, str]]) -> None:
        """Insert or replace issues; new ones get their key."""
        self._touched.add(repository)
        place = self._repository(repository)
        old = [item for item in issues if item[0].key]
        new = [item for item in issues if not item[0].key]
        for issue, _, _ in new:
            issue.key = self._next_issue
            self._next_issue += 1
        self._many("add_issues", (issue_row(*item, repository=place) for item in new))
        if old:
            self._index_words()
        self._many("update_issues", (issue_row(*item, repository=place) for item in old))
        self._many("add_aliases", ({"alias": name, "issue": item[0].key} for item in new for name in item[0].aliases))

    def add_runs(self, repository: str, runs: Sequence[tuple[ScanRun, Sequence[Sighting]]]) -> None:
        """Add scan runs and what each saw."""
        repository_id, _ = self._repository(repository)
        keyed = list(enumerate(runs, start=self._next_run))
        self._next_run += len(keyed)
        self._many("add_runs", (run_row(run, key=key, repository_id=repository_id) for key, (run, _) in keyed))
        appearances = [
            {"issue": sighting.issue.key, "run": key, "line": sighting.start_line}
            for key, (_, sightings) in keyed
            for sighting in sightings
        ]
        appearances.sort(key=lambda row: (row["issue"] or 0, row["run"] or 0))  # in the order of the table
        self._many("add_appearances", appearances)

    def add_fact(self, record: AnyRecord) -> frozenset[str]:
        """Add a record that is no scan run; the order in which records come does not matter."""
        concerned = self._add_fact(record)
        self._touched |= concerned
        return concerned

    def _add_fact(self, record: AnyRecord) -> frozenset[str]:
        concerned: frozenset[str] = frozenset()
        match record:
            case DispatchIntent():
                concerned = self._add_intent(record)
            case DispatchOutcome():
                concerned = self._add_outcome(record)
            case Cycle():
                concerned = self._add_cycle(record)
            case Verification():
                concerned = self._add_verification(record)
            case Dismissal():
                concerned = self._add_dismissal(record)
            case Alert() | AlertClaim() | AlertOutcome():
                add_to_outbox(self._queries, self._connection, record)
            case FollowUp() | FollowUpOutcome():
                repository = self._named(record.target_repo)
                add_follow_up(self._queries, self._connection, record, repository=repository)
                concerned = frozenset({repository})
            case FixExample():
                self._add_example(record)
            case Triage() | TriageOutcome() | ScanRun() | Snapshot():
                concerned = self._add_triage(record)
            case _:
                assert_never(record)
        return concerned

    def _add_triage(self, record: Triage | TriageOutcome | ScanRun | Snapshot) -> frozenset[str]:
        if isinstance(record, ScanRun | Snapshot):
            return frozenset()  # the one is folded, the other read by nobody
        add_triage(self._queries, self._connection, record, named=self._named)
        return frozenset({NOWHERE})

    def attempts_of(self, repository: str) -> Mapping[str, tuple[Attempt, ...]]:
        """What was tried, by fingerprint."""
        return parse_attempts(self._queries.attempts_of(self._connection, repository=repository))

    def save_lifecycles(self, rows: Iterable[tuple[int, Lifecycle, str]]) -> None:
        """Keep the states of issues."""
        self._many(
            "save_lifecycles",
            ({"id": key, "lifecycle": lifecycle.value, "reason": reason} for key, lifecycle, reason in rows),
        )

    def forget_damage(self, paths: Iterable[str] | None) -> None:
        """Forget what was noted about some paths, or about all."""
        if paths is None:
            self._queries.forget_damages(self._connection)
        else:
            self._many("forget_damage", ({"path": text(path)} for path in paths))

    def add_damage(self, damages: Iterable[tuple[Damaged, str]]) -> None:
        """Note what could not be read."""
        self._many(
            "add_damages",
            (
                {"path": text(damage.path), "repository": repository, "problem": text(damage.problem)}
                for damage, repository in damages
            ),
        )

    def clear(self) -> None:
        """Forget everything."""
        self._index_words()
        cursor = self._connection.cursor()
        for table in _TABLES:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
        cursor.close()
        self._next_issue = self._first_without_words = self._next_run = 1

    def set_position(self, position: Position) -> None:
        """Remember the state of the ledger that is now reflected; the last thing in a transaction."""
        self._index_words()
        for repository in sorted(self._touched):
            for name in _RENEWED:
                getattr(self._queries, name)(self._connection, repository=repository)
        values = {"tip": position.tip, "waiting": " ".join(position.waiting), "names": digest_of(self._names)}
        self._many("set_position", ({"name": name, "value": value} for name, value in values.items()))

    def _named(self, repository: str) -> str:
        """The one name of a repository."""
        return self._names.get(repository.lower(), repository.lower())

    def _index_words(self) -> None:
        """Make new issues findable: all at once, and before a trigger looks for the words of one."""
        self._queries.add_words(self._connection, first=self._first_without_words, beyond=self._next_issue)
        self._first_without_words = self._next_issue

    def _many(self, name: str, rows: Iterable[Mapping[str, object]]) -> None:
        rows = list(rows)
        if rows:
            getattr(self._queries, name)(self._connection, rows)

    def _repository(self, name: str) -> tuple[int, str]:
        """Its number and its standing."""
        found: tuple[int, str] | None = self._queries.repository(self._connection, name=name)
        if found is None:
            self._queries.add_repository(self._connection, name=name)
            found = self._queries.repository(self._connection, name=name)
        assert found is not None  # noqa: S101 - it was just added
        return found

    def _add_intent(self, record: DispatchIntent) -> frozenset[str]:
        repository = self._named(record.target_repo)
        self._queries.add_intent(
            self._connection,
            intent_id=record.id,
            repository=repository,
            agent=record.agent,
            attempt=record.attempt,
            claimed_at=micros(record.recorded_at),
            account=text(record.account),
            act_before=micros(record.act_before),
            family=text(record.family),
            max_acu=record.max_acu,
            batch_id=text(record.batch_id),
            parent=text(record.parent),
            prompt=text(record.prompt),
            playbook=text(record.playbook),
        )
        self._many("add_intent_issues", ({"intent_id": record.id, "fingerprint": name} for name in record.fingerprints))
        return frozenset({repository})

    def _add_outcome(self, record: DispatchOutcome) -> frozenset[str]:
        self._queries.add_outcome(
            self._connection,
            intent_id=record.id,
            outcome=record.status.value,
            outcome_at=micros(record.created_at or record.recorded_at),
            session_id=text(record.session_id),
            reason=text(record.reason),
        )
        repository = self._queries.repository_of_intent(self._connection, intent_id=record.id)
        return frozenset(() if repository is None else {repository})

    def _add_cycle(self, record: Cycle) -> frozenset[str]:
        self._queries.add_cycle(
            self._connection,
            id=path_of(record),
            started_at=micros(record.started_at),
            finished_at=micros(record.finished_at),
            ledger_commit=text(record.ledger_commit),
            issues_considered=record.issues_considered,
            decisions=len(record.decisions),
        )
        concerned: set[str] = set()
        for session in record.sessions:
            concerned |= self._add_session(session)
        for pull_request in record.pull_requests:
            concerned |= self._add_pull_request(pull_request)
        for decision in record.decisions:
            concerned |= self._add_decision(decision, record)
        for seen in record.objectives:
            self._queries.add_baseline(
                self._connection,
                definition=text(seen.definition),
                at=micros(record.finished_at),
                issues=seen.open_issues,
            )
        for channel in record.channels:
            self._queries.add_alert_channel(self._connection, channel=channel, at=micros(record.finished_at))
        return frozenset(concerned)

    def _add_decision(self, decision: Decision, record: Cycle) -> set[str]:
        """What outlasts its cycle: a repository stops or goes on, a scan was asked for, a person settles a claim."""
        if decision.action in {DecisionAction.STOP, DecisionAction.RESUME}:
            self._queries.set_pause(
                self._connection,
                repository=self._named(decision.target_repo),
                at=micros(record.finished_at),
                is_paused=int(decision.action is DecisionAction.STOP),
                reason=text(decision.reason),
            )
        if decision.action is DecisionAction.SCAN:
            self._queries.add_scan_request(
                self._connection, repository=self._named(decision.target_repo), at=micros(record.finished_at)
            )
        if decision.action is not DecisionAction.SETTLE:
            return set()
        named = (seen.session_id for seen in record.sessions if seen.intent_id == decision.intent_id)
        self._queries.set_settlement(
            self._connection,
            intent_id=text(decision.intent_id),
            at=micros(record.finished_at),
            session_id=text(next(named, "")),
            reason=text(decision.reason),
        )
        return {self._named(decision.target_repo)}

    def _add_session(self, seen: SessionObservation) -> set[str]:
        self._queries.add_session(
            self._connection,
            session_id=text(seen.session_id),
            intent_id=text(seen.intent_id),
            status=seen.state.value,
            url=text(seen.session_url),
            observed_at=micros(seen.observed_at),
            acu_used=seen.acu_used,
            detail=text(seen.detail),
        )
        return self._repositories_of(seen.intent_id, seen.session_id)

    def _repositories_of(self, intent_id: str, session_id: str) -> set[str]:
        rows = self._queries.repositories_of_attempt(
            self._connection, intent_id=text(intent_id), session_id=text(session_id)
        )
        return {row[0] for row in rows}

    def _add_pull_request(self, seen: PullRequestObservation) -> set[str]:
        repository = seen.target_repo.lower()
        self._queries.add_pull_request(
            self._connection,
            repository=repository,
            number=seen.number,
            state=seen.state.value,
            observed_at=micros(seen.observed_at),
            merged_at=micros(seen.merged_at),
            url=text(seen.url),
            session_id=text(seen.session_id),
            intent_id=text(seen.intent_id),
            condition=seen.condition.value if seen.condition else "",
            head_commit=text(seen.head_commit),
            merge_commit=text(seen.merge_commit),
        )
        self._queries.add_proposal(
            self._connection,
            repository=repository,
            number=seen.number,
            intent_id=text(seen.intent_id),
            session_id=text(seen.session_id),
        )
        place = {"repository": repository, "number": seen.number}
        if not seen.intent_id and not seen.session_id:
            names = ({**place, "fingerprint": name} for name in seen.fingerprints)
            self._many("add_pull_request_issues", names)
        if seen.reverted_at is not None:
            self._queries.add_revert(
                self._connection, **place, at=micros(seen.reverted_at), reverted_by=seen.reverted_by or 0
            )
        rows = self._queries.repositories_of_pull_request(self._connection, repository=repository, number=seen.number)
        return {row[0] for row in rows}

    def _add_verification(self, record: Verification) -> frozenset[str]:
        repository = self._named(record.target_repo)
        self._queries.add_verification(self._connection, **verification_row(record, repository))
        self._many("add_verdicts", verdict_rows(record))
        return frozenset({repository})

    def _add_dismissal(self, record: Dismissal) -> frozenset[str]:
        self._queries.add_dismissal(self._connection, **dismissal_row(record, self._named(record.target_repo)))
        return frozenset()  # a dismissal runs out: it is looked at when somebody asks

    def _add_example(self, record: FixExample) -> None:
        self._queries.add_example(self._connection, **example_row(record, self._named(record.target_repo)))
