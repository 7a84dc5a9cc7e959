"""Measures how well findings are matched between scans, beside three rivals, on mutations whose truth is known.

Precision is right pairs / pairs made, recall right pairs / true pairs. The same seeds give the same figures. Aims and
results: docs/reference/proof.md. The matcher was tuned with `--tuning`: other seeds, and two languages only.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from codeql_fixer.policy.proof.matching import match  # noqa: E402 - the paths come first
from codeql_fixer.policy.proof.moves import Moves  # noqa: E402
from tests.bench.matching_rivals import RIVALS  # noqa: E402
from tests.bench.matching_scans import report_cases, repository_cases  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tests.bench.matching_scans import Case

OURS = "ours"
ALL = "all"
LANGUAGES = ("Python", "JavaScript", "Java", "Go", "shop")
TUNED = ("Python", "Java")
PRECISION, RECALL = 0.97, 0.95
REPORTS = Path(os.environ.get("CODEQL_FIXER_SHARED") or ROOT.parent / "shared") / "sarif/public"  # noqa: TID251


@dataclass
class Tally:
    """Counts of pairs; `lost` live on and are called gone, `kept` are gone and called still there.

    `doubted` are gone and not called so, because something else is like them.
    """

    right: int = 0
    made: int = 0
    true: int = 0
    gone: int = 0
    lost: int = 0
    kept: int = 0
    doubted: int = 0

    def add(self, case: Case, pairs: dict[int, int], unsure: Collection[int] = ()) -> None:
        """Count one matching."""
        truth = case.truth
        self.made += len(pairs)
        self.right += sum(1 for left, right in pairs.items() if truth.get(left) == right)
        self.true += len(truth)
        self.gone += len(case.before.keys) - len(truth)
        self.lost += sum(1 for left in truth if left not in pairs and left not in unsure)
        self.kept += sum(1 for left in pairs if left not in truth)
        self.doubted += sum(1 for left in unsure if left not in truth)

    @property
    def precision(self) -> float:
        """1 where no pair was made."""
        return self.right / self.made if self.made else 1.0

    @property
    def recall(self) -> float:
        """1 where there is nothing to find."""
        return self.right / self.true if self.true else 1.0

    @property
    def balance(self) -> float:
        """The harmonic mean of both (F1), to compare by."""
        total = self.made + self.true
        return 2 * self.right / total if total else 1.0


class Scores:
    """Tallies by mutation, by what is known, and by whose matching it is."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, str], Tally] = defaultdict(Tally)

    def count(self, case: Case) -> None:
        """Match in every way, with and without change and source."""
        changes = (case.change, None) if case.change is not None else (None,)
        for change in changes:
            for has_source in (True, False) if case.change is not None else (False,):
                known = f"{'change' if change else '-'}, {'source' if has_source else '-'}"
                before, after = case.before.side(has_source=has_source), case.after.side(has_source=has_source)
                moves = Moves(change)
                ours = match(before, after, moves)
                pairs = {OURS: {left: pair.after for left, pair in ours.pairs.items()}}
                pairs |= {name: rival(before, after, moves) for name, rival in RIVALS.items()}
                for name, made in pairs.items():
                    for row in ((case.mutation, known), (case.mutation, ALL), (ALL, known), (ALL, ALL)):
                        self._tallies[*row, name].add(case, made, ours.unsure if name == OURS else ())

    def of(self, mutation: str = ALL, known: str = ALL, name: str = OURS) -> Tally:
        """One tally."""
        return self._tallies[mutation, known, name]

    def mutations(self) -> list[str]:
        """In the order in which they came, all of them last."""
        return [*dict.fromkeys(mutation for mutation, _, _ in self._tallies if mutation != ALL), ALL]

    def known(self) -> list[str]:
        """What the matchings knew."""
        return list(dict.fromkeys(known for _, known, _ in self._tallies if known != ALL))


def scores_of(cases: Iterable[Case]) -> Scores:
    """Match all of them."""
    scores = Scores()
    for case in cases:
        scores.count(case)
    return scores


def table(scores: Scores, rows: list[tuple[str, str, str]]) -> str:
    """Precision / recall of everybody, one row for each (words, mutation, what is known)."""
    names = (OURS, *RIVALS)
    lines = [
        f"| | {' | '.join(names)} | false gone | false still there | fix in doubt |",
        "|---" * (len(names) + 4) + "|",
    ]
    for words, mutation, known in rows:
        tallies = [scores.of(mutation, known, name) for name in names]
        ours = tallies[0]
        cells = [f"{100 * one.precision:.1f} / {100 * one.recall:.1f}" for one in tallies]
        still = f"{100 * ours.kept / ours.gone:.1f}" if ours.gone else ""
        gone = f"{100 * ours.lost / ours.true:.2f}" if ours.true else ""
        doubt = f"{100 * ours.doubted / ours.gone:.1f}" if ours.gone else ""
        lines.append(f"| {words} | {' | '.join(cells)} | {gone} | {still} | {doubt} |")
    return "\n".join(lines)


def main() -> int:
    """Measure and print; 1 when the aims are missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seeds only")
    parser.add_argument("--tuning", action="store_true", help="the seeds and languages that the matcher was tuned on")
    parser.add_argument("--details", action="store_true", help="each mutation for each state of knowledge")
    given = parser.parse_args()
    seeds = range(1000, 1004 if given.quick else 1024)
    scores = scores_of(repository_cases(range(12) if given.tuning else seeds, TUNED if given.tuning else LANGUAGES))
    print("Matching, precision / recall in percent, generated and real sources:\n")
    print(table(scores, [(mutation, mutation, ALL) for mutation in scores.mutations()]), end="\n\n")
    print(table(scores, [(known, ALL, known) for known in scores.known()]), end="\n\n")
    if given.details:
        rows = [
            (f"{mutation}: {known}", mutation, known) for mutation in scores.mutations() for known in scores.known()
        ]
        print(table(scores, rows), end="\n\n")
    if REPORTS.is_dir():
        reports = scores_of(report_cases(REPORTS, range(1) if given.tuning or given.quick else range(5, 8)))
        print("The same, real reports without sources and changes:\n")
        print(table(reports, [(mutation, mutation, ALL) for mutation in reports.mutations()]))
    ours = scores.of()
    return 0 if ours.precision >= PRECISION and ours.recall >= RECALL else 1


if __name__ == "__main__":
    sys.exit(main())
