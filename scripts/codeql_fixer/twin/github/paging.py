"""Pages of lists and the links between them (RFC 8288), as GitHub counts them."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from codeql_fixer.twin.github.routing import natural
from codeql_fixer.twin.wire import Response, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codeql_fixer.twin.github.routing import Call

T = TypeVar("T")
_DEFAULT, _MOST = 30, 100


def paged(call: Call, entries: Sequence[T], shown: Callable[[T], object], *, url: str, member: str = "") -> Response:
    """One page of a list.

    Args:
        call: with `page` and `per_page`.
        entries: all of them, in order.
        shown: how one is described.
        url: of the twin.
        member: where the list stands in the answer, beside `total_count`; "" for a bare list.
    """
    size = min(_natural(call.text("per_page"), _DEFAULT), _MOST)
    page, last = _natural(call.text("page"), 1), max(ceil(len(entries) / size), 1)
    body = [shown(entry) for entry in entries[(page - 1) * size : page * size]]
    near = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    has = {"prev": page > 1, "next": page < last, "last": page < last, "first": page > 1}
    links = [f'<{_address(call, url, near[name])}>; rel="{name}"' for name in near if has[name]]
    response = answer({"total_count": len(entries), member: body} if member else body)
    headers = (("Link", ", ".join(links)),) if links else ()
    return Response(content=response.content, headers=headers)


def _natural(text: str, default: int) -> int:
    number = natural(text)
    return default if number is None else max(number, 1)


def _address(call: Call, url: str, page: int) -> str:
    query = {**call.request.query, "page": [str(page)]}
    return f"{url}{call.request.path}?{urlencode(query, doseq=True)}"
