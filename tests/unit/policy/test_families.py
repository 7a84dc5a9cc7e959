"""Weakness families out of CWE numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.families import FAMILIES, OTHER, FamilyTable


@pytest.mark.parametrize(
    ("cwes", "family"),
    [
        ((89,), "injection"),
        ((79, 116), "xss"),  # CodeQL's js/xss
        ((116, 20), "xss"),  # only general ones: the family of the first that is known
        ((20,), OTHER),  # input validation alone says nothing
        ((22, 23, 36, 73, 99), "path-traversal"),  # CodeQL's path injection
        ((77, 78, 88), "injection"),
        ((73, 610), "path-traversal"),
        ((400, 1333, 730), "regex-dos"),
        ((770, 307, 400), "missing-rate-limiting"),  # not regex-dos, though 400 is named
        ((285, 639), "auth"),
        ((943, 89), "nosql-injection"),
        ((200, 918), "ssrf"),
        ((), OTHER),
        ((99999,), OTHER),
    ],
)
def test_family_of__takes_the_most_specific(cwes: tuple[int, ...], family: str) -> None:
    assert FamilyTable().family_of(cwes) == family


def test_families__are_at_least_the_twenty_five_of_the_first_generation() -> None:
    assert len(FAMILIES) >= 25


def test_families__name_no_number_twice() -> None:
    numbers = [number for family in FAMILIES.values() for number in family]

    assert len(numbers) == len(set(numbers))


def test_family_table__lets_the_user_add_and_override() -> None:
    table = FamilyTable({"payments": (89,), "xss": (12345,)})

    assert table.family_of((89,)) == "payments"
    assert table.family_of((12345,)) == "xss"
    assert table.family_of((79,)) == "xss"
    assert table.names[0] == "payments"
    assert table.names[-1] == OTHER


@given(st.lists(st.integers(1, 1500), max_size=5))
def test_family_of__depends_on_the_set_only(cwes: list[int]) -> None:
    table = FamilyTable()

    assert table.family_of(tuple(cwes)) == table.family_of(tuple(reversed(cwes)))
