"""Lists of any length: page after page, and an end to those that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.transport.errors import DamagedAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from codeql_fixer.adapters.devin.wire import Page
    from codeql_fixer.domain.session import Session

PAGE = 200  # documented limit of v3
PAGE_V1 = 100  # its default; newer documents name no limit, older ones 1,000
_MAX_PAGES = 1000


def by_cursor(read: Callable[[str], Page]) -> Iterator[Page]:
    """The pages of a list of v3.

    Args:
        read: the page at a cursor, "" for the first one.

    Raises:
        DamagedAnswerError: it does not end. What was read is not all there is, so nobody may take it for that.
    """
    cursor = ""
    for _ in range(_MAX_PAGES):
        page = read(cursor)
        yield page
        cursor = page.next_cursor
        if not cursor:
            return
    raise _endless()


def by_offset(read: Callable[[int], Sequence[Session]], *, most: int = _MAX_PAGES) -> Iterator[Sequence[Session]]:
    """The pages of a list of v1. What is added meanwhile makes others come twice.

    Args:
        read: the page of PAGE_V1 at an offset.
        most: how many pages are enough.

    Raises:
        DamagedAnswerError: the list does not end.
    """
    offset = 0
    for _ in range(most):
        page = read(offset)
        yield page
        offset += len({session.id for session in page})  # one that comes twice must not push another one out
        if len(page) < PAGE_V1:
            return
    if most == _MAX_PAGES:
        raise _endless()


def _endless() -> DamagedAnswerError:
    return DamagedAnswerError(f"a list of Devin has more than {_MAX_PAGES} pages, or goes round in circles")
