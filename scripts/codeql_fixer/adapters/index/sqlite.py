"""The index's database on this machine: SQLite in a file, readers beside one writer (WAL)."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BUSY_SECONDS = 60.0


class SqliteDatabase:
    """A database file, made when it is not there; its folder as well.

    Raises:
        UserError: it cannot be opened or is no database.
    """

    name = "sqlite"
    errors: type[Exception] = sqlite3.Error

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Prompts are written by a thread of their own, while all others wait for it (app/start.py).
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")  # it can be built anew: a lost commit is no loss
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"{path}: cannot be used as an index: {error}; remove it or name another") from error

    def connection(self) -> sqlite3.Connection:
        """The connection."""
        return self._connection

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that has the right to write from its start."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk ends it by itself
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def version(self) -> int:
        """The number of the last migration."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def migrate(self, script: str, version: int) -> None:
        """Run a migration inside the transaction, which `executescript` would end."""
        statement = ""
        for line in script.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                self._connection.execute(statement)
                statement = ""
        self._connection.execute(f"PRAGMA user_version = {version}")

    def words(self, words: Sequence[str]) -> str:
        """Quoted, so that no word is an operator of FTS5."""
        return " ".join(f'"{word}"*' for word in words)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
