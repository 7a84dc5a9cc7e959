"""Pairs of scans with a known truth: of mutated repositories, and of real reports without their sources."""

from __future__ import annotations

import copy
import os
import random
import re
import tempfile
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace as changed

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.tree_diff import difference
from codeql_fixer.adapters.unified_diff import parse_change
from codeql_fixer.domain.finding import NO_FINGERPRINTS, Finding, Location, Rule, Scan, ToolFingerprints, Trace
from codeql_fixer.domain.severity import Level
from codeql_fixer.errors import InputError
from codeql_fixer.policy.identity import identify
from codeql_fixer.policy.line_hash import line_hashes, split_lines
from codeql_fixer.policy.proof.marks import Surroundings, lines_around, mark_of
from codeql_fixer.policy.proof.matching import Side
from tests.bench.matching_mutations import MUTATIONS
from tests.bench.matching_sources import LANGUAGES, shop, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codeql_fixer.domain.change import Change
    from tests.bench.matching_sources import Line, Repository


@dataclass(frozen=True)
class Style:
    """How a tool writes down what it finds; `hashes` is "" for no fingerprints, and the name of their algorithm."""

    tool: str
    hashes: str = ""
    has_snippets: bool = False
    has_flows: bool = False
    prefix: str = ""
    is_reworded: bool = False
    column_shift: int = 0


CODEQL = Style("CodeQL", "line", has_flows=True)
SEMGREP = Style("Semgrep OSS", has_snippets=True, prefix="python.security.")
PLAIN = Style("acmelint")
STYLES = (CODEQL, CODEQL, SEMGREP, PLAIN)


def upgraded(style: Style, luck: random.Random) -> Style:
    """The same tool a year later."""
    if style.tool.startswith("Semgrep"):
        prefix = luck.choice((style.prefix, "rules.python.security."))
        return replace(style, tool="Semgrep Pro", prefix=prefix, is_reworded=luck.random() < 0.5)
    how = luck.choice(("fingerprints", "messages", "columns", "all"))
    return replace(
        style,
        hashes=luck.choice(("", "other")) if style.hashes and how in {"fingerprints", "all"} else style.hashes,
        is_reworded=how in {"messages", "all"},
        column_shift=luck.choice((-4, 3, 9)) if how in {"columns", "all"} else 0,
    )


class Snapshot:
    """One scan: findings, who each of them is, and the texts that were scanned."""

    def __init__(self, findings: Sequence[Finding], keys: Sequence[int], texts: dict[str, str]) -> None:
        self.findings, self.keys = findings, keys
        self._lines = {path: split_lines(text) for path, text in texts.items()}
        self._hashes = {path: line_hashes(text) for path, text in texts.items()}

    def side(self, *, has_source: bool) -> Side:
        """What the matching gets to see, made as app/verify.py makes it."""
        marks = []
        for finding in self.findings:
            line_hash = ""
            if has_source and not finding.tool_fingerprints.line_hash and finding.start_line:
                line_hash = self._hashes[finding.file][finding.start_line - 1]
            text = self._line(finding.file, finding.start_line) if has_source else ""
            marks.append(mark_of(finding, line_hash, text))
        return Side(marks, lambda position: self._surroundings(self.findings[position], has_source=has_source))

    def _surroundings(self, finding: Finding, *, has_source: bool) -> Surroundings:
        flows = finding.trace_source.trace().flows if finding.trace_source else ()
        steps = [
            (self._line(place.file, place.start_line) if has_source else "") or place.message
            for flow in flows[:1]
            for place in flow
        ]
        lines = self._lines.get(finding.file, []) if has_source else []
        return Surroundings(
            lines=lines_around(lines, finding.start_line),
            source=steps[0] if steps else "",
            steps=frozenset(filter(None, steps)),
        )

    def _line(self, file: str, line: int | None) -> str:
        lines = self._lines.get(file, [])
        return lines[line - 1] if line and line <= len(lines) else ""


@dataclass(frozen=True)
class Case:
    """Two scans; `change` is what git says of the step between them, None where nobody has the sources."""

    mutation: str
    language: str
    before: Snapshot
    after: Snapshot
    change: Change | None

    @property
    def truth(self) -> dict[int, int]:
        """Positions of the findings that live on."""
        places = {key: position for position, key in enumerate(self.after.keys)}
        return {position: places[key] for position, key in enumerate(self.before.keys) if key in places}


