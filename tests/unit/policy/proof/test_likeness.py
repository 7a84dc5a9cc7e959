"""How alike two findings are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.proof.likeness import likeness_of, overlap, words_shared
from codeql_fixer.policy.proof.marks import Described, Mark, Surroundings

TEXTS = st.text(alphabet="ab (.", max_size=12)


def _described(
    text: str = "", message: str = "", lines: tuple[str, ...] = (), *, source: str = "", steps: tuple[str, ...] = ()
) -> Described:
    return Described(Mark("r", "f", 1, 1, message, "", text), Surroundings(lines, source, frozenset(steps)))


@pytest.mark.parametrize(
    ("one", "two", "total", "signals"),
    [
        (_described(), _described(), 0.5, ()),  # nothing to compare says nothing
        (_described("a"), _described(), 0.5, ()),  # nor does what only one of them has
        (_described("a(b)"), _described("a(b)"), 1.0, ("text",)),
        (_described("a", "m"), _described("b", "m"), 0.4, ("message",)),  # the text weighs three, the message two
        (_described("", "m"), _described("", ""), 0.0, ()),  # a message that is not there any more
        (_described("a", "", ("x", "y")), _described("b", "", ("x", "y")), 4 / 7, ("context",)),
        (_described(source="s", steps=("s",)), _described(source="s", steps=("s",)), 1.0, ("flow",)),
        (_described(source="s", steps=("a", "b")), _described(source="t", steps=("a", "b")), 0.5, ()),  # from elsewhere
    ],
)
def test_likeness__is_the_mean_of_what_can_be_compared(
    one: Described, two: Described, total: float, *, signals: tuple[str, ...]
) -> None:
    alike = likeness_of(one, two)

    assert alike.total == pytest.approx(total)
    assert alike.signals == signals


@pytest.mark.parametrize(
    ("one", "two", "has_code", "has_same_text"),
    [
        (_described("", "m"), _described("", "m"), False, False),  # words about the code only
        (_described("a"), _described("a"), True, True),
        (_described("a"), _described("b"), True, False),
        (_described("", "", ("x",)), _described("", "", ("x",)), True, False),
    ],
)
def test_likeness__tells_what_was_compared(
    one: Described, two: Described, *, has_code: bool, has_same_text: bool
) -> None:
    alike = likeness_of(one, two)

    assert (alike.has_code, alike.has_same_text) == (has_code, has_same_text)


def test_likeness__counts_neighbours_that_are_known_not_to_be_there() -> None:
    alone, moved = _described("a"), _described("a", "", ("x",))

    assert likeness_of(alone, moved).total == 1.0
    assert likeness_of(alone, moved, is_context_known=True).total == pytest.approx(3 / 7)


@pytest.mark.parametrize(
    ("one", "two", "shared"),
    [
        ("run(a, b)", "run(a, b)", 1.0),
        ("x" * 500 + "1", "x" * 500 + "2", 1.0),  # what is beyond the limit is not looked at
        ("a b", "a c", 0.5),
        ("run ( a b c d e f g", "run (", 4 / 11),  # two words are too few for a part
        ("run ( a b c d e f g", "run ( a", 0.8),  # a part
        ("", " ", 0.0),  # no words at all
    ],
)
def test_words_shared__compares_words(one: str, two: str, shared: float) -> None:
    assert words_shared(one, two) == pytest.approx(shared)


@given(TEXTS, TEXTS)
def test_words_shared__is_the_same_both_ways(one: str, two: str) -> None:
    assert 0 <= words_shared(one, two) == words_shared(two, one) <= 1


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_overlap__is_the_same_both_ways_and_whole_for_the_same(one: list[str], two: list[str]) -> None:
    assert 0 <= overlap(one, two) == overlap(two, one) <= 1
    assert overlap(one, one[::-1]) == 1
