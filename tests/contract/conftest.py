"""The databases that an index may be in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from tests import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from codeql_fixer.adapters.index.postgres import PostgresDatabase

    Connect = Callable[[], "SqliteDatabase | PostgresDatabase"]


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """A server of Debian's package, skipped where it is not installed; .ci/run installs it."""
    programs = postgres.programs()
    if programs is None:
        if os.environ.get("CODEQL_FIXER_NEEDS_ALL"):  # noqa: TID251 - tests
            pytest.fail("PostgreSQL is missing, and .ci/run has to have it")
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.server(programs) as address:
        yield address


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
