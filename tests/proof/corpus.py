"""Runs the corpus, and writes what came of it into docs/reference/proof.md: `python -m tests.proof.corpus`."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.proof.cases import FIXED, GAMED, STILL, UNKNOWN
from tests.proof.gaming import gaming
from tests.proof.honest import honest
from tests.proof.traps import traps
from tests.proof.trial import table, trials, worlds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.proof.trial import Outcome

PAGE = Path(__file__).parents[2] / "docs/reference/proof.md"
_BEGIN, _END = "<!-- traps: begin -->", "<!-- traps: end -->"
_PARTS = (("Traps", traps), ("Gaming", gaming), ("Honest fixes", honest))
# What a few worlds show, all of them show nearly always. The tests take a sample of these; this command and .ci/run
# take everything.
_FEW = {
    ("python", "codeql"),
    ("python", "bandit"),
    ("java", "codeql"),
    ("go", "semgrep"),
    ("typescript", "codeql"),
    ("c", "codeql"),
}
# Kinds of gaming that the detector of policy/hiding does not always see, and why each is missed.
WAITING: dict[str, str] = {}


def few_worlds() -> list[str]:
    """Names of the worlds that are enough for every day."""
    return [world.name for world in worlds() if (world.language.name, world.tool) in _FEW]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all, print the figures, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.corpus", description=__doc__)
    parser.add_argument("--few", action="store_true", help="a sample of a few languages, and leave the page as it is")
    is_few = parser.parse_args(arguments).few
    lines = [_BEGIN, "", *_INTRODUCTION]
    for title, cases in _PARTS:
        outcomes = list(trials(cases, few_worlds() if is_few else None))
        lines += ["", f"### {title}", "", *summary(title, outcomes), "", *rows(outcomes)]
    text = "\n".join([*lines, "", _END])
    sys.stdout.write(f"{text}\n")
    if not is_few:
        old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# What is proved\n\n"
        found = re.search(f"{_BEGIN}.*{_END}", old, re.DOTALL)
        new = old[: found.start()] + text + old[found.end() :] if found else f"{old.rstrip()}\n\n## Traps\n\n{text}\n"
        PAGE.write_text(new, encoding="utf-8")
    return 0


def summary(title: str, outcomes: Sequence[Outcome]) -> list[str]:
    """What the part comes to."""
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    counted = (
        f"{len({outcome.case.kind for outcome in outcomes})} kinds, {len(outcomes)} cases, {len(verdicts)} verdicts:"
    )
    if title == "Honest fixes":
        unknown, alarms = share(verdicts, {UNKNOWN}), share(verdicts, {GAMED})
        return [
            f"{counted} {unknown:.1%} unknown, {alarms:.1%} false alarms, {share(verdicts, {STILL}):.1%} still present."
        ]
    false = false_fixes(outcomes)
    if title == "Gaming":
        rest = [outcome for outcome in outcomes if outcome.case.is_gaming and outcome.case.kind not in WAITING]
        caught = [set(outcome.verdicts) == {GAMED} for outcome in outcomes if outcome.case.is_gaming]
        told = [set(outcome.verdicts) == {GAMED} for outcome in rest]
        line = (
            f"{counted} {len(false)} false `{FIXED}`, {sum(caught) / len(caught):.1%} of the gaming ones told as such."
        )
        if not WAITING:
            return [line]
        return [
            line,
            f"Without the {len(WAITING)} kinds that wait: {len(false_fixes(rest))} and {sum(told) / len(told):.1%}.",
            "",
            *(f"- waits: {kind} ({reason})" for kind, reason in WAITING.items()),
        ]
    return [f"{counted} {len(false)} false `{FIXED}`."]


def false_fixes(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Where something was called fixed that is not."""
    return [outcome for outcome in outcomes if FIXED in outcome.verdicts and FIXED not in outcome.case.expected]


def share(verdicts: Sequence[str], of: set[str]) -> float:
    """How many of all are among some, in [0, 1]."""
    return sum(verdict in of for verdict in verdicts) / len(verdicts)


def rows(outcomes: Iterable[Outcome]) -> list[str]:
    """The table of a part."""
    counts = table(outcomes)
    return [
        "| kind | verdicts |",
        "|---|---|",
        *(
            f"| {kind} | {', '.join(f'{count} {verdict}' for verdict, count in found.most_common())} |"
            for kind, found in counts.items()
        ),
    ]


_INTRODUCTION = (
    "Made by `python -m tests.proof.corpus`. Every case is a shop in one of nine languages with its mistakes, what",
    "CodeQL, Semgrep or Bandit would write about it before and after a change, and the honest verdict. The verifier",
    "gets the scans alone, the scans with the diff that git made, or both checkouts; gaming is seen in the change",
    "only, and not looked for where nobody gives it. Kinds that the detector of gaming misses are listed below with",
    "their reasons, and named in `tests/proof/corpus.py`; where none is, it sees all of them nearly always.",
)

if __name__ == "__main__":
    sys.exit(main())
