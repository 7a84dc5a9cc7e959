"""Verifies fixes: compares the scan after a change with the one before it, and says of each finding what is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.line_hashes import TreeLineHashes
from codeql_fixer.domain.change import Change
from codeql_fixer.domain.finding import Trace
from codeql_fixer.domain.proof import NewFinding, Proof, SeenAt, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import UserError
from codeql_fixer.policy.identity import identify, is_known_as, legacy_fingerprint
from codeql_fixer.policy.line_hash import split_lines
from codeql_fixer.policy.proof.controls import Controls, Places
from codeql_fixer.policy.proof.coverage import Coverage
from codeql_fixer.policy.proof.marks import Surroundings, lines_around, mark_of
from codeql_fixer.policy.proof.matching import Side, match
from codeql_fixer.policy.proof.moves import Moves
from codeql_fixer.policy.proof.substance import Substance
from codeql_fixer.policy.proof.verdict import Comparison, Judge
from codeql_fixer.ports.findings_reader import FindingsReader
from codeql_fixer.ports.source_tree import SourceTree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codeql_fixer.domain.finding import Finding, Reading
    from codeql_fixer.domain.hiding import HidingSign
    from codeql_fixer.domain.issue import Identified


class State(Struct, frozen=True):
    """The code at one time: what a scan found in it, and the code itself, None where nobody has it."""

    reader: FindingsReader
    tree: SourceTree | None


class Claim(Struct, frozen=True, kw_only=True):
    """What is to be verified.

    `targets` are fingerprints of the findings that were to be fixed, empty for all; `commit` is what the later scan is
    claimed to have read, "" for no claim; `change` is None where nobody knows it.
    """

    targets: tuple[str, ...] = ()
    commit: str = ""
    change: Change | None = None


def verify(
    before: State, after: State, claim: Claim, *, signs_of: Callable[[Change], Sequence[HidingSign]] = lambda _: ()
) -> Proof:
    """Compare, and judge every target.

    Args:
        before: the state in which the targets were found.
        after: the state after the change. When its scan cannot be read, nothing is proved.
        claim: what is to be verified.
        signs_of: finds signs that findings were hidden.

    Raises:
        InputError: the earlier scan cannot be read.
    """
    earlier = _Scanned(before.reader.read(), before.tree)
    if not earlier.findings and not earlier.reading.scans:
        raise UserError("the earlier scan has no run at all; there is nothing to compare with")
    wanted = _resolved(claim.targets, earlier)
    try:
        later = _Scanned(after.reader.read(), after.tree)
    except UserError as error:
        return Proof(targets=tuple(_unusable(one, earlier, str(error)) for one in wanted), problem=str(error))
    moves = Moves(claim.change)
    matching = match(earlier.side(), later.side(), moves)
    findings = [one.finding for one in earlier.findings]
    places = [_places_of(finding) for finding in findings]
    targets = {position for _, position in wanted if position is not None} if claim.targets else set()
    reported = [one.finding for one in later.findings]
    both = Comparison(
        before=earlier.findings,
        after=later.findings,
        first_suppressed=later.first_suppressed,
        matching=matching,
        places=places,
        moves=moves,
        substance=Substance(claim.change),
        coverage=Coverage(earlier.reading.scans, later.reading.scans, reported=reported, commit=claim.commit),
        controls=Controls(findings, places, matching, moves=moves, targets=targets),
        signs=signs_of(claim.change) if claim.change is not None else (),
        is_there=later.is_there,
        undecided=later.reading.set_aside.undecided_findings,
    )
    judge = Judge(both)
    paired = {pair.after for pair in matching.pairs.values()}
    return Proof(
        targets=tuple(
            _unheard_of(name) if position is None else judge.verdict_on(position) for name, position in wanted
        ),
        new_findings=tuple(
            _new(one) for position, one in enumerate(later.findings[: later.first_suppressed]) if position not in paired
        ),
        coverage=both.coverage.compared,
    )


class _Scanned:
    """One scan as it is compared: its findings, then the suppressed ones."""

    def __init__(self, reading: Reading, tree: SourceTree | None) -> None:
        self.reading, self._tree = reading, tree
        line_hashes = TreeLineHashes(tree) if tree is not None else None
        self._line_hash = line_hashes.line_hash if line_hashes else lambda _file, _line: ""
        reported = identify(reading.findings, self._line_hash)
        self._names = identify(reading.findings, lambda _file, _line: "") if tree is not None else reported
        self.first_suppressed = len(reported)
        self.findings: list[Identified] = [*reported, *identify(reading.set_aside.suppressed_findings, self._line_hash)]
        self._lines: dict[str, list[str]] = {}

    def side(self) -> Side:
        """What the matching compares."""
        marks = []
        for one in self.findings:
            finding, line = one.finding, one.finding.start_line
            line_hash = "" if finding.tool_fingerprints.line_hash or not line else self._line_hash(finding.file, line)
            marks.append(mark_of(finding, line_hash, self._line(finding.file, line)))
        return Side(marks, lambda position: self._surroundings(self.findings[position].finding))

    def positions(self) -> dict[str, int]:
        """The position of each finding by its fingerprint; those that a scan without the code has count, too."""
        both = (self._names, self.findings[: self.first_suppressed])
        return {one.identity.fingerprint: position for names in both for position, one in enumerate(names)}

    def is_there(self, file: str) -> bool | None:
        """Whether the code has a file, None where nobody has the code."""
        return None if self._tree is None else self._tree.text(file) is not None

    def _surroundings(self, finding: Finding) -> Surroundings:
        flows = _trace_of(finding).flows
        steps = [self._line(place.file, place.start_line) or place.message for flow in flows[:1] for place in flow]
        return Surroundings(
            lines=lines_around(self._text(finding.file), finding.start_line),
            source=steps[0] if steps else "",
            steps=frozenset(filter(None, steps)),
        )

    def _line(self, file: str, line: int | None) -> str:
        lines = self._text(file) if line else []
        return lines[line - 1] if line and line <= len(lines) else ""

    def _text(self, file: str) -> list[str]:
        if file not in self._lines:
            text = self._tree.text(file) if self._tree is not None and file else None
            self._lines[file] = split_lines(text) if text else []
        return self._lines[file]


def _trace_of(finding: Finding) -> Trace:
    return finding.trace_source.trace() if finding.trace_source else Trace()


def _places_of(finding: Finding) -> Places:
    """The files and lines that a finding rests on: where it is, and where its data come along."""
    places = [*finding.locations, *(place for flow in _trace_of(finding).flows for place in flow)]
    return frozenset((place.file, place.start_line) for place in places if place.file)


def _resolved(targets: Sequence[str], earlier: _Scanned) -> list[tuple[str, int | None]]:
    """The position of each target, None for one that the earlier scan does not have; all findings for no targets.

    Names of the first generation leave out the file, so that one may mean several findings: all of them.
    """
    known = earlier.findings[: earlier.first_suppressed]
    if not targets:
        return [(one.identity.fingerprint, position) for position, one in enumerate(known)]
    by_name = earlier.positions()
    resolved: list[tuple[str, int | None]] = []
    for name in dict.fromkeys(targets):
        positions = [by_name[name]] if name in by_name else _by_earlier_name(name, known)
        resolved += [(name, position) for position in positions] or [(name, None)]
    return list({position if position is not None else name: (name, position) for name, position in resolved}.values())


def _by_earlier_name(name: str, known: Sequence[Identified]) -> list[int]:
    return [
        position
        for position, one in enumerate(known)
        if is_known_as(name, fingerprint=one.identity.fingerprint, aliases=(legacy_fingerprint(one.finding),))
    ]


def _unheard_of(name: str) -> TargetVerdict:
    return TargetVerdict(
        fingerprint=name,
        rule_id="",
        verdict=Verdict.UNKNOWN,
        reasons=(
            "the earlier scan has no finding with this fingerprint (one made with the code takes --baseline-dir)",
        ),
        evidence=VerdictEvidence(),
    )


def _unusable(wanted: tuple[str, int | None], earlier: _Scanned, problem: str) -> TargetVerdict:
    name, position = wanted
    if position is None:
        return _unheard_of(name)
    finding = earlier.findings[position].finding
    return TargetVerdict(
        fingerprint=earlier.findings[position].identity.fingerprint,
        rule_id=finding.rule.id,
        verdict=Verdict.UNKNOWN,
        reasons=(f"the later scan cannot be used: {problem}",),
        evidence=VerdictEvidence(baseline=SeenAt(finding.file, finding.start_line)),
    )


def _new(one: Identified) -> NewFinding:
    finding = one.finding
    return NewFinding(
        fingerprint=one.identity.fingerprint,
        rule_id=finding.rule.id,
        file=finding.file,
        line=finding.start_line,
        message=finding.text,
    )
