"""Puts a case before the verifier, as files, and says what came of it."""

from __future__ import annotations

import json
import os
from collections import Counter
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from codeql_fixer.adapters.tree_diff import difference
from codeql_fixer.bootstrap.verify import VerifyFiles, verify_files
from tests.proof.cases import BARE, DIFF, DIRS, FAST, World, fingerprints
from tests.proof.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from tests.proof.cases import Case
    from tests.proof.scanners import Sarif, Tree

_HUGE = 1 << 31
_SOME = 3  # of so many worlds of a sample a kind is tried in one more
_SELDOM = 16  # of so many cases one has git compare whole checkouts, which takes long
_ENVIRON = {"PATH": os.environ["PATH"]}  # noqa: TID251 - tests


class Outcome(NamedTuple):
    """What the verifier said of a case, with the reasons that it gave first."""

    case: Case
    way: str
    verdicts: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether every verdict is one of those that are honest."""
        found = set(self.verdicts)
        return bool(found) and found <= set(self.case.expected) and self.case.must in {"", *found}


def worlds() -> Iterator[World]:
    """Every shop with every scanner that reads its language."""
    for language in LANGUAGES:
        yield World(language, "codeql")
        yield World(language, "semgrep")
        if language.name == "python":
            yield World(language, "bandit")


def trials(cases: Callable[[World], Iterable[Case]], names: Collection[str] | None = None) -> Iterator[Outcome]:
    """All cases in all worlds; git compares whole checkouts for a part of them.

    Args:
        cases: what makes them.
        names: the worlds of a sample. It has each kind where it occurs first, and each again in some other worlds;
            which these are differs by kind, and is the same in every run.
    """
    seen: Counter[str] = Counter()
    chosen = [world for world in worlds() if names is None or world.name in names]
    for number, world in enumerate(chosen):
        for position, case in enumerate(cases(world)):
            times = seen[case.kind]
            seen[case.kind] += 1
            if names is not None and times and (times + crc32(case.kind.encode())) % _SOME:
                continue
            for way in case.ways:
                if way != DIRS or (number + position) % _SELDOM == 0 or DIFF not in case.ways:
                    yield trial(case, way)


def trial(case: Case, way: str) -> Outcome:
    """Verify one case."""
    with TemporaryDirectory(prefix="proof-", dir=FAST) as scratch:
        folder = Path(scratch)
        baseline, candidate = folder / "baseline.sarif", folder / "candidate.sarif"
        baseline.write_text(json.dumps(case.baseline), encoding="utf-8")
        _write_candidate(candidate, case.candidate)
        before, after, diff = folder / "before", folder / "after", folder / "change.diff"
        if way == DIFF:
            diff.write_text(_diff(tuple(case.before.items()), tuple(case.after.items())), encoding="utf-8")
        elif way != BARE:
            write_tree(before, case.before)
            write_tree(after, case.after)
            for link, target in case.links:
                (after / link).unlink()
                (after / link).symlink_to(target)
        proof = verify_files(
            VerifyFiles(
                baseline=baseline,
                candidate=candidate,
                targets=_targets(case),
                baseline_dir=before if way == DIRS else None,
                candidate_dir=after if way in {DIRS, "after"} else None,
                diff=diff if way == DIFF else None,
                commit=case.commit,
            ),
            _ENVIRON,
        ).proof
    return Outcome(
        case,
        way,
        tuple(target.verdict.value for target in proof.targets),
        tuple(target.reasons[0] for target in proof.targets),
    )


def table(outcomes: Iterable[Outcome]) -> dict[str, Counter[str]]:
    """How often each verdict was given, by kind."""
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.case.kind, Counter()).update(outcome.verdicts)
    return counts


@lru_cache(maxsize=64)
def _diff(before: tuple[tuple[str, str], ...], after: tuple[tuple[str, str], ...]) -> str:
    """What git says of two states; many cases share them."""
    with TemporaryDirectory(prefix="proof-", dir=FAST) as scratch:
        for name, tree in (("before", before), ("after", after)):
            Path(scratch, name).mkdir()
            write_tree(Path(scratch, name), dict(tree))
        return difference(Path(scratch, "before"), Path(scratch, "after"), _ENVIRON)


def _write_candidate(path: Path, candidate: Sarif | bytes) -> None:
    if candidate == b"<folder>":
        path.mkdir()
    elif candidate == b"<huge>":
        with path.open("wb") as stream:
            stream.truncate(_HUGE)
    else:
        path.write_bytes(candidate if isinstance(candidate, bytes) else json.dumps(candidate).encode())


def write_tree(folder: Path, tree: Tree) -> None:
    """Put a shop into a folder."""
    for name, text in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def _targets(case: Case) -> tuple[str, ...]:
    if case.names:
        return () if case.names == ("*",) else case.names
    return tuple(
        name
        for kind, file in case.targets or ()
        for name in fingerprints(case.baseline, case.world.scanner.rule(kind), file)[:1]
    )
