"""Takes out of strangers' text what could be a secret, by its shape or because it looks like chance.

It errs on the side of taking out too much: what is left is shown to agents, and a hash that is missing harms nobody.
What looks like a word (a password of the dictionary in the middle of a sentence) cannot be told from one.
"""

from __future__ import annotations

import math
import re
from collections import Counter

REMOVED = "[secret removed]"
_LONGEST_LINE = 500  # of code that people write; longer ones are data, and slow to look through
_LONG = "[long line removed]"

# What services print in front of their keys, so that they can be found.
_SHAPES = (
    r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{12,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{16,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{8,}|(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{8,}|sk-[A-Za-z0-9_-]{16,}"
    r"|npm_[A-Za-z0-9]{16,}|pypi-[A-Za-z0-9_-]{16,}|SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|(?:cog|apk|apk_user)_[A-Za-z0-9_-]{16,}|hvs\.[A-Za-z0-9_-]{16,}|dop_v1_[a-f0-9]{16,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"
)
_KNOWN = re.compile(rf"(?<![A-Za-z0-9])(?:{_SHAPES})")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)", re.DOTALL
)
_IN_ADDRESS = re.compile(r"(://[^\s/:@\"']*:)[^\s/@\"']+(?=@)")
_HEADER = re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}")
_NAMES = (
    "passw|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|credential|connection[_-]?string"
)
_ASSIGNED = re.compile(
    rf"(?i)((?:{_NAMES})[\w.-]{{0,40}}[\"'\]]{{0,2}}\s{{0,8}}(?::=|=>|==?|:)\s{{0,8}}[a-z]?)([\"'`])[^\"'`]+\2"
)
_IN_SETTINGS = re.compile(rf"(?i)((?:{_NAMES})[\w.-]{{0,40}}=)[^\s\"'`()\[\]{{}}$<>]++(?![\"'`(\[])")
_QUOTED = re.compile(r"([\"'`])[^\"'`]+\1")
_WORD = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?=[0-9a-fA-F]*[0-9])(?=[0-9]*[a-fA-F])[0-9a-fA-F]{32,}(?![0-9A-Za-z])")
_MOST_BITS, _SHARE = 4.2, 0.88  # of the bits per letter that so many letters can have at most


def redacted(text: str, *, hides_literals: bool = False) -> str:
    """The text without what could be a secret.

    Args:
        text: of any kind.
        hides_literals: whatever stands in quotes goes, too.
    """
    text = _PRIVATE_KEY.sub(REMOVED, text)
    return "\n".join(_line(line, hides_literals=hides_literals) for line in text.split("\n"))


def _line(line: str, *, hides_literals: bool) -> str:
    if len(line) > _LONGEST_LINE:
        return line[:1] + _LONG
    line = _KNOWN.sub(REMOVED, line)
    line = _IN_ADDRESS.sub(rf"\1{REMOVED}", line)
    line = _HEADER.sub(rf"\1\2{REMOVED}", line)
    line = (_QUOTED if hides_literals else _ASSIGNED).sub(_emptied, line)
    line = _IN_SETTINGS.sub(rf"\1{REMOVED}", line)
    line = _HEX.sub(REMOVED, line)
    return _WORD.sub(lambda found: REMOVED if _is_chance(found[0]) else found[0], line)


def _emptied(found: re.Match[str]) -> str:
    *front, quote = found.groups()
    return f"{''.join(front)}{quote}{REMOVED}{quote}"


def _is_chance(word: str) -> bool:
    """True for what nobody thought up: digits, small and large letters that hardly repeat."""
    sorts = (str.isdigit, str.isupper, str.islower)
    if not all(any(map(is_one, word)) for is_one in sorts):
        return False
    return _bits(word) >= min(_MOST_BITS, _SHARE * math.log2(len(word)))


def _bits(word: str) -> float:
    """Shannon's entropy of its letters, in bits per letter."""
    return -sum(count / len(word) * math.log2(count / len(word)) for count in Counter(word).values())
