"""Answers that GitHub gave, with their ETags: a call that only says that they still hold costs nothing."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 20_000  # uses ago: what was not asked for since then is forgotten
_TABLE = """
CREATE TABLE IF NOT EXISTS answers (
  key TEXT PRIMARY KEY, etag TEXT NOT NULL, link TEXT NOT NULL, content BLOB NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_use ON answers (used);
"""
_USE = "UPDATE answers SET used = (SELECT max(used) + 1 FROM answers) WHERE key = ?"
_PUT = "INSERT OR REPLACE INTO answers SELECT ?, ?, ?, ?, coalesce(max(used), 0) + 1 FROM answers"
_FORGET = "DELETE FROM answers WHERE used <= (SELECT max(used) FROM answers) - ?"


class Answer(Struct, frozen=True, kw_only=True):
    """What was answered; `link` leads to other pages."""

    etag: str
    link: str
    content: bytes


class Answers:
    """A store in one file, for its owner only. Several processes may share it; one that is damaged is made anew.

    Args:
        path: the file; its folder is there.
        owner: whose answers these are. Another token may see other things.
    """

    def __init__(self, path: Path, owner: str) -> None:
        self._owner = owner
        self._lock = threading.Lock()
        path.touch(mode=0o600, exist_ok=True)
        try:
            self._database = _opened(path)
        except sqlite3.DatabaseError:
            path.write_bytes(b"")
            self._database = _opened(path)

    def get(self, address: str) -> Answer | None:
        """What was answered at an address, None for nothing known."""
        key = self._key(address)
        with self._lock, suppress(sqlite3.Error, zlib.error):  # a store that does not work costs calls and nothing else
            row = self._database.execute("SELECT etag, link, content FROM answers WHERE key = ?", (key,)).fetchone()
            if row is not None:
                self._database.execute(_USE, (key,))
                return Answer(etag=row[0], link=row[1], content=zlib.decompress(row[2]))
        return None

    def put(self, address: str, answer: Answer) -> None:
        """Remember what was answered."""
        row = (self._key(address), answer.etag, answer.link, zlib.compress(answer.content, level=1))
        with self._lock, suppress(sqlite3.Error):
            self._database.execute(_PUT, row)
            self._database.execute(_FORGET, (_MOST,))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _key(self, address: str) -> str:
        return sha256(f"{self._owner}\n{address}".encode()).hexdigest()


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5.0)
    try:
        database.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_TABLE}")
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database
