"""An index of an earlier version, opened by this one: its tables are those of a new one, and it says the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import codeql_fixer.adapters.index
from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.session import SessionState
from tests.fleet.checks import picture
from tests.records import at, cycle, intent, one_of_each, outcome, scan, session_seen

if TYPE_CHECKING:
    from codeql_fixer.adapters.index.postgres import PostgresDatabase
    from codeql_fixer.adapters.index.sqlite import SqliteDatabase
    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect

_SQL = Path(codeql_fixer.adapters.index.__path__[0]) / "sql"
# What a program of version 5 may have left: rows of nobody's ledger, which reading everything again takes away.
_LEFT = """
INSERT INTO repositories (name) VALUES ('acme/old');
INSERT INTO dispatches (intent_id, repository, agent, attempt, claimed_at, outcome, outcome_at, session_id)
VALUES ('i-old', 'acme/old', 'devin', 1, 5, 'created', 6, 's-old');
INSERT INTO dispatch_issues (intent_id, fingerprint) VALUES ('i-old', 'f');
INSERT INTO pull_requests (repository, number, state, observed_at, merged_at, url, session_id, intent_id)
VALUES ('acme/old', 1, 'open', 7, NULL, '', 's-old', 'i-old');
INSERT INTO alerts (id, event, key, repository, title, text, recorded_at)
VALUES ('a-old', 'objective_met', 'k', '', 't', 'x', 8);
INSERT INTO alert_recipients (alert, channel) VALUES ('a-old', 'slack');
INSERT INTO meta (name, value) VALUES ('tip', '3'), ('waiting', ''), ('names', '');
"""


def _made_by(database: SqliteDatabase | PostgresDatabase, version: int) -> None:
    """Tables as a program of that version made them."""
    with database.writing():
        for number, script in sorted(_migrations(database.name).items())[:version]:
            database.migrate(script.read_text(encoding="utf-8"), number)
        for statement in filter(str.strip, _LEFT.split(";")):
            database.connection().execute(statement)


def _migrations(name: str) -> dict[int, Path]:
    return {int(path.name.partition("_")[0]): path for path in (_SQL / name).glob("[0-9]*.sql")}


def _records() -> list[AnyRecord]:
    seen = (session_seen(SessionState.FINISHED, 3),)
    return [*one_of_each(), scan("8", 0, 1, 2), intent("i-8", 1, 1), outcome("i-8", 2), cycle("c-8", 3, sessions=seen)]


@pytest.mark.parametrize("version", [5, 6, 7])
def test_upgrade__says_what_a_new_index_says(connect: Connect, version: int, tmp_path: Path) -> None:
    from codeql_fixer.adapters.index.sqlite import SqliteDatabase as Sqlite  # noqa: PLC0415

    _made_by(connect(), version)
    ledger = MemoryLedger()
    ledger.append(_records())
    new = SqlIndex(Sqlite(tmp_path / "new.sqlite"))

    old = SqlIndex(connect())
    catch_up(ledger, old)
    catch_up(ledger, new)

    assert picture(old) == picture(new)
    assert [row.name for row in old.repositories()] == [row.name for row in new.repositories()]
    assert old.undelivered("slack", at(99), most=9) == new.undelivered("slack", at(99), most=9)


def test_migrations__are_the_same_for_every_database_and_none_hides_another() -> None:
    sqlite, postgres = (
        sorted(path.name for path in (_SQL / name).glob("[0-9]*.sql")) for name in ("sqlite", "postgres")
    )

    assert sqlite == postgres
    assert [int(name.partition("_")[0]) for name in sqlite] == list(range(1, len(sqlite) + 1))
