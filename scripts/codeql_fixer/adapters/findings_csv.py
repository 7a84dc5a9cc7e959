"""Reads findings from a CSV file with the columns that docs/reference/findings-csv.md lists."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.domain.finding import NO_FINGERPRINTS, Finding, Location, Reading, Rule, Scan, SetAside
from codeql_fixer.domain.severity import Level
from codeql_fixer.errors import InputError
from codeql_fixer.policy.paths import repository_relative

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Category to weakness family and to the CWE that stands for it when the row names none.
CATEGORIES = {
    "dependency_vulnerability": ("dependency-vulnerability", 1395),
    "sql_injection": ("injection", 89),
    "hardcoded_secret": ("hardcoded-credentials", 798),
    "pii_logging": ("pii-logging", 532),
    "missing_encryption": ("missing-encryption", 311),
    "access_logging": ("access-logging", 778),
    "xss": ("xss", 79),
    "path_traversal": ("path-traversal", 22),
    "other": ("", 0),
}
REQUIRED_COLUMNS = ("category", "severity", "title", "file_path")
# Score, the least of the tier, and level.
_SEVERITIES = {
    "critical": (9.0, Level.ERROR),
    "high": (7.0, Level.ERROR),
    "medium": (4.0, Level.WARNING),
    "low": (1.0, Level.NOTE),
}
_SAME_FINDING = ("service_name", "file_path", "line_number", "category", "dependency_name")
_MAX_BYTES = 100_000_000
# `79`, `CWE-79`, `CWE-79: Cross-site Scripting`, `79, 89`.
_CWE = re.compile(r"(?:^|[,;]|cwe)[\s:_-]*0*([1-9][0-9]{0,4})\b", re.IGNORECASE)
_LINE = re.compile(r"0*[1-9][0-9]{0,8}")


class _Row(NamedTuple):
    number: int
    cells: dict[str, str]


class CsvReader:
    """FindingsReader for one CSV file.

    Args:
        path: the file, UTF-8 with or without a byte-order mark.
        target_repo: owner/name; in a file about several repositories only its rows count.
    """

    def __init__(self, path: Path, target_repo: str) -> None:
        self._path, self._target_repo = path, target_repo.lower()
        self._warnings: list[str] = []

    def read(self) -> Reading:
        """Read every row; rows with an unknown category or severity are counted as invalid, with a warning.

        Raises:
            InputError: the file is no CSV, lacks a column, or is about other repositories only.
        """
        rows = list(self._rows())
        ours = self._of_target(rows)
        valid = [row for row in ours if self._is_valid(row)]
        kept = _without_repeats(valid)
        tools = Counter(_cell(row, "scanner") or "csv" for row in rows)
        scans = {tool: Scan(str(self._path), tool, results_read=count) for tool, count in tools.items()}
        findings = [self._finding(row, scans[_cell(row, "scanner") or "csv"]) for row in kept]
        aside = SetAside(
            invalid=len(ours) - len(valid),
            other_repository=len(rows) - len(ours),
            repeated=len(valid) - len(kept),
        )
        return Reading(findings, list(scans.values()), len(rows), aside, self._warnings)

    def _rows(self) -> Iterator[_Row]:
        csv.field_size_limit(_MAX_BYTES)  # the module's own would refuse a whole file for one long description
        reader = csv.DictReader(io.StringIO(self._text(), newline=""), strict=True)
        try:
            columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
            missing = [name for name in REQUIRED_COLUMNS if name not in columns]
            if missing:
                raise InputError(str(self._path), "line 1", f"the columns {', '.join(missing)} are missing")
            reader.fieldnames = columns
            for cells in reader:
                if None in cells:
                    problem = f"has more cells than the {len(columns)} columns"
                    raise InputError(
                        str(self._path), f"line {reader.line_num}", problem, remedy="quote cells with commas"
                    )
                yield _Row(reader.line_num, {name: (value or "").strip() for name, value in cells.items()})
        except csv.Error as error:
            raise InputError(str(self._path), f"line {reader.reader.line_num}", f"is not CSV: {error}") from error

    def _text(self) -> str:
        try:
            if self._path.stat().st_size > _MAX_BYTES:
                raise InputError(str(self._path), "", f"is larger than {_MAX_BYTES} bytes")
            data = self._path.read_bytes()
        except OSError as error:
            raise InputError(str(self._path), "", f"cannot be read: {error.strerror or error}") from error
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(
                str(self._path), f"byte {error.start}", "is not UTF-8", remedy="save it as UTF-8"
            ) from error

    def _of_target(self, rows: list[_Row]) -> list[_Row]:
        """The rows about the target. One foreign name may be its upstream; several are another file's business."""
        named = {name for row in rows if (name := _repository(row))}
        if self._target_repo in named:
            return [row for row in rows if _repository(row) in {"", self._target_repo}]
        if len(named) > 1:
            problem = f"is about {len(named)} repositories, and {self._target_repo} is none of them"
            raise InputError(str(self._path), "column repo_url", problem, remedy="check --target-repo")
        if named:
            self._warn(f"repo_url says {named.pop()}; the rows are taken as findings of {self._target_repo}")
        return rows

    def _is_valid(self, row: _Row) -> bool:
        for column, known in (("category", CATEGORIES), ("severity", _SEVERITIES)):
            value = _cell(row, column).lower()
            if value not in known:
                self._warn(f"line {row.number}: {column} {value!r:.40} is not one of {', '.join(known)}; row skipped")
                return False
        return True

    def _finding(self, row: _Row, scan: Scan) -> Finding:
        category = _cell(row, "category").lower()
        family, usual_cwe = CATEGORIES[category]
        named = tuple(dict.fromkeys(map(int, _CWE.findall(_cell(row, "cwe_id")))))
        cwes = named or ((usual_cwe,) if usual_cwe else ())
        score, level = _SEVERITIES[_cell(row, "severity").lower()]
        title, description = _cell(row, "title"), _cell(row, "description")
        rule = Rule(id=category, name=category, short_description=title, cwes=cwes, level=level)
        file = repository_relative(_cell(row, "file_path"))
        line = self._line(row)
        place = Location(file, line, 1 if line else None, line, external_uri="" if file else _cell(row, "file_path"))
        message = " ".join(filter(None, (f"{title}.", description, _dependency(row))))
        return Finding(rule, scan, level, message, (place,), NO_FINGERPRINTS, security_severity=score, family=family)

    def _line(self, row: _Row) -> int | None:
        text = _cell(row, "line_number")
        if not text:
            return None
        if _LINE.fullmatch(text):
            return int(text)
        self._warn(f"line {row.number}: line_number {text!r:.20} is not a line; taken as unknown")
        return None

    def _warn(self, problem: str) -> None:
        self._warnings.append(f"{self._path}: {problem}")


