"""The Beta distribution: what may be believed about a rate of which some tries are known."""

from __future__ import annotations

import math

from msgspec import Struct

_TINY = 1e-300  # keeps a continued fraction from dividing by nothing
_ENOUGH = 1e-14  # of change, from which on a further term says nothing
_HALVINGS = 60  # of [0, 1]; finer than a float can tell
_DOUBT = 0.05  # on either side of an interval that holds the true rate with 90 %


class Beta(Struct, frozen=True):
    """Beta(a, b); both are above 0. Beta(1, 1) says that every rate is as likely as any other."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        """The middle of it."""
        return self.a / (self.a + self.b)

    def below(self, rate: float) -> float:
        """The chance that the true rate lies below this one: the regularized incomplete beta function I_rate(a, b).

        By its continued fraction (DLMF 8.17.22), which converges fast below the mean; above it by I_x(a, b) =
        1 - I_(1-x)(b, a) (DLMF 8.17.4).
        """
        if rate <= 0:
            return 0.0
        if rate >= 1:
            return 1.0
        if rate > (self.a + 1) / (self.a + self.b + 2):
            return 1 - _front(self.b, self.a, 1 - rate)
        return _front(self.a, self.b, rate)

    def above(self, rate: float) -> float:
        """The chance that the true rate lies above this one."""
        return Beta(self.b, self.a).below(1 - rate)

    def quantile(self, chance: float) -> float:
        """The rate that the true one lies below with this chance."""
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < chance else (low, middle)
        return (low + high) / 2

    @property
    def interval(self) -> tuple[float, float]:
        """Between these two the true rate lies with 90 %, and as probably below as above."""
        return self.quantile(_DOUBT), self.quantile(1 - _DOUBT)


def _front(a: float, b: float, x: float) -> float:
    """x^a (1 - x)^b / (a B(a, b)) times the continued fraction."""
    log = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return min(1.0, math.exp(log) / a * _fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction, term by term from the front (Lentz's method)."""
    front, c, d = 1.0, 1.0, 0.0
    change, m = math.inf, 0
    while abs(change - 1) > _ENOUGH:
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        even = (m + 1) * (b - m - 1) * x / ((a + 2 * m + 1) * (a + 2 * m + 2))
        change = 1.0
        for term in (odd, even):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            change *= c * d
        front *= change
        m += 1
    return 1 / front


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
