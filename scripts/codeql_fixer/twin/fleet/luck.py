"""Chance by name: each thing that may happen has a stream of its own, so no decision of ours moves anybody else's luck.

That makes two configurations comparable: both meet the same findings, the same outages and the same fate of an attempt
(common random numbers).
"""

from __future__ import annotations

import math
import random
from datetime import timedelta

_TABLE = 30.0  # up to this mean a Poisson number is counted out; beyond it a normal one is as good


class Luck:
    """All streams of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def stream(self, *names: object) -> random.Random:
        """The stream of a thing, always from its beginning."""
        return random.Random(f"{self._seed}/{'/'.join(map(str, names))}")  # noqa: S311 - a seeded fate, not a secret

    def chance(self, *names: object) -> float:
        """The first number of a stream, from 0 to 1."""
        return self.stream(*names).random()


def hours_about(stream: random.Random, median: float, spread: float) -> timedelta:
    """A log-normal time: half of all are longer than the median, in hours."""
    return timedelta(hours=median * math.exp(spread * stream.gauss(0.0, 1.0)))


def exponential(stream: random.Random, mean: timedelta) -> timedelta:
    """The time until something happens that happens once in `mean` on average."""
    return mean * -math.log(1.0 - stream.random())


def poisson(stream: random.Random, mean: float) -> int:
    """How often something happens that happens so often on average."""
    if mean > _TABLE:
        return max(0, round(stream.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, stream.random()
    while product > limit:
        count += 1
        product *= stream.random()
    return count


def size_of(stream: random.Random, spread: float) -> float:
    """How large a repository is, 1 on average."""
    return math.exp(spread * stream.gauss(0.0, 1.0) - spread * spread / 2)
