"""Handlers that a change adds for all errors, and that do nothing: what goes wrong is dropped in silence."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from codeql_fixer.domain.hiding import HidingKind, HidingSign
from codeql_fixer.policy.hiding.changed_text import squashed
from codeql_fixer.policy.hiding.lexing import lex
from codeql_fixer.policy.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codeql_fixer.policy.hiding.changed_text import ChangedFile
    from codeql_fixer.policy.hiding.lexing import Lexed

_WIDE = r"(?:\w+\.)*(?:Base)?Exception"
_PYTHON = re.compile(rf"^\s*except\s*(?:\(?[^:()]*?(?<![\w.]){_WIDE}[^:()]*\)?\s*(?:as\s+\w+\s*)?)?:\s*(?P<rest>.*)$")
_PYTHON_DROPS = re.compile(r"\s*(?:pass|\.\.\.|continue|break|return(?:\s+None)?)\s*;?\s*$")
_PYTHON_AT_ONCE = re.compile(rf"(?:contextlib\.)?\bsuppress\s*\(\s*{_WIDE}\s*[,)]")
_CATCH = re.compile(
    r"\bcatch\s*(?:\((?P<what>[^)]*)\)|(?P<bare>(?=\{)"
    r"|let\s+\w+\s*(?=\{)))\s*\{(?P<rest>[^{}]*)(?P<close>\})?\s*;?\s*\)?\s*\S{0,20}\s*$"
)
_CATCH_ALONE = re.compile(r"^\s*\}?\s*catch\s*(?:\((?P<what>[^)]*)\))?\s*$")
_CATCH_INLINE = re.compile(r"\bcatch\s*(?:\((?P<what>[^)]*)\)\s*)?\{(?P<rest>[^{}]*)\}")
_ALL = re.compile(
    r"\s*(?:final\s+)?(?:\.\.\.|(?:java\.lang\.|System\.|\\)?(?:Exception|Throwable|RuntimeException"
    r"|Error)(?:\s+\$?\w+)?|\$?_?\w+(?:\s*:\s*(?:any|unknown|Exception|Throwable|dynamic))?|_)\s*"
)
_TYPED = frozenset({"java", "csharp", "cpp", "php", "kotlin", "scala"})
_DROPS = re.compile(r"\s*(?:return\s*(?:null|nil|undefined)?\s*;?|;|continue\s*;?|pass)?\s*")
_PROMISE = re.compile(
    r"\.catch\s*\(\s*(?:async\s*)?(?:\(?\s*\w*\s*\)?\s*=>\s*(?:\{\s*\}|undefined|void 0"
    r"|\(\s*\{\s*\}\s*\))|function\s*\w*\s*\(\s*\w*\s*\)\s*\{\s*\}|(?:_\.|\$\.|angular\.)?noop)\s*\)"
)
_RUBY = re.compile(
    r"^\s*rescue(?:\s+(?:StandardError|Exception|::Exception"
    r"|RuntimeError))?\s*(?:=>\s*\w+)?\s*(?:;\s*(?:nil|end)?.*|then\s+nil)?$"
)
_RUBY_INLINE = re.compile(r"\S\s+rescue\s+(?:nil|false|\"\")\s*$")
_RUBY_DROPS = re.compile(r"\s*(?:nil|next|end|return(?:\s+nil)?)\s*$")
_GO = re.compile(r"^\s*(?:\}\s*else\s+)?if\s+(?:[^;{}]*;\s*)?err\s*!=\s*nil\s*\{\s*(?P<close>\})?\s*$")
_GO_RECOVER = re.compile(r"\bdefer\s+func\s*\(\)\s*\{\s*(?:_\s*=\s*)?recover\(\)\s*;?\s*\}\s*\(\)")
_BLANK = re.compile(r"(?:^|[\s;{])(?:let\s+)?(?:\w+\s*,\s*)?_\s*:?=\s*(?P<call>[\w.:]+)\s*\(")
_CALL = re.compile(r"[\w.:]{1,100}(?=\s*\()")
_SILENCED = re.compile(r"(?<![\w@'\"])@(?P<call>\\?\w+)\s*\(")
_SILENT_BY_HABIT = frozenset(
    {
        "unlink",
        "mkdir",
        "rmdir",
        "fclose",
        "chmod",
        "session_start",
        "ini_set",
        "set_time_limit",
        "touch",
        "ob_end_clean",
    }
)


def swallowed_signs(file: ChangedFile) -> Iterator[HidingSign]:
    """Signs in one file; handlers that it had before, somewhere, do not count."""
    if not language_of(file.path) or not file.file.old_path:
        return
    before = Counter(key for _, _, key in _handlers(file, old=True))
    numbers = {line.number for line in file.added}
    for start, end, key in _handlers(file, old=False):
        if before[key]:
            before[key] -= 1
            continue
        # Its own lines may be old, and what stood between them gone.
        line = next((number for number in (start.number, end.number) if number in numbers), start.number)
        text = start.raw.strip() if start is end else f"{start.raw.strip()} {end.raw.strip()}"
        covers = (file.file.old_path,)
        yield HidingSign(kind=HidingKind.SWALLOWED, file=file.path, line=line, text=text, covers=covers, is_local=True)


def _handlers(file: ChangedFile, *, old: bool) -> Iterator[tuple[Lexed, Lexed, str]]:
    """Empty handlers of all errors, with the first and last line that make them, and what they are known by."""
    path = file.file.old_path if old else file.path
    language = language_of(path)
    lines = [line for line in lex(path, file.old if old else file.new) if line.code.strip()]
    others = {call for line in lex(path, file.added if old else file.removed) for call in _checked(line.code)}
    for at, line in enumerate(lines):
        rest = lines[at + 1 : at + 4]
        if (end := _handler(language, line, rest, checked=others)) is not None:
            key = squashed(line.code) if end is line else squashed(line.code + end.code)
            yield line, end, key


def _handler(language: str, line: Lexed, rest: Sequence[Lexed], *, checked: set[str]) -> Lexed | None:
    """The last line of an empty handler that begins with a line, None when none does."""
    match language:
        case "python":
            return _python(line, rest)
        case "ruby":
            return _ruby(line, rest)
        case "go":
            return _go(line, rest, checked)
        case "rust":
            return line if _drops_result(line.code, checked) else None
        case _:
            return _braces(language, line, rest)


def _python(line: Lexed, rest: Sequence[Lexed]) -> Lexed | None:
    if _PYTHON_AT_ONCE.search(line.code):
        return line
    match = _PYTHON.match(line.code)
    if match is None:
        return None
    if match["rest"].strip():
        return line if _PYTHON_DROPS.match(match["rest"]) else None
    return rest[0] if rest and _PYTHON_DROPS.match(rest[0].code) else None


def _ruby(line: Lexed, rest: Sequence[Lexed]) -> Lexed | None:
    if _RUBY_INLINE.search(line.code) or re.match(r"^\s*rescue\b.*;\s*(?:nil|end)", line.code):
        return line
    if _RUBY.match(line.code) and rest and _RUBY_DROPS.match(rest[0].code):
        return rest[0]
    return None


def _go(line: Lexed, rest: Sequence[Lexed], checked: set[str]) -> Lexed | None:
    if _GO_RECOVER.search(line.code) or _drops_result(line.code, checked):
        return line
    match = _GO.match(line.code)
    if match is None:
        return None
    if match["close"]:
        return line
    return rest[0] if rest and rest[0].code.strip() == "}" else None


def _drops_result(code: str, checked: set[str]) -> bool:
    match = _BLANK.search(code)
    return match is not None and match["call"] in checked


def _checked(code: str) -> set[str]:
    """Calls whose error a line looked at."""
    if re.search(r"\berr\w*\s*:?=|\?\s*;?\s*$|\.unwrap\(|\.expect\(|return\s", code):
        return set(_CALL.findall(code))
    return set()


def _braces(language: str, line: Lexed, rest: Sequence[Lexed]) -> Lexed | None:
    if language == "php" and (silenced := _SILENCED.search(line.code)):
        return line if silenced["call"].lstrip("\\") not in _SILENT_BY_HABIT else None
    if _PROMISE.search(line.code):
        return line
    for inline in _CATCH_INLINE.finditer(line.code):
        if _is_wide(language, inline["what"]) and _drops(language, inline["rest"]):
            return line
    if rest and rest[0].code.strip() == "{" and (alone := _CATCH_ALONE.search(line.code)):
        return _closed(language, rest[1:]) if _is_wide(language, alone["what"]) else None
    match = _CATCH.search(line.code)
    if match is None or not _is_wide(language, match["what"]) or not _drops(language, match["rest"]):
        return None
    return line if match["close"] else _closed(language, rest)


def _drops(language: str, code: str) -> bool:
    """True for code that does nothing; where handlers have no types, giving back nothing is an answer."""
    return not code.strip(" ;") or (language in _TYPED and _DROPS.fullmatch(code) is not None)


def _closed(language: str, rest: Sequence[Lexed]) -> Lexed | None:
    """The line that ends a block of nothing, or the one that says nothing in it."""
    if rest and rest[0].code.strip().startswith("}"):
        return rest[0]
    is_dropped = len(rest) > 1 and _drops(language, rest[0].code) and rest[1].code.strip().startswith("}")
    return rest[0] if is_dropped else None


def _is_wide(language: str, what: str | None) -> bool:
    """True when a handler takes errors of all kinds; in languages without types of errors, any does."""
    if what is None:
        return True
    if language in _TYPED or ":" in what:
        return (
            re.fullmatch(
                r"\s*(?:final\s+|const\s+)?(?:\.\.\.|(?:[\w.\\]*[.\\])?(?:Exception|Throwable|RuntimeException"
                r"|Error|exception)\s*&?(?:\s+\$?\w+)?"
                r"|\w+\s*:\s*(?:any|unknown|Exception|Throwable|RuntimeException|Error)|)\s*",
                what,
            )
            is not None
        )
    return _ALL.fullmatch(what) is not None
