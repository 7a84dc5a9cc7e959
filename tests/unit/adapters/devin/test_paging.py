"""Lists that end, lists that do not, and lists that move while they are read."""

from __future__ import annotations

import pytest

from codeql_fixer.adapters.devin.paging import by_cursor, by_offset
from codeql_fixer.adapters.devin.wire import Page
from codeql_fixer.domain.session import Session, SessionState
from codeql_fixer.transport.errors import DamagedAnswerError


def test_by_cursor__follows_to_the_end() -> None:
    pages = {"": Page((1,), "a", has_next=True), "a": Page((2,), "b", has_next=True), "b": Page((3,))}

    assert [page.items for page in by_cursor(pages.__getitem__)] == [(1,), (2,), (3,)]


def test_by_cursor__that_goes_round_is_no_list() -> None:
    with pytest.raises(DamagedAnswerError, match="round in circles"):
        list(by_cursor(lambda _: Page((1,), "a", has_next=True)))


def _sessions(count: int) -> list[Session]:
    return [Session(id=str(number), agent="devin", state=SessionState.WORKING, raw_state="") for number in range(count)]


@pytest.mark.parametrize("total", [0, 1, 99, 100, 101, 200, 250])
def test_by_offset__finds_all(total: int) -> None:
    every = _sessions(total)

    pages = by_offset(lambda offset: every[offset : offset + 100])

    assert [session for page in pages for session in page] == every


def test_by_offset__loses_none_when_one_comes_twice() -> None:
    every = _sessions(250)

    pages = by_offset(lambda offset: [*every[offset : offset + 99], *every[offset : offset + 1]])

    assert {session.id for page in pages for session in page} == {session.id for session in every}


def test_by_offset__stops_when_it_is_enough() -> None:
    asked: list[int] = []

    def read(offset: int) -> list[Session]:
        asked.append(offset)
        return _sessions(100)

    list(by_offset(read, most=2))

    assert asked == [0, 100]


def test_by_offset__that_never_ends_is_no_list() -> None:
    with pytest.raises(DamagedAnswerError, match="round in circles"):
        list(by_offset(lambda _: _sessions(100)))
