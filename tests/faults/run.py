"""Plays scenarios until so many faults have struck: `python -m tests.faults.run --faults 2000` (or `make faults`)."""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.devin_twin import devin_twin
from tests.faults.dispatching import play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.queues import Queue

    from tests.faults.dispatching import Played

_WORKERS = 2


def main() -> int:
    """Play, and tell what came of it; 1 when a scenario went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=2000, help="how many faults have to strike")
    parser.add_argument("--seed", type=int, help="play this one scenario only")
    parser.add_argument("--from-seed", type=int, default=0, help="the first scenario")
    given = parser.parse_args()
    if given.seed is not None:
        print(next(played(given.seed, step=1)))
        return 0
    kinds, failures, scenarios = many(given.faults, given.from_seed)
    print(f"{kinds.total()} faults in {scenarios} scenarios: {dict(kinds)}; {len(failures)} went wrong")
    for seed, problem in failures:
        print(f"--seed {seed}: {problem}", file=sys.stderr)
    return 1 if failures else 0


def many(faults: int, first_seed: int = 0) -> tuple[Counter[str], list[tuple[int, str]], int]:
    """Kinds of faults that struck, scenarios that went wrong, and how many were played, by two workers at once."""
    context = multiprocessing.get_context("spawn")
    results: Queue[tuple[int, Played | str]] = context.Queue()
    workers = [context.Process(target=_work, args=(first_seed + number, results)) for number in range(_WORKERS)]
    for worker in workers:
        worker.start()
    kinds: Counter[str] = Counter()
    failures: list[tuple[int, str]] = []
    scenarios = 0
    try:
        while kinds.total() < faults:
            seed, result = results.get(timeout=300)
            scenarios += 1
            if isinstance(result, str):
                failures.append((seed, result))
                break
            kinds += result.kinds
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
    return kinds, failures, scenarios


def _work(first_seed: int, results: Queue[tuple[int, Played | str]]) -> None:
    seed = first_seed
    try:
        for result in played(first_seed, step=_WORKERS):
            results.put((seed, result))
            seed += _WORKERS
    except AssertionError as error:
        results.put((seed, str(error)))


def played(first_seed: int, *, step: int) -> Iterator[Played]:
    """One scenario after the other, each in a folder that stays when it goes wrong."""
    with devin_twin("--seed", "7") as twin:
        twin.outcome("never_ending")
        while True:
            folder = Path(tempfile.mkdtemp(prefix=f"faults-{first_seed}-"))
            yield play(first_seed, folder, twin)
            shutil.rmtree(folder)
            first_seed += step


if __name__ == "__main__":
    sys.exit(main())
