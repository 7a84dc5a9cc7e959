"""Rates of many kinds of attempts, most of which were tried a few times only: each borrows from those it belongs to.

Kinds form a tree, such as everything, family, rule. What is believed of the parent is the prior of its children, worth
as many tries as children of that level are alike. So a rule with two attempts is taken for its family, and one with
two hundred for what it is. This is an empirical Bayes estimate of Beta-binomial rates (Efron and Morris 1975). How
alike children are comes from the method of moments of Kleinman (1973), "Proportions with extraneous variance", for
groups weighted by their size: with n tries and p the rate of a group, N and P those of all G groups of a parent,

    share = sum over parents of (sum n (p - P)^2 - P (1 - P) (G - 1))
            / sum over parents of P (1 - P) (N - sum n^2 / N - (G - 1))
    worth = 1 / share - 1

`share` is the part of the variance of one try that comes from the kinds: 0 when they are all alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from codeql_fixer.policy.beta import Beta

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Kind: TypeAlias = "tuple[str, ...]"  # from the top of the tree down; () is everything

FLAT = Beta(1, 1)
_LEAST, _MOST = 1.0, 50.0  # tries that a prior is worth: never nothing, and never so much that nothing is learned
_UNKNOWN = 4.0  # where too few kinds were tried to tell


class Tally(Struct, frozen=True):
    """Attempts of which it is known how they ended."""

    good: int = 0
    bad: int = 0

    @property
    def known(self) -> int:
        """How many."""
        return self.good + self.bad


class Estimate(Struct, frozen=True):
    """What is known of a kind, the prior that its parent gives, and what is believed with both."""

    tally: Tally
    prior: Beta

    @property
    def belief(self) -> Beta:
        """The posterior."""
        return Beta(self.prior.a + self.tally.good, self.prior.b + self.tally.bad)


def estimates(tallies: Mapping[Kind, Tally]) -> dict[Kind, Estimate]:
    """What is believed of every kind and of all that they belong to.

    Args:
        tallies: of kinds that are all equally deep in the tree.
    """
    sums: dict[Kind, Tally] = {(): Tally()}
    for kind, tally in sorted(tallies.items()):  # in whatever order they come, the last digit is the same
        for depth in range(len(kind) + 1):
            sums[kind[:depth]] = _sum([sums.get(kind[:depth], Tally()), tally])
    depth = max(map(len, sums))
    worths = [0.0, *(worth(_families(sums, level)) for level in range(1, depth + 1))]
    found: dict[Kind, Estimate] = {}
    for kind in sorted(sums, key=len):
        found[kind] = Estimate(sums[kind], _prior(kind, sums, found, tries=worths[len(kind)]))
    return found


def worth(families: Iterable[Sequence[Tally]]) -> float:
    """How many tries of its own the prior of a child counts for; see above.

    Args:
        families: the children of each parent.
    """
    above = below = 0.0
    for children in families:
        total = _sum(children)
        tried = [child for child in children if child.known]
        if len(tried) > 1:
            rate, spare = total.good / total.known, len(tried) - 1
            each = rate * (1 - rate)
            squares = sum(child.known**2 for child in tried)
            above += sum(child.known * (child.good / child.known - rate) ** 2 for child in tried) - each * spare
            below += each * (total.known - squares / total.known - spare)
    if below <= 0:
        return _UNKNOWN
    share = above / below
    return _MOST if share <= 0 else min(_MOST, max(_LEAST, 1 / share - 1))


def _prior(kind: Kind, sums: Mapping[Kind, Tally], found: Mapping[Kind, Estimate], *, tries: float) -> Beta:
    """The only child of its parent has the parent's own prior: else the same attempts would count twice."""
    if not kind:
        return FLAT
    parent = found[kind[:-1]]
    if sums[kind] == sums[kind[:-1]]:
        return parent.prior
    mean = parent.belief.mean
    return Beta(mean * tries, (1 - mean) * tries)


def _families(sums: Mapping[Kind, Tally], level: int) -> Iterable[list[Tally]]:
    """The kinds of a level by their parents."""
    found: dict[Kind, list[Tally]] = {}
    for kind, tally in sums.items():
        if len(kind) == level:
            found.setdefault(kind[:-1], []).append(tally)
    return found.values()


def _sum(tallies: Iterable[Tally]) -> Tally:
    tallies = list(tallies)
    return Tally(sum(one.good for one in tallies), sum(one.bad for one in tallies))
