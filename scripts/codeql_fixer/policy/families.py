"""Weakness families: findings that one playbook can fix, named by their CWE numbers (cwe.mitre.org)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OTHER = "other"

# From the most to the least specific: where a rule's CWEs belong to several families, the first one counts.
FAMILIES: Mapping[str, tuple[int, ...]] = {
    "template-injection": (1336,),
    "prototype-pollution": (1321,),
    "deserialization": (502,),
    "xxe": (611, 776, 827),
    "ssrf": (918,),
    "nosql-injection": (943, 1286),
    "xml-injection": (91, 643, 652),
    "injection": (74, 77, 78, 88, 89, 90, 93, 94, 95, 96, 113, 470, 564, 624, 917),
    "zip-slip": (59, 61),
    "path-traversal": (22, 23, 24, 29, 35, 36, 73, 98, 99, 641),
    "file-upload": (434,),
    "xss": (79, 80, 83, 87, 116),
    "redirect": (601,),
    "csrf": (352,),
    "hardcoded-credentials": (259, 321, 547, 798),
    "session-management": (384, 613, 614, 1004, 1275),
    "missing-rate-limiting": (307, 770, 799),
    "auth": (269, 275, 276, 284, 285, 287, 290, 304, 306, 346, 639, 732, 862, 863, 1390),
    "crypto": (261, 295, 297, 310, 322, 326, 327, 328, 330, 335, 337, 338, 347, 916, 1204),
    "missing-encryption": (311, 523, 1428),
    "regex-dos": (185, 400, 730, 1333),
    "logging": (117, 223, 778),
    "info-disclosure": (200, 201, 209, 215, 312, 313, 315, 319, 359, 497, 532, 538, 548),
    "race-condition": (362, 363, 366, 367, 377, 378, 379),
    "type-confusion": (681, 704, 843),
    "memory-safety": (119, 120, 121, 122, 125, 131, 134, 190, 191, 415, 416, 476, 787, 788, 823, 824),
    "dependency-vulnerability": (937, 1035, 1104, 1352, 1395),
}
# Classes and pillars that rules name beside a specific weakness; they decide only when nothing else does.
_GENERAL = frozenset({20, 73, 74, 99, 116, 200, 284, 285, 287, 400})


class FamilyTable:
    """Chooses the family of a set of CWEs.

    Args:
        extra: families of the user, each a list of CWE numbers; they come before the built-in ones, and a
            name that is built in gains the numbers.
    """

    def __init__(self, extra: Mapping[str, Iterable[int]] | None = None) -> None:
        extra = {name: tuple(numbers) for name, numbers in (extra or {}).items()}
        self._by_cwe: dict[int, tuple[int, str]] = {}
        for rank, (name, numbers) in enumerate([*extra.items(), *FAMILIES.items()]):
            for number in numbers:
                self._by_cwe.setdefault(number, (rank, name))
        self.names = (*dict.fromkeys([*extra, *FAMILIES]), OTHER)
        self._cache: dict[tuple[int, ...], str] = {}

    def family_of(self, cwes: tuple[int, ...]) -> str:
        """The family of a rule with these CWEs; `other` when none is known."""
        found = self._cache.get(cwes)
        if found is None:
            specific = [number for number in cwes if number not in _GENERAL] or list(cwes)
            ranked = [self._by_cwe[number] for number in specific if number in self._by_cwe]
            ranked = ranked or [self._by_cwe[number] for number in cwes if number in self._by_cwe]
            found = self._cache[cwes] = min(ranked)[1] if ranked else OTHER
        return found
