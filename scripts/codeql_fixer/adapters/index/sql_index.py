"""Index in a SQL database: migrations and questions; what differs between databases is in `Database`."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

import aiosql

from codeql_fixer.adapters.index.events import LIFE, events_of
from codeql_fixer.adapters.index.follow_ups import (
    parse_known,
    parse_linked,
    parse_rounds,
    parse_still_seen,
    parse_verdict,
)
from codeql_fixer.adapters.index.learning import LearningQuestions
from codeql_fixer.adapters.index.outbox import SqlOutbox
from codeql_fixer.adapters.index.rows import (
    FOREVER,
    micros,
    parse_attempts,
    parse_claims,
    parse_issue_row,
    parse_merged_fix,
    parse_time,
    time_of,
)
from codeql_fixer.adapters.index.triages import TriageQuestions
from codeql_fixer.adapters.index.writer import SqlWriter, digest_of
from codeql_fixer.domain.queue import Line, ScanState, SessionEnd, Stretch, Waiting
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.errors import UserError
from codeql_fixer.ports.index import Pause, Position, RepositoryRow, StatusRow
from codeql_fixer.ports.ledger import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from codeql_fixer.adapters.index.rows import Row
    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.domain.feedback import Round, StillSeen
    from codeql_fixer.domain.merged_fix import MergedFix
    from codeql_fixer.domain.queue import KnownPullRequest
    from codeql_fixer.domain.tracked import Attempt
    from codeql_fixer.policy.sla import SlaLimits
    from codeql_fixer.ports.index import Event, IssueRow

_SQL = files("codeql_fixer.adapters.index") / "sql"
_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 20
_AFTER_HEX = "g"
_MOST_ACU = 100  # sessions of a family; what earlier ones took says little about the next
_A_FEW = 64  # of a line at a time
_BEHIND = 2**62  # behind everybody who was opened at that moment


class Database(Protocol):
    """What an index needs of a database beside SQL that all of them know."""

    name: str
    errors: type[Exception]  # what the driver raises

    def connection(self) -> Any:  # noqa: ANN401 - drivers have no common type
        """An open connection, always the same."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """A transaction of the only writer, waiting for its turn."""
        ...

    def version(self) -> int:
        """The number of the last migration, 0 for an empty database."""
        ...

    def migrate(self, script: str, version: int) -> None:
        """Run a migration and note its number, both or neither. Called inside `writing`."""
        ...

    def words(self, words: Sequence[str]) -> str:
        """A full-text query for rows with all of these words or words that start so."""
        ...


class SqlIndex(SqlOutbox, LearningQuestions, TriageQuestions):
    """Index and queue in a database; brings its tables up to date first.

    Args:
        database: the place.
        names: further names of repositories; see the port.

    Raises:
        UserError: a newer version of this software made the tables.
    """

    def __init__(self, database: Database, names: Mapping[str, str] | None = None) -> None:
        self._database, self.names = database, names or {}
        texts = [_SQL / "queries.sql", _SQL / database.name / "search.sql"]
        driver = "sqlite3" if database.name == "sqlite" else "psycopg"
        sql = "\n".join(path.read_text(encoding="utf-8") for path in texts)
        self._queries: Any = aiosql.from_str(sql, driver, mandatory_parameters=False)
        with self._told():
            self._migrate()

    def position(self) -> Position:
        """The state of the ledger that is reflected; none when the names were other ones."""
        known = {str(name): str(value) for name, value in self._ask("position")}
        if known.get("names", "") != digest_of(self.names):
            return Position("")
        return Position(known.get("tip", ""), tuple(known.get("waiting", "").split()))

    @contextmanager
    def writing(self) -> Iterator[SqlWriter]:
        """A transaction; see the port."""
        with self._told(), self._database.writing():
            yield SqlWriter(self._connection, self._queries, self.names)

    def repositories(self, repository: str = "") -> list[RepositoryRow]:
        """All repositories or one, by name."""
        rows = self._ask("repositories", repository=self._named(repository))
        return [RepositoryRow(name, runs, last or "", time_of(at)) for name, runs, last, at in rows]

    def status(self, now: datetime, limits: Sequence[SlaLimits], repository: str = "") -> list[StatusRow]:
        """Counts by repository, tier and state."""
        bounds: dict[str, int | None] = {}
        by_tier = {limit.tier: limit for limit in limits}
        for tier in SeverityTier:
            limit = by_tier.get(tier)
            bounds[f"breached_{tier}"] = micros(limit.breached) if limit else None
            bounds[f"at_risk_{tier}"] = micros(limit.at_risk) if limit else None
        rows = self._ask(
            "status", repository=self._named(repository), now=micros(now), forever=micros(FOREVER), **bounds
        )
        return [StatusRow(row[0], SeverityTier(row[1]), Lifecycle(row[2]), *map(int, row[3:])) for row in rows]

    def issues(self, fingerprint: str, repository: str = "") -> list[IssueRow]:
        """Issues by fingerprint, a start of it, or an earlier name."""
        beyond = fingerprint + _AFTER_HEX
        return self._rows(self._ask("ids_by_name", repository=self._named(repository), name=fingerprint, beyond=beyond))

    def issues_in(self, repository: str) -> list[IssueRow]:
        """All issues of a repository."""
        rows = self._ask("issues_in", repository=self._named(repository), forever=micros(FOREVER))
        return [parse_issue_row(row) for row in rows]

    def search(self, words: str, *, limit: int = 50) -> list[IssueRow]:
        """Issues whose rule, file or message has all these words."""
        terms = _WORD.findall(words.lower())[:_MOST_WORDS]
        return self._rows(self._ask("ids_by_words", words=self._database.words(terms), most=limit)) if terms else []

    def history(self, key: int) -> list[Event]:
        """The life of an issue, oldest first."""
        (row,) = self._rows([(key,)])
        return events_of(row.issue, {name: self._ask(f"{name}_of_issue", id=key) for name in LIFE})

    def attempts(self, repository: str) -> dict[str, tuple[Attempt, ...]]:
        """What was tried, by fingerprint."""
        return parse_attempts(self._ask("attempts_of", repository=self._named(repository)))

    def claims(self, since: datetime) -> list[Claim]:
        """Claims since a moment, and earlier ones that are not over or have pull requests open."""
        return parse_claims(self._ask("claims", since=micros(since)))

    def acu_of(self, family: str) -> tuple[float, ...]:
        """What the latest sessions for a weakness family took."""
        return tuple(sorted(acu for (acu,) in self._ask("acu_of", family=family, most=_MOST_ACU)))

    def pause_of(self, repository: str) -> Pause | None:
        """What holds a repository."""
        rows = self._ask("pause_of", repository=self._named(repository))
        at = time_of(rows[0][1]) if rows else None
        return None if at is None else Pause(str(rows[0][0]), at)

    def standings(self) -> dict[str, str]:
        """What every known repository is worth."""
        return {str(name): str(standing) for name, standing in self._ask("standings")}

    def set_standings(self, standings: Mapping[str, str]) -> None:
        """Change what repositories are worth."""
        rows = [{"repository": name, "standing": standing} for name, standing in standings.items()]
        with self._told(), self._database.writing():
            self._queries.set_standing(self._connection, rows)
            self._queries.set_standing_of_issues(self._connection, rows)

    def lines(self) -> list[Line]:
        """All lines that somebody stands in."""
        found: list[Line] = []
        place: dict[str, Any] = {"standing": "", "tier": "", "family": "", "reach": 0}
        with self._told():
            while row := self._queries.next_line(self._connection, **place):
                place = dict(zip(place, row, strict=True))
                found.append(Line(row[0], SeverityTier(row[1]), row[2], row[3]))
        return found

    def waiting(self, stretch: Stretch, after: Waiting | None = None, *, repository: str = "") -> list[Waiting]:
        """The next few issues of a stretch."""
        line = stretch.line
        first = (micros(stretch.since), _BEHIND) if after is None else (micros(after.opened_at), after.key)
        whose = {"repository": repository} if repository else {}
        rows = self._ask(
            "in_own_line" if repository else "in_line",
            standing=line.standing,
            tier=line.tier.value,
            family=line.family,
            reach=line.reach,
            recurrence=stretch.recurrence,
            opened_at=first[0] if first[0] is not None else -1,
            id=first[1],
            until=micros(stretch.until),
            most=_A_FEW,
            **whose,
        )
        return [Waiting(key, name, parse_time(at)) for key, name, at in rows]

    def open_of(self, repository: str, family: str, *, start: int, most: int) -> list[IssueRow]:
        """Open issues of a family that nobody works on."""
        rows = self._ask(
            "open_of_family", repository=repository, family=family, start=start, most=most, forever=micros(FOREVER)
        )
        return [parse_issue_row(row) for row in rows]

    def attempts_at(self, key: int) -> tuple[Attempt, ...]:
        """What was tried for an issue."""
        return parse_attempts(self._ask("attempts_of_issue", id=key)).get("", ())

    def pauses(self) -> dict[str, Pause]:
        """What holds which repository."""
        return {str(name): Pause(str(reason), parse_time(at)) for name, reason, at in self._ask("pauses")}

    def scans(self) -> dict[str, ScanState]:
        """When repositories were scanned, and what was asked for since."""
        requests: dict[str, list[datetime]] = {}
        for name, at in self._ask("scan_requests"):
            requests.setdefault(name, []).append(parse_time(at))
        scanned = {str(name): time_of(at) for name, at in self._ask("scan_facts")}
        return {
            name: ScanState(last_at=scanned.get(name), requests=tuple(requests.get(name, ())))
            for name in {**scanned, **requests}
        }

    def open_pull_requests(self) -> dict[str, int]:
        """How many pull requests of ours are open."""
        return {str(name): int(count) for name, count in self._ask("open_pull_requests")}

    def unproved(self) -> list[MergedFix]:
        """Merged fixes that scans say something about, and that have no verdict yet."""
        return [parse_merged_fix(row) for row in self._ask("unproved")]

    def pull_requests_to_watch(self) -> list[KnownPullRequest]:
        """Those that were open when somebody last looked."""
        return [parse_known(row) for row in self._ask("pull_requests_to_watch")]

    def merged_pull_requests(self, since: datetime) -> list[KnownPullRequest]:
        """Those that were merged since then."""
        return [parse_known(row) for row in self._ask("pull_requests_merged_since", since=micros(since))]

    def pull_requests_of(self, repository: str) -> list[KnownPullRequest]:
        """All that are known of a repository."""
        return [parse_known(row) for row in self._ask("pull_requests_of", repository=repository.lower())]

    def linked_claims(self) -> dict[tuple[str, int], tuple[str, ...]]:
        """The claims that open pull requests came of."""
        return parse_linked(self._ask("claims_of_open_pull_requests"))

    def rounds(self) -> dict[tuple[str, int], tuple[Round, ...]]:
        """What was answered at open pull requests."""
        return parse_rounds(self._ask("rounds_of_open_pull_requests"))

    def verdict_on(self, key: int) -> StillSeen | None:
        """The last verdict on an issue, if that still saw it."""
        return parse_verdict(self._ask("verdicts_of_issue", id=key))

    def still_seen(self) -> dict[tuple[str, int], tuple[StillSeen, ...]]:
        """What the last verification of open pull requests still sees."""
        return parse_still_seen(self._ask("still_seen_at_open_pull_requests"))

    def open_pull_requests_by_claim(self) -> dict[str, int]:
        """The same by intent id."""
        return {str(intent_id): int(count) for intent_id, count in self._ask("open_pull_requests_by_claim")}

    def session_ends(self, since: datetime, family: str = "") -> dict[str, tuple[SessionEnd, ...]]:
        """How sessions ended, by family."""
        found: dict[str, list[SessionEnd]] = {}
        for name, at, is_success in self._ask("session_ends", since=micros(since), family=family):
            found.setdefault(name, []).append(SessionEnd(parse_time(at), bool(is_success)))
        return {name: tuple(ends) for name, ends in found.items()}

    def session_durations(self, since: datetime) -> dict[str, tuple[timedelta, ...]]:
        """How long sessions took, by family."""
        found: dict[str, list[timedelta]] = {}
        for family, micro in self._ask("session_durations", since=micros(since)):
            found.setdefault(family, []).append(timedelta(microseconds=micro))
        return {family: tuple(durations) for family, durations in found.items()}

    def files_of(self, repository: str, fingerprint: str) -> frozenset[str]:
        """The file of an issue, by any of its names."""
        rows = self._ask("files_of", repository=self._named(repository), fingerprint=fingerprint)
        return frozenset(file for (file,) in rows)

    def open_counts(self, now: datetime) -> dict[str, dict[SeverityTier, int]]:
        """How many issues are neither proved to be gone nor dismissed."""
        found: dict[str, dict[SeverityTier, int]] = {}
        for name, tier, count in self._ask("open_counts", now=micros(now), forever=micros(FOREVER)):
            found.setdefault(name, {})[SeverityTier(tier)] = int(count)
        return found

    def baselines(self) -> dict[str, int]:
        """How many issues objectives were about when they were first seen."""
        return {str(definition): int(count) for definition, count in self._ask("baselines")}

    def damages(self) -> list[Damaged]:
        """What of the ledger could not be read."""
        return [Damaged(path, problem) for path, problem in self._ask("damages")]

    @property
    def _connection(self) -> Any:  # noqa: ANN401 - drivers have no common type
        return self._database.connection()

    def _named(self, repository: str) -> str:
        """The one name of a repository."""
        return self.names.get(repository.lower(), repository.lower())

    def _ask(self, query: str, **parameters: object) -> list[Row]:
        with self._told():
            return list(getattr(self._queries, query)(self._connection, **parameters))

    def _rows(self, ids: Iterable[Row]) -> list[IssueRow]:
        found = [self._ask("issues_by_id", id=key, forever=micros(FOREVER)) for (key,) in ids]
        return [parse_issue_row(row) for rows in found for row in rows]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the database as errors for people."""
        try:
            yield
        except self._database.errors as error:
            raise UserError(
                f"the index cannot be used: {str(error).strip()}; make room for it, or delete it: it is built anew"
            ) from error

    def _migrate(self) -> None:
        migrations = {
            int(path.name.partition("_")[0]): path
            for path in (_SQL / self._database.name).iterdir()
            if path.name[0].isdigit()
        }
        version = self._database.version()
        newest = max(migrations)
        if version > newest:
            raise UserError(
                f"the index is of version {version}, this software knows up to {newest}: "
                "update it, or name another index"
            )
        if version == newest:
            return
        with self._database.writing():
            # Another process may have done it while this one waited.
            for number in range(self._database.version() + 1, newest + 1):
                self._database.migrate(migrations[number].read_text(encoding="utf-8"), number)
