"""The store of answers: real files, two processes' worth of connections, damage."""

from __future__ import annotations

from stat import S_IMODE
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.github import answers
from codeql_fixer.adapters.github.answers import Answer, Answers

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = Answer(etag='W/"1"', link="", content=b'{"a": 1}' * 1000)


def test_answers__are_found_by_address_and_owner(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    mine, same, other = Answers(path, "me"), Answers(path, "me"), Answers(path, "you")

    mine.put("/x", Answer(etag="old", link="", content=b""))
    mine.put("/x", ANSWER)

    assert mine.get("/x") == same.get("/x") == ANSWER
    assert (mine.get("/y"), other.get("/x")) == (None, None)
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert ANSWER.content not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for one in (mine, same, other):
        one.close()


def test_answers__that_nobody_asks_for_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_MOST", 10)
    store = Answers(tmp_path / "answers", "me")

    for number in range(100):
        store.put(f"/{number}", ANSWER)
        assert store.get("/0") == ANSWER

    found = [number for number in range(100) if store.get(f"/{number}")]
    assert (found[0], found[-1], len(found)) == (0, 99, 6)  # a use of /0 lies between any two
    store.close()


@pytest.mark.parametrize("damage", [b"no database at all" * 1000, b"", b"SQLite format 3\x00" + b"\x00" * 200])
def test_answers__in_a_damaged_file_begin_anew(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "answers"
    path.write_bytes(damage)

    store = Answers(path, "me")
    store.put("/x", ANSWER)

    assert store.get("/x") == ANSWER
    store.close()


def test_answers__that_cannot_be_kept_do_not_matter(tmp_path: Path) -> None:
    store = Answers(tmp_path / "answers", "me")
    store.close()

    store.put("/x", ANSWER)

    assert store.get("/x") is None
