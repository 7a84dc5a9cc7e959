"""Data: text that strangers wrote. However a template prints it, it comes out cleaned and fenced."""

from __future__ import annotations

import re

from codeql_fixer.policy.plain_text import clean, one_line

MAX_BLOCK = 4000
MAX_INLINE = 300
_MIN_FENCE = 3
_BACKTICKS = re.compile(r"`+")
_LANGUAGE = re.compile(r"[a-z+#-]{0,20}")


class Data:
    """A stranger's text. `{{ data }}` prints an inline code span, `{{ data.block }}` a fenced block.

    The text itself cannot be reached from a template, so a user's own template is as safe as ours.
    """

    __slots__ = ("_language", "_text")

    def __init__(self, text: str, language: str = "") -> None:
        self._text = text
        self._language = language if _LANGUAGE.fullmatch(language) else ""

    def __str__(self) -> str:
        text = one_line(self._text, MAX_INLINE) or " "
        fence = "`" * (_longest_run(text) + 1)
        return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"

    def __bool__(self) -> bool:
        return bool(self._text.strip())

    def __html__(self) -> str:
        """The same for filters that ask for markup."""
        return str(self)

    @property
    def block(self) -> str:
        """A fenced block whose fence is longer than any run of backticks or tildes inside."""
        text = clean(self._text, MAX_BLOCK).strip("\n")
        fence = "`" * max(_MIN_FENCE, _longest_run(text) + 1)
        return f"{fence}{self._language or 'text'}\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)
