"""The words of alerts: ours, the operator's, and what happens when those are broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from codeql_fixer.adapters.channels.words import Words
from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.errors import UserError
from tests.unit.adapters.channels.deliveries import DELIVERY, HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = ("slack", "github", "summary")


def _said(words: Words, channel: str = "slack", *, most: int = 9999) -> str:
    return words.of(channel, DELIVERY, most=most)


def _own(folder: Path, **templates: str) -> tuple[Words, list[str]]:
    """Words with templates of the operator's, and what they warn of."""
    for name, text in templates.items():
        (folder / f"{name.replace('__', '.')}.j2").write_text(text)
    warnings: list[str] = []
    return Words(directory=folder, warn=warnings.append), warnings


def test_of__slack_in_our_words() -> None:
    said = _said(Words(directory=None, warn=pytest.fail))

    assert said.splitlines() == [
        "*py/xss in acme/shop missed its deadline*",
        "It is of tier high.",
        "- one",
        "- two",
        "https://github.com/acme/shop/pull/7",
        "_sla_breach in acme/shop, sla_breach-00000000000000000001_",
    ]


@pytest.mark.parametrize("channel", CHANNELS)
def test_of__says_all_of_it_with_our_words(channel: str) -> None:
    words = Words(directory=None, warn=pytest.fail)
    bare = replace(DELIVERY, news=replace(DELIVERY.news, text="", repository="", fields={}))

    said = _said(words, channel)

    assert "https://github.com/acme/shop/pull/7" in said
    assert said.count("breach") >= 1
    assert words.of(channel, bare, most=9999)


@pytest.mark.parametrize("channel", ["github", "summary"])
def test_of__reads_well_where_it_is_shown(channel: str) -> None:
    shown = MarkdownIt("commonmark").enable("table").render(_said(Words(directory=None, warn=pytest.fail), channel))

    text = re.sub(r"<[^>]+>", "", shown)
    assert "It is of tier high." in text
    assert "sla_breach in acme/shop" in text
    assert "&" not in text
    assert ("<td>tier</td>\n<td>high</td>" in shown) == (channel == "github")


@pytest.mark.parametrize("event", AlertEvent)
@pytest.mark.parametrize("channel", CHANNELS)
def test_of__no_text_of_strangers_becomes_markup(channel: str, event: AlertEvent) -> None:
    news = replace(
        DELIVERY.news,
        event=event,
        title=HOSTILE,
        text=HOSTILE,
        repository=HOSTILE,
        fields={"place": HOSTILE, "url": HOSTILE},
    )

    said = Words(directory=None, warn=pytest.fail).of(channel, replace(DELIVERY, news=news), most=99_999)

    assert not any(bad in said for bad in ("<!", "<script", "@everyone", "**x**", "](", "://evil", "\n# h", "#1"))


def test_of__the_operators_words_come_first_and_those_for_the_event_before_them(tmp_path: Path) -> None:
    words, warnings = _own(
        tmp_path, slack="{{ title|upper }}", slack__sla_breach="{{ fields.tier }}: {{ title|safe }}{{ '<b>'|safe }}"
    )

    assert (_said(words), warnings) == ("high: py/xss in acme/shop missed its deadline&lt;b&gt;", [])
    other = replace(DELIVERY, news=replace(DELIVERY.news, event=AlertEvent.PR_OPENED))
    assert words.of("slack", other, most=99) == "PY/XSS IN ACME/SHOP MISSED ITS DEADLINE"


@pytest.mark.parametrize(
    ("template", "line", "problem"),
    [
        ("a\n{{ title", 2, "unexpected end of template"),
        ("a\n\n{{ nothing }}", 3, "'nothing' is undefined"),
        ("{{ fields.nothing }}", 1, "'dict object' has no attribute 'nothing'"),
        ("a\n{{ title.__class__.__mro__ }}", 2, "access to attribute '__class__'"),
        ("{% include '/etc/passwd' %}", 1, "/etc/passwd"),
        ("\n{{ 1 / 0 }}", 2, "ZeroDivisionError"),
        ("{{ title + 1 }}", 1, "TypeError"),
        ("{{ range(999999999)|length }}", 1, "OverflowError"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", 1, "RecursionError"),
        ("x" * 100_001, 1, "is larger than 100000 bytes"),
    ],
)
def test_of__a_broken_template_is_told_with_file_and_line_and_loses_nothing(
    tmp_path: Path, template: str, *, line: int, problem: str
) -> None:
    words, warnings = _own(tmp_path, slack=template)

    first, second = _said(words), _said(words)

    assert first == second == _said(Words(directory=None, warn=pytest.fail))
    [warning] = warnings
    assert warning.startswith(f"warning: {tmp_path}/slack.j2: line {line}: ")
    assert problem in warning


def test_of__a_template_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "slack.j2").write_bytes(b"\xff\xfe")
    warnings: list[str] = []

    assert _said(Words(directory=tmp_path, warn=warnings.append)).startswith("*py/xss")
    assert "UnicodeDecodeError" in warnings[0]


def test_of__warns_on_one_line_whatever_was_to_be_shown(tmp_path: Path) -> None:
    words, warnings = _own(tmp_path, slack="{{ fields[title] }}")
    news = replace(DELIVERY.news, title="x\n::set-output name=a::b\x1b[31m")

    words.of("slack", replace(DELIVERY, news=news), most=99)

    assert ("::set" in warnings[0], "\n" in warnings[0], "\x1b" in warnings[0]) == (True, False, False)


def test_of__is_cut_to_what_the_channel_takes() -> None:
    assert len(_said(Words(directory=None, warn=pytest.fail), most=20)) <= 20


def test_words__a_directory_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ALERT_TEMPLATES: .*/none is no directory"):
        Words(directory=tmp_path / "none", warn=pytest.fail)
