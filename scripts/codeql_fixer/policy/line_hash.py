"""`primaryLocationLineHash` computed from source text, as GitHub's upload action and the CodeQL CLI do it.

A rolling polynomial hash over the 100 non-blank UTF-16 units from the start of a line, so that re-indenting
and edits elsewhere leave it alone. Checked against every published vector (tests/unit/policy/test_line_hash.py).
"""

from __future__ import annotations

import array
import re
import sys

_WINDOW = 100
_BASE = 37
_MASK = (1 << 64) - 1
_OLDEST = pow(_BASE, _WINDOW, 1 << 64)
_LF, _CR, _SPACE, _TAB = 10, 13, 32, 9
_END_OF_FILE = 65535
_LINE_END = re.compile(r"\r\n|\n|\r")


def split_lines(text: str) -> list[str]:
    """The lines as scanners count them: only LF, CR LF and CR end a line, form feeds and the like do not."""
    return _LINE_END.split(text)


def line_hashes(text: str) -> list[str]:
    """The hash of every line, first line first, each as `<hex>:<n>`.

    `n` counts the lines so far that have the same hash. A text that ends in a line end has one more line.
    """
    units, starts = _kept_units(text)
    hashes: list[str] = []
    seen: dict[int, int] = {}
    window = 0
    padded = [*units, *([0] * _WINDOW)]
    wanted = iter(starts)
    start = next(wanted, None)
    # window(i) is the hash of units i..i+99; moving on drops the oldest unit and takes a new one.
    for unit in padded[:_WINDOW]:
        window = (window * _BASE + unit) & _MASK
    for position in range(len(units)):
        if position == start:
            count = seen[window] = seen.get(window, 0) + 1
            hashes.append(f"{window:x}:{count}")
            start = next(wanted, None)
        window = (window * _BASE + padded[position + _WINDOW] - padded[position] * _OLDEST) & _MASK
    return hashes


def _kept_units(text: str) -> tuple[list[int], list[int]]:
    """UTF-16 units without blanks, line ends as LF, closed by the end mark; and where each line starts."""
    units: list[int] = []
    starts = [0]
    previous_was_cr = False
    for unit in _utf16_units(text):
        if unit in {_SPACE, _TAB}:
            previous_was_cr = False  # as published: a blank between CR and LF makes two line ends
            continue
        if unit == _LF and previous_was_cr:
            previous_was_cr = False
            continue
        previous_was_cr = unit == _CR
        if unit in {_CR, _LF}:
            units.append(_LF)
            starts.append(len(units))
        else:
            units.append(unit)
    units.append(_END_OF_FILE)
    return units, starts


def _utf16_units(text: str) -> array.array[int]:
    native = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"
    return array.array("H", text.encode(native, errors="surrogatepass"))
