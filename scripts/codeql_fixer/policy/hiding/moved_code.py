"""Code that lives on where scanners do not look: moved out of their sight, called generated, or built from strings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codeql_fixer.domain.change import FileStatus
from codeql_fixer.domain.hiding import HidingKind, HidingSign
from codeql_fixer.policy.hiding.changed_text import is_comment_line, squashed
from codeql_fixer.policy.hiding.code_places import (
    is_document,
    is_generated,
    is_generated_header,
    is_outside,
    is_plain,
    is_source,
    is_test,
)
from codeql_fixer.policy.hiding.lexing import lex
from codeql_fixer.policy.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codeql_fixer.policy.hiding.changed_text import ChangedFile, Line
    from codeql_fixer.policy.hiding.lexing import Lexed

_HEAD = 15  # lines in which generators write their mark
_MANY = 3  # lines that make a move
_LONG = 24  # letters of a line that nobody writes twice by chance
_SHORT = 4  # letters of a name
_MAX_COMPARED = 200
_LITTLE = 10  # a line with fewer says nothing
_IMPORT = re.compile(
    r"(?:import|from|using|use|#include|package|require|const\w+=require|@Test|export\*from"
    r"|return\w*$|else|try|finally)"
)
_RISKY = re.compile(
    r"exec|eval|system|popen|subprocess|shell|query|select\b|insert\b|update\b|delete\b|innerHTML"
    r"|pickle|yaml\.load|loads|redirect|md5|sha1|\bDES\b|cipher"
    r"|passw|secret|token|api_?key|verify|random|render|open\(|File\(|readFile|writeFile|sendFile"
    r"|unserialize|deserial|xml|regex|RegExp|\.raw\(|html|request|strcpy|sprintf"
    r"|gets\(|memcpy|fetch\(|urlopen|get\(",
    re.IGNORECASE,
)
_EVALUATES = re.compile(
    r"(?<![\w.])(?:eval|exec|execfile|compile|instance_eval|class_eval|Function|setTimeout"
    r"|setInterval|create_function|assert|execScript|vm\.run\w+|runInThisContext)\s*\("
)
_DYNAMIC = re.compile(
    r"(?:getattr|__getattribute__|attrgetter|methodcaller|public_send|\bsend"
    r"|call_user_func(?:_array)?|Reflect\.get|getMethod|getDeclaredMethod|GetMethod|Class\.forName"
    r"|import_module|__import__|require)"
    r"\s*\(?[^\"'\n]{0,80}[\"':](?P<name>\w{3,60})"
    r"|(?:\]|\)|\w)\s*\[\s*[\"'](?P<index>\w{3,60})[\"']\s*\]\s*\("
)
_JOINED = re.compile(
    r"[\"'](?P<one>[\w.]{1,40})[\"']\s*(?:\+|\.(?!\w)|\s)\s*[\"'](?P<two>[\w.]{1,40})[\"'](?:\s*(?:\+"
    r"|\.(?!\w)|\s)\s*[\"'](?P<three>[\w.]{1,40})[\"'])?"
)
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|`([^`]*)`")
_QUOTED = re.compile(r"[\"'](\w{3,60})[\"']")
_DECODES = re.compile(
    r"(?:b64decode|base64_decode|atob|fromhex|unhexlify|rot13|decompress|Base64\.decode\w*"
    r"|from_base64|String\.fromCharCode|Buffer\.from)\s*\(?"
)
_BY_NAME = re.compile(r"(?<![\w.])__import__\s*\(")
_WORD = re.compile(r"[A-Za-z_]\w{3,59}")


def moved_signs(files: Sequence[ChangedFile]) -> Iterator[HidingSign]:
    """Signs of code that was taken out of scanners' sight, in a whole change."""
    sources = [file for file in files if is_source(file.file.old_path)]
    owners = _owners(sources)
    for file in files:
        yield from _renamed(file)
        yield from _headed(file)
        yield from _received(file, owners)
    for file in sources:
        if file.file.new_path:
            yield from _strings(file)


def _renamed(file: ChangedFile) -> Iterator[HidingSign]:
    old, new = file.file.old_path, file.file.new_path
    if file.file.status is not FileStatus.RENAMED or not is_source(old):
        return
    covers = (old,)
    if is_generated(new):
        yield HidingSign(kind=HidingKind.GENERATED, file=new, text=f"was {old}", covers=covers)
    elif is_outside(new) or is_plain(new) or (is_test(new) and language_of(new)):
        yield HidingSign(kind=HidingKind.OUT_OF_SCOPE, file=new, text=f"was {old}", covers=covers)


def _headed(file: ChangedFile) -> Iterator[HidingSign]:
    """A mark of generators on a file that people wrote."""
    if not file.file.old_path or not language_of(file.path):
        return
    head = [line for line in file.added if line.number <= _HEAD]
    numbers = {line.number for line in head}
    had_mark = any(
        is_generated_header(line.text) for line in (*file.removed, *file.old[:_HEAD]) if is_comment_line(line.text)
    )
    for line in lex(file.path, file.new[:_HEAD] if file.is_whole else head):
        if line.number in numbers and not had_mark and any(map(is_generated_header, line.comments)):
            text = line.raw.strip()
            covers = (file.file.old_path,)
            yield HidingSign(kind=HidingKind.GENERATED, file=file.path, line=line.number, text=text, covers=covers)
            return


