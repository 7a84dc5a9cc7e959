"""Lists that end, lists that do not, and lists that move while they are read."""

from __future__ import annotations

import pytest

from codeql_fixer.adapters.devin.paging import by_cursor, by_offset
from codeql_fixer.adapters.devin.wire import Page
from codeql_fixer.transport.errors import DamagedAnswerError


def test_by_cursor__follows_to_the_end() -> None:
    pages = {"": Page((1,), "a", has_next=True), "a": Page((2,), "b", has_next=True), "b": Page((3,))}

    assert [page.items for page in by_cursor(pages.__getitem__)] == [(1,), (2,), (3,)]


def test_by_cursor__that_goes_round_is_no_list() -> None:
    with pytest.raises(DamagedAnswerError, match="round in circles"):
        list(by_cursor(lambda _: Page((1,), "a", has_next=True)))


@pytest.mark.parametrize("size", [200, 100])  # 100: the server gives less than it was asked for
@pytest.mark.parametrize("total", [0, 1, 99, 100, 200, 201, 450])
def test_by_offset__finds_all_whatever_a_page_holds(size: int, total: int) -> None:
    every = list(range(total))

    pages = by_offset(lambda offset: every[offset : offset + size])

    assert [item for page in pages for item in page] == every


def test_by_offset__stops_when_it_is_enough() -> None:
    asked: list[int] = []

    def read(offset: int) -> list[int]:
        asked.append(offset)
        return [0] * 200

    list(by_offset(read, most=2))

    assert asked == [0, 200]


def test_by_offset__that_never_ends_is_no_list() -> None:
    with pytest.raises(DamagedAnswerError, match="round in circles"):
        list(by_offset(lambda _: [0] * 200))
