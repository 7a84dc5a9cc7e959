"""Messages: strings, arguments, links."""

from __future__ import annotations

import pytest

from codeql_fixer.adapters.sarif import wire
from codeql_fixer.adapters.sarif.messages import plain_text

STRINGS = {"default": wire.MultiformatMessage("Use of {0} in {1}."), "empty": wire.MultiformatMessage()}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (wire.Message("plain"), "plain"),
        (wire.Message("depends on a [user-provided value](1)."), "depends on a user-provided value."),
        (wire.Message("[a](1), [b](https://example.org/x?y=1) and [c](relative)"), "a, b and c"),
        (wire.Message(r"an \[escaped\](1) link"), "an [escaped](1) link"),
        (wire.Message(r"[a \] b](1)"), "a ] b"),
        (wire.Message("array[0] (not a link)"), "array[0] (not a link)"),
        (wire.Message("{0} and {{0}}", arguments=["x"]), "x and {0}"),
        (wire.Message("{1}", arguments=["x"]), "{1}"),  # no such argument: left for people to see
        (wire.Message("{0}"), "{0}"),  # no arguments at all: not a placeholder
        (wire.Message(id="default", arguments=["md5", "login"]), "Use of md5 in login."),
        (wire.Message(id="empty"), ""),
        (wire.Message(id="gone"), ""),
        (wire.Message(), ""),
        (None, ""),
    ],
)
def test_plain_text__reads_like_prose(message: wire.Message | None, text: str) -> None:
    assert plain_text(message, STRINGS) == text


def test_plain_text__without_message_strings() -> None:
    assert plain_text(wire.Message(id="default"), None) == ""
