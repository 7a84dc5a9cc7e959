"""Source code line by line: what is code, what is a comment, and what stands in strings.

Not a parser: heredocs, strings over several lines other than those with marks of their own, and regular expressions
are taken for code. Every line is gone through once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.policy.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from codeql_fixer.policy.hiding.changed_text import Line


class Lexed(NamedTuple):
    """A line: `code` has nothing in its strings, `comments` are without their marks."""

    number: int
    raw: str
    code: str
    comments: tuple[str, ...]


class _Syntax(NamedTuple):
    token: re.Pattern[str]
    blocks: Mapping[str, str]  # what opens a block comment to what closes it
    long_strings: frozenset[str]


class _Within(NamedTuple):
    close: str
    is_comment: bool


_STRINGS = {quote: re.compile(rf"{quote}(?:[^{quote}\\]|\\.)*+{quote}") for quote in "\"'"}
_HASH = r"(?<![^\s;(\[{,])#(?![{\[])"  # not in `a#b`, an interpolation or an attribute
_ANY_HASH = r"#"
_BLOCKS = {"/*": "*/", "<!--": "-->", "<%--": "--%>", "{-": "-}", "@*": "*@"}


def _syntax(line_marks: str, opens: tuple[str, ...] = (), long_strings: tuple[str, ...] = ()) -> _Syntax:
    marks = [*map(re.escape, long_strings), *map(re.escape, opens)]
    token = re.compile("|".join([*marks, f"(?P<line>{line_marks})", "[\"']"]) if line_marks else "|".join(marks))
    return _Syntax(token, {mark: _BLOCKS[mark] for mark in opens}, frozenset(long_strings))


_TRIPLE = ('"""', "'''")
_PYTHON = _syntax(_ANY_HASH, (), _TRIPLE)
_HASHED = _syntax(_HASH, (), ())
_TERRAFORM = _syntax(rf"{_HASH}|//", ("/*",), ())
_SLASHED = _syntax("//", ("/*",), ('"""',))
_BACKTICKED = _syntax("//", ("/*",), ("`",))
_MARKUP = _syntax("(?<!:)//", ("<!--", "<%--", "@*", "/*"), ())
_DASHED = _syntax("--", ("/*", "{-"), ())
_LANGUAGES: Mapping[str, _Syntax] = {
    **dict.fromkeys(("javascript", "typescript", "go"), _BACKTICKED),
    **dict.fromkeys(("java", "kotlin", "csharp", "cpp", "swift", "rust", "scala"), _SLASHED),
    **dict.fromkeys(("php", "terraform"), _TERRAFORM),
    **dict.fromkeys(("ruby", "shell", "actions"), _HASHED),
    "python": _PYTHON,
    "html": _MARKUP,
}
_SUFFIXES: Mapping[str, _Syntax] = {
    **dict.fromkeys(["vue", "svelte", "cshtml", "razor", "jsp", "erb", "xml", "xhtml", "ejs", "hbs", "twig"], _MARKUP),
    **dict.fromkeys(
        ["groovy", "gradle", "dart", "proto", "sol", "css", "scss", "less", "jsonc", "json5", "cu", "zig"], _SLASHED
    ),
    **dict.fromkeys(
        [
            "yml",
            "yaml",
            "toml",
            "cfg",
            "ini",
            "conf",
            "properties",
            "env",
            "r",
            "pl",
            "pm",
            "ex",
            "exs",
            "ps1",
            "nix",
            "jl",
            "zsh",
            "ksh",
            "fish",
            "mk",
            "cmake",
            "rake",
        ],
        _HASHED,
    ),
    **dict.fromkeys(["sql", "lua", "hs", "elm", "adb", "ads"], _DASHED),
}
_NAMES = re.compile(r"(?:dockerfile|containerfile|makefile|gemfile|rakefile|vagrantfile)(?:\..*)?", re.IGNORECASE)


def syntax_of(path: str) -> _Syntax | None:
    """How comments and strings look in a file, None when it holds no code that is known."""
    name = path.rpartition("/")[2]
    suffix = name.rpartition(".")[2].lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if language := language_of(path):
        return _LANGUAGES[language]
    return _HASHED if _NAMES.fullmatch(name) else None


def lex(path: str, lines: Iterable[Line]) -> tuple[Lexed, ...]:
    """Take lines of a file apart; where some are missing in between, what follows is taken for code again."""
    syntax = syntax_of(path)
    if syntax is None:
        return ()
    lexed: list[Lexed] = []
    within: _Within | None = None
    last = 0
    for number, text in lines:
        within = within if number == last + 1 else None
        last = number
        code, comments, within = _lex_line(text, syntax, within)
        lexed.append(Lexed(number, text, code, comments))
    return tuple(lexed)


def _lex_line(text: str, syntax: _Syntax, within: _Within | None) -> tuple[str, tuple[str, ...], _Within | None]:
    code: list[str] = []
    comments: list[str] = []
    unclosed: set[str] = set()  # a quote that is not closed stays so for the rest of the line
    at = 0
    while at < len(text):
        if within is not None:
            end = text.find(within.close, at)
            if within.is_comment:
                comments.append(text[at : end if end >= 0 else None])
            if end < 0:
                break
            at, within = end + len(within.close), None
            continue
        match = syntax.token.search(text, at)
        if match is None:
            code.append(text[at:])
            break
        code.append(text[at : match.start()])
        token, at = match[0], match.end()
        if match["line"]:
            comments.append(text[at:])
            break
        if token in syntax.blocks:
            within = _Within(syntax.blocks[token], is_comment=True)
        elif token in syntax.long_strings:
            within = _Within(token, is_comment=False)
            code.append('""')
        else:
            string = None if token in unclosed else _STRINGS[token].match(text, match.start())
            at = string.end() if string else at
            code.append(token * 2 if string else token)
            unclosed.update(() if string else token)
    return "".join(code), tuple(comments), within
