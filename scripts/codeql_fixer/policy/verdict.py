"""The verdict on findings after a change: what the later scan proves about each, and why.

Nothing is called fixed unless the later scan would have reported it: what is still seen comes first, then signs that
it was hidden, then every doubt about the scan, and only what is left is a fix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.hiding import HidingSign
from codeql_fixer.domain.issue import Identified
from codeql_fixer.domain.proof import SeenAt, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.policy.controls import Controls
from codeql_fixer.policy.coverage import Coverage
from codeql_fixer.policy.matching import Matching
from codeql_fixer.policy.moves import Moves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.domain.finding import Finding

_CLOSE = 10  # lines from a place within which a local sign hides it


class Comparison(Struct, frozen=True, kw_only=True):
    """Two scans side by side, and the change between them.

    `before` and `after` have suppressed findings behind the others, the later ones from `first_suppressed` on. `files`
    has for each earlier finding the files that it rests on; `is_there` tells whether the later state has a file, None
    where nobody knows.
    """

    before: Sequence[Identified]
    after: Sequence[Identified]
    first_suppressed: int
    matching: Matching
    files: Sequence[frozenset[str]]
    moves: Moves
    coverage: Coverage
    controls: Controls
    signs: Sequence[HidingSign] = ()
    is_there: Callable[[str], bool | None] = lambda _: None


def verdict_on(position: int, both: Comparison) -> TargetVerdict:
    """The verdict on one earlier finding, by its position."""
    target = both.before[position]
    finding = target.finding
    hiding = tuple(sign for sign in both.signs if _bears_on(sign, position, both))
    evidence = VerdictEvidence(baseline=_seen(finding), hiding=hiding)
    verdict, reasons = Verdict.VERIFIED_FIXED, ["a comparable scan does not report it any more"]
    pair = both.matching.pairs.get(position)
    if pair is not None:
        now = both.after[pair.after].finding
        is_suppressed = pair.after >= both.first_suppressed
        evidence = VerdictEvidence(
            baseline=evidence.baseline,
            candidate=_seen(now),
            matched_by=pair.by,
            is_suppressed=is_suppressed,
            hiding=hiding,
        )
        if is_suppressed:
            verdict, reasons = Verdict.GAMED, [f"the later scan still finds it, suppressed, at {_place(now)}"]
        elif now.file != finding.file:
            verdict, reasons = Verdict.MOVED, [f"the later scan reports it at {_place(now)}"]
        else:
            verdict, reasons = Verdict.STILL_PRESENT, [_still(finding, now)]
    elif hiding:
        verdict, reasons = Verdict.GAMED, [_told(sign) for sign in hiding]
    elif doubts := list(dict.fromkeys(_doubts(position, both))):
        verdict, reasons = Verdict.UNKNOWN, doubts
    return TargetVerdict(
        fingerprint=target.identity.fingerprint,
        rule_id=finding.rule.id,
        verdict=verdict,
        reasons=tuple(reasons),
        evidence=evidence,
    )


def _doubts(position: int, both: Comparison) -> Iterator[str]:
    finding = both.before[position].finding
    moves, files = both.moves, both.files[position]
    yield from both.coverage.doubts(finding, {moves.file_after(file) for file in files})
    similar = both.matching.unsure.get(position)
    if similar is not None:
        yield f"the later scan reports something much like it at {_place(both.after[similar].finding)}"
    if not finding.file:
        yield "it is in no file of the repository, so that nobody can tell whether the later scan looked there"
    elif not moves.is_deleted(finding.file) and both.is_there(moves.file_after(finding.file)) is False:
        yield f"{moves.file_after(finding.file)} is not there any more, and the change does not say where it went"
    if moves.is_known and not any(moves.is_touched(file) for file in files):
        yield "the change touches none of the files that it rests on"
    yield from both.controls.doubts(position)


def _bears_on(sign: HidingSign, position: int, both: Comparison) -> bool:
    """Whether a sign can hide this very finding."""
    finding = both.before[position].finding
    if sign.covers and both.files[position].isdisjoint(sign.covers):
        return False
    if not sign.is_local:
        return True
    if both.moves.file_after(finding.file) != sign.file:
        return False
    span = both.moves.line_after(finding.file, finding.start_line) if finding.start_line else None
    return span is None or sign.line is None or span.distance(sign.line) <= _CLOSE


def _seen(finding: Finding) -> SeenAt:
    return SeenAt(finding.file, finding.start_line)


def _place(finding: Finding) -> str:
    return f"{finding.file or '(no file)'}:{finding.start_line or '?'}"


def _still(before: Finding, now: Finding) -> str:
    where = f" at line {now.start_line}" if now.start_line != before.start_line else ""
    return f"the later scan reports it still{where}"


def _told(sign: HidingSign) -> str:
    where = f"{sign.file}:{sign.line}" if sign.line else sign.file
    return f"{sign.kind.value} at {where}: {sign.text}" if sign.text else f"{sign.kind.value} at {where}"
