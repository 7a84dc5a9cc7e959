"""Reads the text of a diff, as git, diff and GitHub write it, into the values of `domain/change.py`.

What cannot be read whole is refused: a file that a diff touches is never left out in silence. Every line is looked at
once, and names are bounded, so the time grows with the length of the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from codeql_fixer.domain.change import Change, FileChange, FileStatus, Hunk
from codeql_fixer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING = "/dev/null"
_MAX_NAMES = 40_000  # characters: two paths of 4,096 bytes, each byte as an octal escape
_MAX_PREFIX = 64  # what two prefixes may differ in length
_HUNK = re.compile(r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@(?: .*)?", re.DOTALL)
_EPOCH = re.compile(r"1970-01-01 |1969-12-31 |Thu,? (?:Jan +0?1|01 Jan) .*1970")  # diff's time of a file that is not
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_COMBINED = re.compile(r"diff --(?:cc|combined) |@@@+ -")
_EMPTY = ("e69de29", "473a0f4")  # the digests of no bytes, SHA-1 and SHA-256
_SIGNATURE = "-- "  # ends a mail of `git format-patch`
_REMEDY = "write the diff again with `git diff` and hand it over whole"


def parse_change(text: str, source: str) -> Change:
    """Read a diff; text around it, such as commit messages and mail headers, is passed over.

    Several commits in a row give their files one after the other, so a path may occur more than once. A copied file is
    `RENAMED`. A carriage return before a line feed belongs to the line end and is dropped.

    Args:
        text: the diff.
        source: where it comes from, for messages.

    Raises:
        InputError: it is a combined diff, or malformed.
    """
    return _Parser(text, source).change()


class _Section:
    """What the headers of one file say."""

    def __init__(self, header: str | None) -> None:
        self.header = header  # the rest of `diff --git `, None for plain diffs
        self.marks: dict[str, str] = {}
        self.old_raw = self.new_raw = ""
        self.is_old_epoch = self.is_new_epoch = False
        self.is_binary = False
        self.hunks: list[Hunk] = []


class _Parser:
    def __init__(self, text: str, source: str) -> None:
        self._lines = [line.removesuffix("\r") for line in text.split("\n")]
        if not self._lines[-1]:
            self._lines.pop()
        self._source = source
        self._at = 0
        self._files: list[FileChange] = []

    def change(self) -> Change:
        lines = self._lines
        while self._at < len(lines):
            line = lines[self._at]
            if line.startswith("diff --git "):
                self._read_git(line[11:])
            elif line.startswith("--- ") and self._follows("+++ "):
                self._read_plain()
            elif _COMBINED.match(line):
                self._fail("combined diffs of merges cannot be read", "diff against one parent: `git diff <parent>`")
            elif line.startswith("@@ -") and _HUNK.fullmatch(line):
                self._fail("a hunk without the name of its file")
            elif line.startswith("Binary files ") and line.endswith(" differ"):
                self._fail("a binary file in a diff that is not git's", "use `git diff`")
            else:
                self._at += 1
        return Change(tuple(self._files))

    def _read_git(self, header: str) -> None:
        start = self._at
        if len(header) > _MAX_NAMES:
            self._fail("the names of the files are too long")
        section = _Section(header)
        self._at += 1
        while self._at < len(self._lines) and self._read_mark(section, self._lines[self._at]):
            self._at += 1
        if self._at < len(self._lines) and self._lines[self._at].startswith("--- ") and self._follows("+++ "):
            self._read_names(section)
        self._read_hunks(section)
        if not section.hunks and not section.is_binary and (section.old_raw or not _may_lack_hunks(section)):
            self._fail("a file without hunks", at=start)
        self._add(section, start)

    def _read_mark(self, section: _Section, line: str) -> bool:
        for mark in _MARKS:
            if line.startswith(mark):
                section.marks[mark] = line[len(mark) :]
                section.is_binary = section.is_binary or mark in _BINARY
                return True
        return False

    def _read_plain(self) -> None:
        start = self._at
        section = _Section(None)
        self._read_names(section)
        if self._at >= len(self._lines) or not self._lines[self._at].startswith("@@ -"):
            self._fail("a file without hunks")
        self._read_hunks(section)
        self._add(section, start)

    def _read_names(self, section: _Section) -> None:
        section.old_raw, section.is_old_epoch = self._name(self._lines[self._at][4:])
        section.new_raw, section.is_new_epoch = self._name(self._lines[self._at + 1][4:])
        self._at += 2

    def _name(self, text: str) -> tuple[str, bool]:
        """The path of a `---` line, and whether its time says that there is no such file."""
        if len(text) > _MAX_NAMES:
            self._fail("the name of the file is too long")
        if quoted := _QUOTED.match(text):
            return self._unquote(quoted[1]), False
        path, _, time = text.partition("\t")
        return path, _EPOCH.match(time) is not None

    def _read_hunks(self, section: _Section) -> None:
        old_end = new_end = 0
        while self._at < len(self._lines) and self._lines[self._at].startswith("@@"):
            if self._lines[self._at].startswith("@@@"):
                self._fail("combined diffs of merges cannot be read", "diff against one parent: `git diff <parent>`")
            match = _HUNK.fullmatch(self._lines[self._at])
            if not match:
                self._fail("the header of a hunk is malformed")
            old, old_count, new, new_count = (1 if group is None else int(group) for group in match.groups())
            # A side without lines names the line before it.
            old, new = old + (not old_count), new + (not new_count)
            if old <= old_end or new <= new_end:
                self._fail("hunks overlap, or are out of order")
            self._at += 1
            self._read_lines(section, (old, old_count), (new, new_count))
            old_end, new_end = old + old_count - 1, new + new_count - 1

    def _read_lines(self, section: _Section, old: tuple[int, int], new: tuple[int, int]) -> None:
        (old_line, old_left), (new_line, new_left) = old, new
        removed: list[str] = []
        added: list[str] = []

        def flush() -> None:
            if removed or added:
                hunk = Hunk(old_line - len(removed), tuple(removed), new_line - len(added), tuple(added))
                section.hunks.append(hunk)
                removed.clear()
                added.clear()

        while old_left or new_left:
            if self._at >= len(self._lines):
                self._fail("the text ends within a hunk")
            line = self._lines[self._at]
            mark = line[:1] or " "  # mail programs cut blanks at line ends
            if mark == "-" and old_left:
                if added:  # a new run, as programs that write additions first begin it
                    flush()
                removed.append(line[1:])
                old_line, old_left = old_line + 1, old_left - 1
            elif mark == "+" and new_left:
                added.append(line[1:])
                new_line, new_left = new_line + 1, new_left - 1
            elif mark == " " and old_left and new_left:
                flush()
                old_line, old_left, new_line, new_left = old_line + 1, old_left - 1, new_line + 1, new_left - 1
            elif mark != "\\":
                self._fail("a line does not fit into its hunk")
            self._at += 1
        flush()
        self._end_hunk()

    def _end_hunk(self) -> None:
        if self._at < len(self._lines) and self._lines[self._at].startswith("\\"):
            self._at += 1
        line = self._lines[self._at] if self._at < len(self._lines) else ""
        if line[:1] in {"+", "-", " "} and line != _SIGNATURE and not (line[:4] == "--- " and self._follows("+++ ")):
            self._fail("a hunk is longer than its header says")

    def _add(self, section: _Section, start: int) -> None:
        old, new = self._paths(section)
        if old is None or new is None:
            self._fail("the name of the file cannot be told", at=start)
        old, new = ("" if name == _NOTHING else self._checked(name, start) for name in (old, new))
        if not old and not new:
            self._fail("a file without a name", at=start)
        is_renamed = old != new and bool(old and new)
        status = FileStatus.MODIFIED
        if "new file mode " in section.marks or not old:
            status, old = FileStatus.ADDED, ""
        elif "deleted file mode " in section.marks or not new:
            status, new = FileStatus.DELETED, ""
        elif is_renamed:
            status = FileStatus.RENAMED
        hunks = tuple(section.hunks)
        if section.is_binary and hunks:
            self._fail("a binary file with lines of text", at=start)
        self._files.append(
            FileChange(old_path=old, new_path=new, status=status, hunks=hunks, is_binary=section.is_binary)
        )

    def _paths(self, section: _Section) -> tuple[str | None, str | None]:
        """Both paths without prefixes, /dev/null for a file that is not, None where nothing tells."""
        for verb in ("rename", "copy"):
            old, new = section.marks.get(f"{verb} from "), section.marks.get(f"{verb} to ")
            if old is not None and new is not None:
                return self._whole(old), self._whole(new)
        if section.header is None:
            old, new = _without_prefixes(section.old_raw, section.new_raw)
            return (_NOTHING if section.is_old_epoch else old), (_NOTHING if section.is_new_epoch else new)
        pair = self._header_pair(section.header)
        if section.old_raw:
            same = _common_path(*pair) if pair else None
            names = [name for name in (section.old_raw, section.new_raw) if name != _NOTHING]
            if same is not None and any(name != same and not name.endswith(f"/{same}") for name in names):
                return None, None  # one line says this, another one that
            if same is None:
                return _without_prefixes(section.old_raw, section.new_raw)
            old, new = (_NOTHING if name == _NOTHING else same for name in (section.old_raw, section.new_raw))
            return old, new
        return _without_prefixes(*pair) if pair else (None, None)

    def _whole(self, text: str) -> str:
        quoted = _QUOTED.fullmatch(text)
        return self._unquote(quoted[1]) if quoted else text

    def _header_pair(self, header: str) -> tuple[str, str] | None:
        """The two names in `diff --git`; blanks in names make that a riddle, which their equality solves."""
        if first := _QUOTED.match(header):
            return self._unquote(first[1]), self._whole(header[first.end() + 1 :])
        if header.endswith('"') and ' "' in header:
            old, _, new = header.partition(' "')
            return old, self._whole(f'"{new}')
        middle = len(header) // 2
        near = sorted(range(max(0, middle - _MAX_PREFIX), middle + _MAX_PREFIX), key=lambda at: abs(at - middle))
        for at in near:
            if header[at : at + 1] == " " and _common_path(header[:at], header[at + 1 :]) is not None:
                return header[:at], header[at + 1 :]
        if header.count(" ") == 1:
            old, _, new = header.partition(" ")
            return old, new
        return None

    def _unquote(self, text: str) -> str:
        def plain(match: re.Match[str]) -> bytes:
            code = match[1]
            if len(code) > 1:
                return bytes([int(code, 8) & 0xFF])
            if code not in _ESCAPES:
                self._fail("a path is quoted in an unknown way")
            return _ESCAPES[code].encode()

        parts: list[bytes] = []
        end = 0
        for match in _ESCAPE.finditer(text):
            parts += [text[end : match.start()].encode(errors="replace"), plain(match)]
            end = match.end()
        parts.append(text[end:].encode(errors="replace"))
        return b"".join(parts).decode(errors="replace")

    def _checked(self, path: str, at: int) -> str:
        parts = [part for part in path.split("/") if part != "."]
        if not path or path.startswith("/") or "\0" in path or ".." in parts or "" in parts:
            self._fail("a path leads out of the repository", "write the diff inside of the repository", at=at)
        return "/".join(parts)

    def _follows(self, start: str) -> bool:
        return self._at + 1 < len(self._lines) and self._lines[self._at + 1].startswith(start)

    def _fail(self, problem: str, remedy: str = _REMEDY, *, at: int | None = None) -> NoReturn:
        line = (self._at if at is None else at) + 1
        raise InputError(self._source, f"line {line}", problem, remedy=remedy)


_BINARY = ("Binary files ", "GIT binary patch")
_MARKS: Sequence[str] = (
    "index ",
    "old mode ",
    "new mode ",
    "new file mode ",
    "deleted file mode ",
    "similarity index ",
    "dissimilarity index ",
    "rename from ",
    "rename to ",
    "copy from ",
    "copy to ",
    *_BINARY,
)


def _may_lack_hunks(section: _Section) -> bool:
    """True when the contents are the same, or nothing on either side."""
    digests = section.marks.get("index ", "").partition(" ")[0].split("..")
    return digests == [""] or digests[0] == digests[-1] or any(digest.startswith(_EMPTY) for digest in digests)


def _common_path(old: str, new: str) -> str | None:
    """The path that both names mean, with prefixes or without; None when they mean different ones."""
    if old == new:
        return old
    old_tail, new_tail = old.partition("/")[2], new.partition("/")[2]
    return old_tail if old_tail and old_tail == new_tail else None


def _without_prefixes(old: str, new: str) -> tuple[str, str]:
    if _NOTHING not in {old, new}:
        same = _common_path(old, new)
        if same is not None:
            return same, same
        if not (old.startswith("a/") and new.startswith("b/")):
            return old, new
    return old.removeprefix("a/"), new.removeprefix("b/")
