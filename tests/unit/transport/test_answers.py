"""What is read out of refusals: their words in every known form, and when to come back."""

from __future__ import annotations

import pytest

from codeql_fixer.transport.errors import detail_of, places_of
from codeql_fixer.transport.retry import retry_after_seconds


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"detail":"Session not found"}', "Session not found"),
        (b'{"title":"Conflict","status":409,"detail":"already exited"}', "already exited"),
        (b'{"title":"Conflict","status":409,"detail":null}', "Conflict"),
        (b'{"detail":null}', ""),
        # FastAPI's list; the refused value beside place and message may be a secret
        (
            b'{"detail":[{"loc":["body","session_secrets",0,"key"],"msg":"too short","type":"x","input":"SECRET"}]}',
            "body.session_secrets.0.key: too short",
        ),
        (b'{"title":"Invalid","errors":[{"loc":["query","first"],"msg":"too large"},{"msg":"b"},"c",7]}',
         "Invalid; query.first: too large; b; c"),
        (b'{"detail":["a","b"]}', "a; b"),
        (b'{"message":"Bad credentials"}', "Bad credentials"),
        (b'{"error":{"code":7}}', ""),
        (b'"just text"', "just text"),
        (b"[1]", ""),
        (b"<html>\n<h1>502 Bad\tGateway</h1>", "<html> <h1>502 Bad Gateway</h1>"),
        (b"\x1b[31mred\xff", "[31mred\ufffd"),
        (b"", ""),
    ],
)  # fmt: skip
def test_detail__is_read_in_every_form(body: bytes, detail: str) -> None:
    assert detail_of(body) == detail


def test_detail__is_short() -> None:
    assert len(detail_of(b'{"detail":"' + b"x" * 100_000 + b'"}')) < 700


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (b'{"detail":[{"loc":["body","prompt"],"msg":"a"},{"msg":"b"},"c"]}', ("body.prompt",)),
        (b'{"errors":[{"pointer":"/tags/0","detail":"a"},{"field":"title"}]}', ("/tags/0", "title")),
        (b'{"detail":"prompt: too long"}', ()),
        (b'["prompt"]', ()),
        (b"prompt", ()),
    ],
)
def test_places__are_what_a_refusal_names_as_such(body: bytes, places: tuple[str, ...]) -> None:
    assert places_of(body) == places


DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": " 12 "}, 12.0),
        ({"Retry-After": "99999999999999999999"}, 3600.0),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "soon", "Date": DATE}, None),
        ({"Retry-After": "Sat, 21 Nov 2026 10:00:30 GMT", "Date": DATE}, 30.0),
        ({"Retry-After": "Sat, 21 Nov 2026 09:00:00 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "Sat, 21 Nov 2099 10:00:00 GMT", "Date": DATE}, 3600.0),
        ({"Retry-After": "Sat, 21 Nov 2026 10:00:30 GMT"}, None),  # from when on, nobody knows
        ({"Retry-After": "Sat, 21 Nov 2026 10:00:30 -0000", "Date": DATE}, None),
    ],
)
def test_retry_after__counts_from_the_answers_own_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds
