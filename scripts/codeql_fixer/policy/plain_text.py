"""Strangers' text made harmless to read: what you see is all there is."""

from __future__ import annotations

import re
import unicodedata

_COMMENT = re.compile(r"<!--.*?(?:--!?>|\Z)", re.DOTALL)
# Everything a reader's eye does not see: controls, formats (bidirectional, zero-width, tags), surrogates, private
# use, unassigned. The line breaks of Unicode are rewritten before; tab and line feed stay.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_ASCII_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # nearly all text is ASCII: no letter by letter for that
_LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Shown as nothing, though Unicode counts them as letters or marks: fillers, variation selectors, joiners.
_BLANK_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean(text: str, limit: int) -> str:
    """Drop what is invisible and HTML comments, unify line ends, cap the length (in characters)."""
    was_cut = len(text) > limit
    rest = len(text) - limit
    text = _LINE_BREAKS.sub("\n", text[:limit])
    if text.isascii():
        text = _ASCII_CONTROLS.sub("", text)
    else:
        text = "".join(letter for letter in text if letter in "\t\n" or unicodedata.category(letter) not in _INVISIBLE)
        text = _BLANK_LETTERS.sub("", text)
    while "<!--" in text:  # taking one out may join two halves of another
        text = _COMMENT.sub("", text)
    return f"{text} [{rest} more characters cut]" if was_cut else text


def one_line(text: str, limit: int) -> str:
    """The cleaned text on one line, every run of blanks one space."""
    return " ".join(clean(text, limit).split())


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 batch`, `2 batches`: the plural adds an s unless it is given."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