@dataclass(frozen=True)
class _Flow:
    """A TraceSource that has it at hand."""

    places: tuple[Location, ...]

    def trace(self) -> Trace:
        """One flow."""
        return Trace(flows=(self.places,))


def repository_cases(seeds: Sequence[int], languages: Sequence[str]) -> Iterator[Case]:
    """Every mutation of a repository for each seed and language."""
    for seed in seeds:
        for name in languages:
            luck = random.Random(f"{seed} {name}")  # noqa: S311 - the same cases every time
            language = next((one for one in LANGUAGES if one.name == name), None)
            before = written(language, luck) if language else shop()
            style = luck.choice(STYLES)
            for mutation in MUTATIONS:
                yield _case(before, style, mutation, luck=random.Random(f"{seed} {name} {mutation}"))  # noqa: S311


def _case(before: Repository, style: Style, mutation: str, *, luck: random.Random) -> Case:
    after = copy.deepcopy(before)
    MUTATIONS[mutation](after, luck)
    is_upgraded = mutation == "tool upgraded" or (mutation == "several at once" and luck.random() < 0.3)
    later = upgraded(style, luck) if is_upgraded else style
    return Case(
        mutation, before.language.name, _scan(before, style, luck), _scan(after, later, luck), _change(before, after)
    )


def _scan(repository: Repository, style: Style, luck: random.Random) -> Snapshot:
    texts = {path: repository.text(path) for path in repository.files}
    found: list[tuple[Finding, int]] = []
    for path, blocks in repository.files.items():
        hashes, number = line_hashes(texts[path]), 0
        for block in blocks:
            source: Location | None = None
            for line in block.lines:
                number += 1
                if source is None and block.name and re.search(rf"\b{re.escape(block.name)}\b", line.text):
                    source = Location(path, number, 1, message=f"{block.name}")
                if line.flaw is not None:
                    finding = _finding(line, style, place=Location(path, number), line_hash=hashes[number - 1])
                    if style.has_flows and line.flaw.has_flow and source is not None:
                        finding = changed(finding, trace_source=_Flow((source, finding.locations[0])))
                    found.append((finding, line.flaw.key))
    luck.shuffle(found)  # scanners promise no order
    return Snapshot([finding for finding, _ in found], [key for _, key in found], texts)


def _finding(line: Line, style: Style, *, place: Location, line_hash: str) -> Finding:
    text, flaw = line.text, line.flaw
    assert flaw is not None
    column = max(text.find(flaw.token), 0) + 1
    prints = {"": "", "line": line_hash, "other": f"{sha256(text.strip().encode()).hexdigest()[:16]}:1"}[style.hashes]
    return Finding(
        Rule(style.prefix + flaw.rule),
        Scan("scan.sarif", style.tool),
        Level.WARNING,
        reworded(flaw.message) if style.is_reworded else flaw.message,
        (changed(place, start_column=max(column + style.column_shift, 1)),),
        ToolFingerprints(line_hash=prints) if prints else NO_FINGERPRINTS,
        None,
        text if style.has_snippets else "",
    )


def reworded(message: str) -> str:
    """The same in other words."""
    for old, new in (
        ("depends on a", "is built from a"),
        ("user-provided value", "value that a user controls"),
        ("This", "The"),
        (" is ", " was "),
        ("insecure", "weak"),
    ):
        message = message.replace(old, new)
    return f"{message} See the documentation of this rule for how to mend it."


def _change(before: Repository, after: Repository) -> Change:
    with tempfile.TemporaryDirectory(prefix="codeql-fixer-bench-") as scratch:
        folders = []
        for name, repository in (("before", before), ("after", after)):
            folder = Path(scratch) / name
            for path in repository.files:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(repository.text(path), encoding="utf-8", newline="")
            folders.append(folder)
        return parse_change(difference(folders[0], folders[1], {"PATH": os.environ["PATH"]}), "git")  # noqa: TID251


