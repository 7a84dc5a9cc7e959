"""Which versions of a scanner can be held against each other."""

from __future__ import annotations

import pytest

from codeql_fixer.policy.proof.versions import is_same_version, why_not_comparable


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("2.20.1", "2.20.1", ""),
        ("2.20.1", "2.20.9", ""),
        ("2.20.1", "2.21.0", ""),
        ("2.20", "2.20.1", ""),  # what one of them does not say is no difference
        ("2.20.1", "2.20", ""),
        ("", "", ""),
        ("latest", "nightly", ""),
        ("v2.20.1", "2.20.1", ""),
        ("1.6.3+57378ec", "1.6.3+0000000", ""),
        ("2.20.1", "2.20.0", "is older than"),
        ("2.20.1", "2.19.9", "is older than"),
        ("2.20.1", "3.0.0", "cannot be compared with"),
        ("2.20.1", "1.9.9", "cannot be compared with"),
        ("2.20.1", "", "cannot be compared with"),
        ("", "2.20.1", "cannot be compared with"),
        ("1" * 5000, "1" * 5000, ""),  # nobody counts that far
    ],
)
def test_versions__what_a_later_one_is_to_an_earlier_one(before: str, after: str, said: str) -> None:
    assert why_not_comparable(before, after) == said


def test_versions__packs_may_begin_a_new_generation_with_their_tool() -> None:
    assert why_not_comparable("4.0.13", "5.0.1", across_generations=True) == ""
    assert why_not_comparable("4.0.13", "3.9.9", across_generations=True) == "is older than"
    assert why_not_comparable("4.0.13", "", across_generations=True) == "cannot be compared with"


def test_versions__are_the_same_by_their_numbers() -> None:
    assert is_same_version("", "")
    assert is_same_version("2.20.1", "v2.20.1")
    assert not is_same_version("2.20.1", "2.20.2")
    assert not is_same_version("latest", "nightly")
