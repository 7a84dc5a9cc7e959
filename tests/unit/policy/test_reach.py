"""Blast radius: what share of the files depends on one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.reach import bonus_of, reach

SMALL = st.dictionaries(st.sampled_from("abcdefghij"), st.sets(st.sampled_from("abcdefghij")))


@pytest.mark.parametrize(
    ("imports", "expected"),
    [
        ({}, {}),
        ({"a": []}, {"a": 0}),
        ({"a": ["a"]}, {"a": 0}),  # on itself
        ({"a": ["b"], "b": ["c"]}, {"a": 0, "b": 0.5, "c": 1}),
        ({"a": ["b"], "b": ["a"], "c": ["a"]}, {"a": 1, "b": 1, "c": 0}),
        ({"a": ["c", "c"], "b": ["c"], "d": []}, {"a": 0, "b": 0, "c": pytest.approx(2 / 3), "d": 0}),
    ],
)
def test_reach(imports: dict[str, list[str]], expected: dict[str, float]) -> None:
    assert reach(imports) == expected


def _exact(imports: dict[str, set[str]]) -> dict[str, float]:
    files = {*imports, *(target for targets in imports.values() for target in targets)}
    dependents = dict.fromkeys(files, 0)
    for start in files:
        reached, waiting = {start}, [start]
        while waiting:
            new = imports.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        for file in reached - {start}:
            dependents[file] += 1
    return {file: count / max(len(files) - 1, 1) for file, count in dependents.items()}


@given(SMALL)
def test_reach__is_exact_where_few_depend_on_a_file(imports: dict[str, set[str]]) -> None:
    assert reach(imports) == _exact(imports)


@pytest.mark.parametrize("width", [3, 11])
def test_reach__is_near_where_many_do(width: int) -> None:
    """On a ladder of 2,000 files with a ring: within three standard errors of an eighth each."""
    imports = {f"f{number}": {f"f{number // width}", f"f{number // 2}"} for number in range(2000)}
    imports["f0"] = {"f7"}

    found, exact = reach(imports), _exact(imports)

    assert {file for file in exact if exact[file] * 1999 <= 62} <= {
        file for file in exact if found[file] == exact[file]
    }
    assert all(found[file] == pytest.approx(exact[file], rel=0.38) for file in exact)
    assert found["f0"] == pytest.approx(1, rel=0.38)


@given(SMALL, st.sampled_from("abcdefghij"), st.sampled_from("abcdefghij"))
def test_reach__never_falls_when_an_import_is_added(imports: dict[str, set[str]], one: str, two: str) -> None:
    known = {**imports, one: imports.get(one, set()), two: imports.get(two, set())}
    before, after = reach(known), reach({**known, one: known[one] | {two}})

    assert all(0 <= before[file] <= after[file] <= 1 for file in known)


def test_reach__of_deep_chains() -> None:
    """No recursion: a chain of 5,000."""
    found = reach({f"f{number}": [f"f{number + 1}"] for number in range(5000)})

    assert found["f30"] * 5000 == 30
    assert found["f0"] == 0


def test_bonus_of__is_a_tenth_at_most() -> None:
    assert [bonus_of(share) for share in (0.0, 0.5, 1.0)] == [0.0, 0.05, 0.1]