def report_cases(folder: Path, seeds: Sequence[int]) -> Iterator[Case]:
    """Mutations of real reports, whose sources nobody has; `folder` holds SARIF files."""
    for path in sorted(folder.glob("*.sarif")):
        try:
            findings = [one.finding for one in identify(SarifReader([path]).read().findings, lambda _f, _l: "")]
        except InputError:
            continue
        if not _FEWEST <= len(findings) <= _MOST or not any(one.start_line for one in findings):
            continue
        for seed in seeds:
            for mutation in REPORT_MUTATIONS:
                luck = random.Random(f"{seed} {path.name} {mutation}")  # noqa: S311
                keyed = list(enumerate(findings))
                after = _mutated(keyed, mutation, luck)
                luck.shuffle(after)
                before = Snapshot(findings, range(len(findings)), {})
                later = Snapshot([finding for _, finding in after], [key for key, _ in after], {})
                yield Case(mutation, "reports", before, later, None)


_FEWEST, _MOST = 5, 400
REPORT_MUTATIONS = (
    "file renamed",
    "lines shifted",
    "flagged line edited",
    "fixed, and new ones",
    "tool upgraded",
    "several at once",
)


def _mutated(keyed: list[tuple[int, Finding]], mutation: str, luck: random.Random) -> list[tuple[int, Finding]]:
    wanted = luck.sample(REPORT_MUTATIONS[:5], 3) if mutation == "several at once" else [mutation]
    for one in wanted:
        keyed = _REPORT_WAYS[one](keyed, luck)
    return keyed


def _files_renamed(keyed: list[tuple[int, Finding]], luck: random.Random) -> list[tuple[int, Finding]]:
    names = {file: f"moved/{file}" for file in sorted({one.file for _, one in keyed}) if file and luck.random() < 0.5}
    return [(key, _placed(one, file=names.get(one.file, one.file))) for key, one in keyed]


def _lines_shifted(keyed: list[tuple[int, Finding]], luck: random.Random) -> list[tuple[int, Finding]]:
    lines: dict[str, list[int]] = {}
    for _, one in keyed:
        lines.setdefault(one.file, []).append(one.start_line or 0)
    steps = {
        file: [(luck.randint(0, max(found)), luck.choice((1, 2, 5, 20))) for _ in range(luck.randint(0, 3))]
        for file, found in sorted(lines.items())
    }
    return [
        (key, _placed(one, by=sum(by for at, by in steps[one.file] if at <= (one.start_line or 0))))
        for key, one in keyed
    ]


def _lines_edited(keyed: list[tuple[int, Finding]], luck: random.Random) -> list[tuple[int, Finding]]:
    return [
        (key, changed(_placed(one, column=luck.randint(-3, 8)), tool_fingerprints=_other_prints(one), snippet=""))
        if luck.random() < _EDITED
        else (key, one)
        for key, one in keyed
    ]


def _fixed_and_new(keyed: list[tuple[int, Finding]], luck: random.Random) -> list[tuple[int, Finding]]:
    kept = [(key, one) for key, one in keyed if luck.random() > _FIXED]
    far = max(one.start_line or 0 for _, one in keyed)
    for number in range(len(keyed) // 6):
        _, like = luck.choice(keyed)
        new = changed(_placed(like, by=luck.randint(3, far + 30)), tool_fingerprints=_other_prints(like, f"{number}"))
        kept.append((10_000 + number, new))
    return kept


def _upgraded(keyed: list[tuple[int, Finding]], luck: random.Random) -> list[tuple[int, Finding]]:
    how = luck.choice(("fingerprints", "messages", "columns"))
    after = []
    for key, one in keyed:
        if how == "fingerprints":
            after.append((key, changed(one, tool_fingerprints=NO_FINGERPRINTS)))
        elif how == "messages":
            after.append((key, changed(one, message=reworded(one.message))))
        else:
            after.append((key, _placed(one, column=3)))
    return after


_EDITED, _FIXED = 0.3, 0.15
_REPORT_WAYS = dict(
    zip(REPORT_MUTATIONS, (_files_renamed, _lines_shifted, _lines_edited, _fixed_and_new, _upgraded), strict=False)
)


def _placed(one: Finding, *, file: str = "", by: int = 0, column: int = 0) -> Finding:
    if not one.locations:
        return one
    place = one.locations[0]
    now = changed(
        place,
        file=file or place.file,
        start_line=place.start_line + by if place.start_line else None,
        start_column=max(place.start_column + column, 1) if place.start_column else None,
    )
    return changed(one, locations=(now, *one.locations[1:]))


def _other_prints(one: Finding, salt: str = "") -> ToolFingerprints:
    old = one.tool_fingerprints
    if not old.line_hash:
        return old
    return ToolFingerprints(line_hash=f"{sha256((old.line_hash + salt).encode()).hexdigest()[:16]}:1")
