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
    from collections.abc import Iterable
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Event

    from tests.faults.dispatching import Played


def main() -> int:
    """Play, and tell what came of it; 1 when a scenario went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=2000, help="how many faults have to strike")
    parser.add_argument("--seed", type=int, help="play this one scenario only")
    parser.add_argument("--from-seed", type=int, default=0, help="the first scenario")
    given = parser.parse_args()
    if given.seed is None:
        kinds, failures, scenarios = many(given.faults, given.from_seed)
    else:
        kinds, failures, scenarios = many(1, given.seed, workers=1)
    print(f"{kinds.total()} faults in {scenarios} scenarios: {dict(kinds)}; {len(failures)} went wrong")
    for seed, problem in failures:
        print(f"--seed {seed}: {problem}", file=sys.stderr)
    return 1 if failures else 0


def many(faults: int, first_seed: int = 0, workers: int = 2) -> tuple[Counter[str], list[tuple[int, str]], int]:
    """Kinds of faults that struck, scenarios that went wrong, and how many were played, by some workers at once.

    A scenario that goes wrong is the last one, and its folder stays.
    """
    context = multiprocessing.get_context("spawn")
    results: Queue[tuple[int, Played | str]] = context.Queue()
    enough = context.Event()
    seeds = [range(first_seed + number, sys.maxsize, workers) for number in range(workers)]
    processes = [context.Process(target=_work, args=(mine, results, enough)) for mine in seeds]
    for process in processes:
        process.start()
    kinds: Counter[str] = Counter()
    failures: list[tuple[int, str]] = []
    scenarios = 0
    try:
        while kinds.total() < faults and not failures:
            seed, result = results.get(timeout=300)
            scenarios += 1
            if isinstance(result, str):
                failures.append((seed, result))
            else:
                kinds += result.kinds
    finally:
        enough.set()
        results.cancel_join_thread()
        for process in processes:
            process.join()
    return kinds, failures, scenarios


def _work(seeds: Iterable[int], results: Queue[tuple[int, Played | str]], enough: Event) -> None:
    """Play one scenario after the other, each in a folder of its own."""
    with devin_twin("--seed", "7") as twin:
        for seed in seeds:
            if enough.is_set():
                return
            folder = Path(tempfile.mkdtemp(prefix=f"faults-{seed}-"))
            try:
                results.put((seed, play(seed, folder, twin)))
            except Exception as error:  # noqa: BLE001 - told where the results are told
                results.put((seed, f"{type(error).__name__}: {error}, see {folder}"))
                return
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
