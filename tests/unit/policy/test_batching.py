"""Batching: same family, worst first, near files together, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.batch import Batch
from codeql_fixer.policy.batching import make_batches, split_fixable
from tests.builders import issue

if TYPE_CHECKING:
    from random import Random

    from codeql_fixer.domain.batch import Batching, LeftOut
    from codeql_fixer.domain.issue import Issue


def _ids(batching: Batching) -> list[list[str]]:
    return [[item.id[-4:] for item in batch.issues] for batch in batching.batches]


def test_make_batches__keeps_families_apart_and_near_files_together() -> None:
    issues = [
        issue(1, file="b.py", family="xss"),
        issue(2, file="a/x.py"),
        issue(3, file="b.py"),
        issue(4, file="a/y.py"),
    ]

    batching = make_batches(issues, batch_size=2, max_batches=9)

    assert _ids(batching) == [["0002", "0004"], ["0003"], ["0001"]]
    assert [batch.id for batch in batching.batches] == ["B001", "B002", "B003"]
    assert batching.left_out == ()


def test_make_batches__puts_severe_issues_before_near_ones() -> None:
    issues = [issue(1, file="a.py", score=5.0), issue(2, file="a.py", score=5.0), issue(3, file="z.py", score=9.5)]

    batching = make_batches(issues, batch_size=2, max_batches=9)

    assert _ids(batching) == [["0003", "0001"], ["0002"]]
    assert batching.batches[0].severity.score == 9.5


def test_make_batches__a_batch_is_as_severe_as_its_worst_issue() -> None:
    issues = [issue(1, file="a.py", score=9.1), issue(2, file="b.py", score=9.8)]

    [batch] = make_batches(issues, batch_size=2, max_batches=9).batches

    assert [item.id[-4:] for item in batch.issues] == ["0001", "0002"]
    assert batch.severity.score == 9.8


def test_make_batches__does_not_starve_a_family() -> None:
    """One critical must not pull the mediums of its family before the highs of another."""
    injection = [issue(number, score=9.8 if number == 1 else 5.0) for number in range(1, 26)]
    xss = [issue(number, score=8.0, family="xss") for number in range(26, 36)]

    batching = make_batches([*injection, *xss], batch_size=5, max_batches=3)

    assert [batch.family for batch in batching.batches] == ["injection", "xss", "xss"]


def test_make_batches__says_what_is_left_out_and_why() -> None:
    issues = [issue(number, family=f"family{number}", score=10.0 - number) for number in range(1, 5)]

    batching = make_batches(issues, batch_size=5, max_batches=2)

    assert [batch.family for batch in batching.batches] == ["family1", "family2"]
    assert [group.family for group in batching.left_out] == ["family3", "family4"]
    assert "max_sessions (2)" in batching.left_out[0].reason


issues = st.lists(
    st.builds(
        lambda number, file, score, family: issue(number, file=file, score=score, family=family),
        st.integers(1, 10**6),
        st.sampled_from(["a.py", "b/c.py", ""]),
        st.floats(0.1, 10),
        st.sampled_from(["xss", "injection", "other"]),
    ),
    max_size=30,
    unique_by=lambda item: item.id,
)


@given(issues, st.integers(1, 6), st.integers(1, 5))
def test_make_batches__holds_every_issue_once(found: list[Issue], batch_size: int, max_batches: int) -> None:
    batching = make_batches(found, batch_size=batch_size, max_batches=max_batches)

    groups: list[Batch | LeftOut] = [*batching.batches, *batching.left_out]
    assert sorted(item.id for group in groups for item in group.issues) == sorted(item.id for item in found)
    assert all(0 < len(group.issues) <= batch_size for group in groups)
    assert all({item.family for item in group.issues} == {group.family} for group in groups)
    assert len(batching.batches) <= max_batches


@given(issues, st.randoms(use_true_random=False))
def test_make_batches__does_not_depend_on_the_order(found: list[Issue], random: Random) -> None:
    shuffled = random.sample(found, len(found))

    assert make_batches(found, batch_size=3, max_batches=4) == make_batches(shuffled, batch_size=3, max_batches=4)


@given(issues, st.integers(1, 6))
def test_make_batches__goes_from_worse_to_better(found: list[Issue], batch_size: int) -> None:
    batching = make_batches(found, batch_size=batch_size, max_batches=4)

    groups: list[Batch | LeftOut] = [*batching.batches, *batching.left_out]
    ranks = [group.issues[0].severity.tier.rank for group in groups]
    assert ranks == sorted(ranks, reverse=True)


def test_split_fixable__puts_apart_what_a_codemod_can_do() -> None:
    mixed = Batch("B001", "injection", (issue(1, rule="sql"), issue(2, rule="shell"), issue(3, rule="sql")))
    whole = Batch("B002", "injection", (issue(4, rule="sql"),))
    other = Batch("B003", "xss", (issue(5, rule="xss"),))

    parts = split_fixable([mixed, whole, other], lambda rule_id: rule_id == "sql")

    assert [(part.id, [item.id[-1] for item in part.issues]) for part in parts] == [
        ("B001-codemods", ["1", "3"]),
        ("B001", ["2"]),
        ("B002", ["4"]),
        ("B003", ["5"]),
    ]
