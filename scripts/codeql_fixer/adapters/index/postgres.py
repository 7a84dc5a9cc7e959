"""The index's database for a fleet: PostgreSQL, through psycopg (the extra `fleet`)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from codeql_fixer.errors import UserError

try:
    import psycopg
except ModuleNotFoundError as error:
    raise UserError("an index in Postgres needs psycopg: pip install 'codeql-fixer[fleet]'") from error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WRITERS_TURN = 7_243_001  # the number of our advisory lock; any that nobody else in the database takes
_VERSION = "CREATE TABLE IF NOT EXISTS index_version (version BIGINT NOT NULL)"


class PostgresDatabase:
    """A database, which is there and empty at first, or a schema of it (`?options=-csearch_path%3Dname`).

    Args:
        address: postgresql://...; a password may come from PGPASSWORD or a password file as well.

    Raises:
        UserError: it cannot be reached.
    """

    name = "postgres"
    errors: type[Exception] = psycopg.Error

    def __init__(self, address: str) -> None:
        try:
            self._connection = psycopg.connect(address, autocommit=True)
        except psycopg.Error as error:
            raise UserError(f"the index's database cannot be reached: {str(error).strip()}") from error

    def connection(self) -> psycopg.Connection:
        """The connection."""
        return self._connection

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction; the lock that keeps other writers out ends with it."""
        with self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITERS_TURN,))
            yield

    def version(self) -> int:
        """The number of the last migration."""
        found = self._connection.execute("SELECT to_regclass('index_version') IS NOT NULL").fetchone()
        if not found or not found[0]:
            return 0
        row = self._connection.execute("SELECT MAX(version) FROM index_version").fetchone()
        return int(row[0] or 0) if row else 0

    def migrate(self, script: str, version: int) -> None:
        """Run a migration inside the transaction."""
        self._connection.execute(_VERSION)
        self._connection.execute(script.encode())
        self._connection.execute("INSERT INTO index_version (version) VALUES (%s)", (version,))

    def words(self, words: Sequence[str]) -> str:
        """All of the words, each as the start of one."""
        return " & ".join(f"{word}:*" for word in words)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
