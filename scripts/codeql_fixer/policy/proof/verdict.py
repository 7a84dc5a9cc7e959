"""The verdict on findings after a change: what the later scan proves about each, and why.

Nothing is called fixed unless the later scan would have reported it: what is still seen comes first, then signs that
it was hidden, then every doubt about the scan, and only what is left is a fix.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.finding import Finding
from codeql_fixer.domain.hiding import HidingSign
from codeql_fixer.domain.issue import Identified
from codeql_fixer.domain.proof import SeenAt, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.policy.proof.controls import Controls, Places
from codeql_fixer.policy.proof.coverage import Coverage
from codeql_fixer.policy.proof.likely import could_be_it, gist, is_one_of_several, name_of, path_of
from codeql_fixer.policy.proof.marks import rule_key
from codeql_fixer.policy.proof.matching import Matching
from codeql_fixer.policy.proof.moves import Moves
from codeql_fixer.policy.proof.substance import Substance

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSE = 10  # lines from a place within which a local sign hides it


class Comparison(Struct, frozen=True, kw_only=True):
    """Two scans side by side, and the change between them.

    `before` and `after` have suppressed findings behind the others, the later ones from `first_suppressed` on. `places`
    has for each earlier finding the files and lines that it rests on; `is_there` tells whether the later state has a
    file, None where nobody knows. `undecided` are results of the later scan that neither fail nor pass.
    """

    before: Sequence[Identified]
    after: Sequence[Identified]
    first_suppressed: int
    matching: Matching
    places: Sequence[Places]
    moves: Moves
    substance: Substance
    coverage: Coverage
    controls: Controls
    signs: Sequence[HidingSign] = ()
    is_there: Callable[[str], bool | None] = lambda _: None
    undecided: Sequence[Finding] = ()


class Judge:
    """Says what is proved of each earlier finding.

    Args:
        both: all that is known.
    """

    def __init__(self, both: Comparison) -> None:
        self._both = both
        # What went to one of another file, or of no place, may as well be one of its own.
        taken = {
            pair.after
            for pair in both.matching.pairs.values()
            if both.after[pair.after].finding.file == both.moves.file_after(both.before[pair.before].finding.file)
        }
        self._strays: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for position, one in enumerate(both.after):
            if position not in taken:
                self._strays[_rule(one.finding), name_of(path_of(one.finding))].append(one.finding)
        self._undecided = {(_rule(other), other.file): other for other in reversed(both.undecided)}
        self._rivals: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for position in both.matching.pairs:
            self._rivals[_kind(both.before[position].finding)].append(position)

    def verdict_on(self, position: int) -> TargetVerdict:
        """The verdict on one earlier finding, by its position."""
        both, target = self._both, self._both.before[position]
        finding = target.finding
        hiding = tuple(sign for sign in both.signs if self._bears_on(sign, position))
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
        elif doubts := list(dict.fromkeys(self._doubts(position))):
            verdict, reasons = Verdict.UNKNOWN, doubts
        return TargetVerdict(
            fingerprint=target.identity.fingerprint,
            rule_id=finding.rule.id,
            verdict=verdict,
            reasons=tuple(reasons),
            evidence=evidence,
        )

    def _doubts(self, position: int) -> Iterator[str]:
        both, finding = self._both, self._both.before[position].finding
        moves, now = both.moves, both.moves.file_after(finding.file)
        yield from both.coverage.doubts(finding, {file: moves.file_after(file) for file in self._files(position)})
        yield from self._seen_elsewhere(position, now)
        if not finding.file:
            yield "it is in no file of the repository, so that nobody can tell whether the later scan looked there"
        elif moves.is_deleted(finding.file):
            if moves.is_new(finding.file, None):
                yield f"{finding.file} was replaced by something of another kind, such as a link"
            elif both.is_there(finding.file):
                yield f"{finding.file} is there still, though the change says that it was deleted"
        elif both.is_there(now) is False:
            yield f"{now} is not there any more, and the change does not say where it went"
        if moves.is_known:
            yield from self._doubts_of_change(position)
        yield from both.controls.doubts(position, is_read=both.coverage.has_read(finding, now))

    def _seen_elsewhere(self, position: int, now: str) -> Iterator[str]:
        """What the later scan reports that may be the very finding."""
        both, finding = self._both, self._both.before[position].finding
        similar = both.matching.unsure.get(position)
        if similar is not None:
            yield f"the later scan reports something much like it at {_place(both.after[similar].finding)}"
        for rival in self._rivals.get(_kind(finding), ()):
            pair, other = both.matching.pairs[rival], both.before[rival].finding
            left = both.after[pair.after].finding
            if is_one_of_several(finding, other, left, by=pair.by, moves=both.moves):
                yield f"several look alike, and nobody can tell whether it is the one that is left at {_place(left)}"
                break
        undecided = self._undecided.get((_rule(finding), now))
        if undecided is not None:
            yield f"the later scan came to no decision at {_place(undecided)}"
        key = _rule(finding)
        for stray in (*self._strays.get((key, ""), ()), *self._strays.get((key, name_of(now)), ())):
            if could_be_it(stray, finding, now, is_same_file_open=not both.moves.is_known):
                yield f"the later scan reports the rule at {_place(stray)}, which may be it (--diff, --candidate-dir)"
                break

    def _doubts_of_change(self, position: int) -> Iterator[str]:
        """A fix is a change of code that the finding rests on."""
        both = self._both
        touched = [file for file in self._files(position) if both.moves.is_touched(file)]
        if not touched:
            yield "the change touches none of the files that it rests on"
        elif not any(map(both.substance.changes_code, touched)):
            yield "the change leaves the code that it rests on as it was, but for form, place or comments"
        else:
            moved = [both.substance.moved_to(file, line) if line else "" for file, line in both.places[position]]
            if all(moved):
                yield f"its code was moved to {moved[0]} as it was, where the later scan reports nothing"

    def _files(self, position: int) -> frozenset[str]:
        return frozenset(file for file, _ in self._both.places[position])

    def _bears_on(self, sign: HidingSign, position: int) -> bool:
        """Whether a sign can hide this very finding."""
        finding, moves = self._both.before[position].finding, self._both.moves
        if sign.covers and self._files(position).isdisjoint(sign.covers):
            return False
        if not sign.is_local:
            return True
        if moves.file_after(finding.file) != sign.file:
            return False
        span = moves.line_after(finding.file, finding.start_line) if finding.start_line else None
        return span is None or sign.line is None or span.distance(sign.line) <= _CLOSE


def _rule(finding: Finding) -> str:
    return rule_key(finding.scan.tool, finding.rule.id)


def _kind(finding: Finding) -> tuple[str, str, str]:
    return _rule(finding), finding.file, gist(finding.message)


def _seen(finding: Finding) -> SeenAt:
    return SeenAt(finding.file, finding.start_line)


def _place(finding: Finding) -> str:
    place = finding.locations[0] if finding.locations else None
    return f"{(place.file or place.external_uri) if place else ''}:{finding.start_line or '?'}".lstrip(":")


def _still(before: Finding, now: Finding) -> str:
    where = f" at line {now.start_line}" if now.start_line != before.start_line else ""
    return f"the later scan reports it still{where}"


def _told(sign: HidingSign) -> str:
    where = f"{sign.file}:{sign.line}" if sign.line else sign.file
    return f"{sign.kind.value} at {where}: {sign.text}" if sign.text else f"{sign.kind.value} at {where}"