def _owners(sources: Sequence[ChangedFile]) -> Mapping[str, str]:
    """Telling removed lines to the old paths of their files; what the file still has did not move."""
    owners: dict[str, str] = {}
    for file in sources:
        kept = {squashed(line.text) for line in file.added}
        for line in file.removed:
            key = squashed(line.text)
            if key not in kept and _tells(line.text, key):
                owners.setdefault(key, file.file.old_path)
    return owners


def _tells(text: str, key: str) -> bool:
    return len(key) >= _LITTLE and not is_comment_line(text) and not _IMPORT.match(key)


def _received(file: ChangedFile, owners: Mapping[str, str]) -> Iterator[HidingSign]:
    """Lines of source files in a file that scanners do not look at."""
    if not file.file.new_path or is_document(file.path):
        return
    is_marked = not file.file.old_path and _has_mark(file)
    is_hidden = is_generated(file.path) or is_marked
    if not (is_hidden or is_outside(file.path) or is_plain(file.path) or is_test(file.path)):
        return
    found = [line for line in file.added if squashed(line.text) in owners]
    keys = {squashed(line.text) for line in found}
    is_telling = any(len(key) >= _LONG and ("(" in key or "=" in key) and _RISKY.search(key) for key in keys)
    if len(keys) >= _MANY or (is_telling and not is_test(file.path)) or (is_telling and _is_call_again(file, found)):
        kind = HidingKind.GENERATED if is_hidden else HidingKind.OUT_OF_SCOPE
        covers = tuple(sorted({owners[key] for key in keys}))
        first = next((line for line in found if _RISKY.search(line.text)), found[0])
        yield HidingSign(kind=kind, file=file.path, line=first.number, text=first.text.strip(), covers=covers)


def _has_mark(file: ChangedFile) -> bool:
    return any(is_generated_header(comment) for line in lex(file.path, file.new[:_HEAD]) for comment in line.comments)


def _is_call_again(file: ChangedFile, found: Sequence[Line]) -> bool:
    """In a test folder one line is a move when it is all that a file which is no test has to do."""
    name = file.path.rpartition("/")[2]
    return not is_test(name) and not file.file.old_path and len(found) * 8 >= len(file.added)


def _strings(file: ChangedFile) -> Iterator[HidingSign]:
    """Code that a file had, now in strings which the program runs or finds its functions by."""
    past = _Past(file)
    numbers = {line.number for line in file.added}
    for line in lex(file.path, file.new):
        if line.number in numbers and past.is_run_as_text(line):
            text = line.raw.strip()
            covers = (file.file.old_path,)
            yield HidingSign(
                kind=HidingKind.OUT_OF_SCOPE, file=file.path, line=line.number, text=text, covers=covers, is_local=True
            )
            return  # one is enough, and the time stays within bounds


class _Past:
    """What a file had: to tell whether a string is code of before."""

    def __init__(self, file: ChangedFile) -> None:
        removed = [line for line in file.removed if not is_comment_line(line.text)]
        self._text = "\n".join(line.text for line in file.removed)
        self._codes = [key for line in removed if len(key := squashed(line.text)) >= _LITTLE][:_MAX_COMPARED]
        self._joined = "\n".join(self._codes)
        self._words = {word for line in lex(file.path, removed) for word in _WORD.findall(line.code)}
        self._quoted = set(_QUOTED.findall(self._text))
        self._compared = 0

    def is_run_as_text(self, line: Lexed) -> bool:
        """True for a line that runs removed code from a string, or finds a removed name by one."""
        if _EVALUATES.search(line.code) and (self._has_code(line.raw) or self._is_new(_DECODES, line.code)):
            return True
        if self._is_new(_BY_NAME, line.code):
            return True
        names = {name for match in _DYNAMIC.finditer(line.raw) for name in match.groups() if name}
        names |= {"".join(part for part in match.groups() if part) for match in _JOINED.finditer(line.raw)}
        names = {part for name in names for part in name.split(".") if len(part) >= _SHORT}
        return bool((names & self._words) - self._quoted)

    def _has_code(self, raw: str) -> bool:
        self._compared += 1
        if self._compared > _MAX_COMPARED or squashed(raw) in self._joined:
            return False
        texts = [squashed(next((group for group in match.groups() if group), "")) for match in _STRING.finditer(raw)]
        texts = [text for text in texts[:_MANY] if len(text) >= _LITTLE]
        return any(text in self._joined or any(old in text for old in self._codes) for text in texts)

    def _is_new(self, pattern: re.Pattern[str], code: str) -> bool:
        return pattern.search(code) is not None and pattern.search(self._text) is None
