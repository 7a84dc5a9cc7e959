"""Suppressions that a change adds, in comments and annotations of source code.

A directive that was moved, re-indented or narrowed is none: the file had as much of it before. Strings and
documents are not read, and a sentence about a directive is not one.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.domain.hiding import HidingKind
from codeql_fixer.policy.hiding.changed_text import squashed
from codeql_fixer.policy.hiding.code_places import is_test
from codeql_fixer.policy.hiding.lexing import lex
from codeql_fixer.policy.hiding.suppression_table import ANNOTATIONS, ANYWHERE, AT_START

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from codeql_fixer.policy.hiding.changed_text import ChangedFile, Line
    from codeql_fixer.policy.hiding.lexing import Lexed
    from codeql_fixer.policy.hiding.suppression_table import Directive

_MAX_COMMENT = 1_000  # directives are short
_MAX_PARTS = 6  # comments within a comment
_LEAD = re.compile(r"[\s*/!#;<>{(-]*+")
_NEXT = re.compile(r"\s#+\s?|\s?//+\s?|\s?/\*+\s?|;\s")
_PROSE = re.compile(
    r"\b(?:remov\w*|without|no longer|instead|not|never|no|avoid\w*|need\w*|used to|previous\w*"
    r"|drop\w*|replac\w*|like|such as"
    r"|about|had|was|were|formerly|old|obsolete|strip\w*|honou?rs?|support\w*|handle\w*|parse\w*"
    r"|detect\w*|check\w*|the|a|an|any)\b"
    r"(?:\s+\S+){0,4}\s*[\"'`(]?$",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"[\s,;|{}=]+")
_LINE_WORDS = 10  # letters of code that make a line recognisable


class Suppression(NamedTuple):
    """A directive where it stands."""

    kind: HidingKind
    line: int
    text: str
    is_local: bool
    key: tuple[str, str]  # tool, and what is suppressed


def added_suppressions(file: ChangedFile, moved: frozenset[str]) -> Iterator[Suppression]:
    """The suppressions that a file has more of than before.

    Args:
        file: a changed file.
        moved: what `line_keys` gives for the removed lines of all files.
    """
    if not file.added or (not file.file.old_path and is_test(file.path)):
        return  # a test that is new hides nothing that was found
    before = Counter(found.key for found in _within(file.file.old_path or file.path, file.old, file.removed))
    keys = dict(zip((line.number for line in file.added), line_keys(file.added), strict=True))
    for found in _within(file.path, file.new, file.added):
        tool = found.key[0]
        for key in (found.key, (tool, "")):  # the same, or what was broader
            if before[key]:
                before[key] -= 1
                break
        else:
            if keys[found.line] not in moved:
                yield found


def line_keys(lines: Sequence[Line]) -> list[str]:
    """What a line is recognised by in another file: itself, and the next line where it says little."""
    keys = []
    for at, line in enumerate(lines):
        key = squashed(line.text)
        code = re.split(r"#|//|/\*", key, maxsplit=1)[0]
        if len(code) < _LINE_WORDS:
            key += "\n" + (squashed(lines[at + 1].text) if at + 1 < len(lines) else "")
        keys.append(key)
    return keys


def _within(path: str, text: Sequence[Line], lines: Sequence[Line]) -> Iterator[Suppression]:
    numbers = {line.number for line in lines}
    if not numbers:
        return
    for line in lex(path, text):
        if line.number in numbers:
            yield from _of_line(line)


def _of_line(line: Lexed) -> Iterator[Suppression]:
    found: dict[str, Suppression] = {}
    is_behind = bool(line.code.strip())
    for directive, match in (*_in_comments(line.comments), *_in_code(line)):
        if directive.is_behind_code and not is_behind:
            continue
        names = _names(match)
        if directive.harmless and names and all(directive.harmless.fullmatch(name) for name in names):
            continue
        key = (directive.tool, " ".join(sorted(names)).lower())
        text = line.raw.strip()
        is_local = directive.is_local or (directive.tool == "pylint" and is_behind)
        found.setdefault(directive.tool, Suppression(HidingKind.SUPPRESSION, line.number, text, is_local, key))
    yield from found.values()


def _in_comments(comments: Iterable[str]) -> Iterator[tuple[Directive, re.Match[str]]]:
    for comment in comments:
        text = comment[:_MAX_COMMENT]
        starts = [0, *(match.end() for match in islice(_NEXT.finditer(text), _MAX_PARTS))]
        for start in starts:
            lead = _LEAD.match(text, start)
            places = {start, lead.end() if lead else start}
            for directive in AT_START:
                match = next((match for place in places if (match := directive.pattern.match(text, place))), None)
                if match and not _goes_on(text, match):
                    yield directive, match
        for directive in ANYWHERE:
            match = directive.pattern.search(text)
            if match and not _PROSE.search(text[max(0, match.start() - 80) : match.start()]):
                yield directive, match


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """True for a sentence whose first word is the directive: `nosec comments are gone now`."""
    rest = text[match.end() : match.end() + 40].lower()
    return (
        re.match(
            r"\s*(?:comments?|markers?|directives?|annotations?|is|are|was|were|has|no longer|suppressions?)\b", rest
        )
        is not None
    )


def _in_code(line: Lexed) -> Iterator[tuple[Directive, re.Match[str]]]:
    for directive in ANNOTATIONS:
        if (match := directive.pattern.search(line.raw)) and directive.pattern.search(line.code):
            yield directive, match


def _names(match: re.Match[str]) -> list[str]:
    text = (match.groupdict().get("args") or "").strip()
    words = (word.strip("\"'()[].:*/-`") for word in _SPLIT.split(text.partition(" -- ")[0]))
    return [word for word in words if word and word not in {"value", "all", "reason"}]
