"""What strangers write stays text, wherever it is shown."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from codeql_fixer.adapters.channels.escaping import Link, link_of, markdown, mrkdwn
from tests.security.injections import ATTEMPTS

_TEXT_ONLY = {"paragraph_open", "paragraph_close", "inline"}
_INLINE_ONLY = {"text", "text_special", "softbreak", "hardbreak"}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_markdown__is_text_and_nothing_else(attempt: str) -> None:
    escaped = markdown(attempt[:3000])

    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(escaped)

    assert {token.type for token in tokens} <= _TEXT_ONLY
    assert {child.type for token in tokens for child in token.children or []} <= _INLINE_ONLY
    assert not re.search(r"[@#](?!\u200b)|(?i:gh)-[0-9]|https?:", _shown(escaped))


def _shown(escaped: str) -> str:
    tokens = MarkdownIt("commonmark").parse(escaped)
    text = "".join(child.content for token in tokens for child in token.children or [])
    return text.replace("https:\u200b", "")


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_mrkdwn__has_no_command_mention_link_or_emphasis(attempt: str) -> None:
    escaped = mrkdwn(attempt[:3000])

    assert not re.search(r"[<>`]|@(?!\u200b)|://|&(?!amp;|lt;|gt;)", escaped)
    assert not re.search(r"(?<![^\W_])[*_~](?!\u200b)", escaped)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> now", "&lt;!channel&gt; now"),
        (
            "<@U123> & <https://evil.example|click>",
            "&lt;@\u200bU123&gt; &amp; &lt;https:\u200b//evil.example|click&gt;",
        ),
        ("@channel", "@\u200bchannel"),
        ("my_file_name.py", "my_file_name.py"),
        ("*bold* and `code`", "\u200b*\u200bbold\u200b*\u200b and \u200b'\u200bcode\u200b'\u200b"),
    ],
)
def test_mrkdwn__shows(text: str, shown: str) -> None:
    assert mrkdwn(text) == shown


def test_escaping__keeps_what_people_read() -> None:
    tokens = MarkdownIt("commonmark").parse(markdown("py/xss in a_b.py: 1. `x` & <b>"))

    assert "".join(child.content for child in tokens[1].children or []) == "py/xss in a_b.py: 1. `x` & <b>"


@pytest.mark.parametrize("url", ["https://github.com/acme/shop/pull/7", "http://127.0.0.1:80/a?b=c&d#e"])
def test_link_of__a_plain_address_is_a_link(url: str) -> None:
    assert isinstance(link_of(url), Link)


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "https://a.example/x>y", "https://a.example/x y", "https://a.example/[x](y)", ""]
)
def test_link_of__anything_else_is_text(text: str) -> None:
    assert not isinstance(link_of(text), Link)
