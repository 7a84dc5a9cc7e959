"""The databases that an index may be in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.index.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from codeql_fixer.adapters.index.postgres import PostgresDatabase

    Connect = Callable[[], "SqliteDatabase | PostgresDatabase"]


@pytest.fixture(params=["sqlite", "postgres"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connect]:
    """Opens connections to one empty database."""
    opened: list[SqliteDatabase | PostgresDatabase] = []

    def sqlite() -> SqliteDatabase:
        opened.append(database := SqliteDatabase(tmp_path / "index.sqlite"))
        return database

    def server() -> PostgresDatabase:
        from codeql_fixer.adapters.index.postgres import PostgresDatabase  # noqa: PLC0415

        address = request.getfixturevalue("postgres_address")
        opened.append(database := PostgresDatabase(address))
        return database

    if request.param == "postgres":
        server().connection().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    yield server if request.param == "postgres" else sqlite
    for database in opened:
        database.close()