def _cell(row: _Row, column: str) -> str:
    return row.cells.get(column, "")


def _repository(row: _Row) -> str:
    """owner/name out of a repository URL, in lower case; "" when there is none."""
    parts = _cell(row, "repo_url").lower().removesuffix("/").removesuffix(".git").replace(":", "/").split("/")
    return "/".join(parts[-2:]) if len(parts) > 1 and all(parts[-2:]) else ""


def _dependency(row: _Row) -> str:
    name, current, fixed = (_cell(row, column) for column in ("dependency_name", "current_version", "fixed_version"))
    if not name:
        return ""
    return f"Dependency {name} {current}".rstrip() + (f", fixed in {fixed}." if fixed else ".")


def _without_repeats(rows: list[_Row]) -> list[_Row]:
    """Of the rows about one finding keep the most severe, the first of equals; the order stays.

    One finding is one service, file, line and category. Two dependencies of one file are two findings, and so
    are two titles whose line is not known: merging them would lose one.
    """
    best: dict[tuple[str, ...], _Row] = {}
    for row in rows:
        key = tuple(_cell(row, column) for column in _SAME_FINDING)
        if not _cell(row, "line_number"):
            key += (_cell(row, "title"),)
        known = best.get(key)
        if known is None or _score(row) > _score(known):
            best[key] = row
    return sorted(best.values(), key=lambda row: row.number)


def _score(row: _Row) -> float:
    return _SEVERITIES[_cell(row, "severity").lower()][0]
