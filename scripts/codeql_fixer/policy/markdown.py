"""Markdown in which strangers' text is text and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codeql_fixer.policy.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

# Everything that could start markup, a mention, a reference to an issue, or a cell.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#|!~@&])")


def plain(text: str, limit: int) -> str:
    """A stranger's text as plain words: no markup, no mention, no line break."""
    return _MARKUP.sub(r"\\\1", one_line(text, limit)).replace("://", ":\\//")


def table(heads: Iterable[object], rows: Iterable[Iterable[object]]) -> list[str]:
    """The lines of a table; its cells are Markdown already."""
    head = [f"{cell}" for cell in heads]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(f"{cell}" for cell in row) + " |" for row in rows)]
