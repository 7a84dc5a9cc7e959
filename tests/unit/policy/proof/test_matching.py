"""Which finding is which: tables of what is told apart, and the laws of every matching."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.domain.change import Change, FileChange, FileStatus, Hunk
from codeql_fixer.policy.proof import matching
from codeql_fixer.policy.proof.marks import Mark, Surroundings
from codeql_fixer.policy.proof.matching import Matching, Side, match
from codeql_fixer.policy.proof.moves import Moves

if TYPE_CHECKING:
    import random

NO_CHANGE = Moves(None)
UNTOUCHED = Moves(Change())


def _mark(line: int | None = 1, message: str = "m", file: str = "a.py", *, text: str = "", prints: str = "") -> Mark:
    return Mark("r", file, line, 5 if line else None, message, prints, text)


def _side(*marks: Mark, around: tuple[tuple[str, ...], ...] = ()) -> Side:
    return Side(marks, lambda one: Surroundings(around[one]) if around else Surroundings())


def _moves(*hunks: Hunk, file: str = "a.py") -> Moves:
    return Moves(Change((FileChange(old_path=file, new_path=file, status=FileStatus.MODIFIED, hunks=hunks),)))


def _match(before: list[Mark], after: list[Mark], moves: Moves = NO_CHANGE) -> Matching:
    return match(_side(*before), _side(*after), moves)


def _said(found: Matching) -> tuple[dict[int, int], dict[int, int]]:
    return {left: pair.after for left, pair in found.pairs.items()}, found.unsure


EDIT = Hunk(5, ("run(a)",), 5, ("run(a, 1)",))  # line 5 was edited where it is
FAR = Hunk(20, (), 20, ("", "", "", "", "run(b)"))  # line 24 is new


@pytest.mark.parametrize(
    ("before", "after", "moves", "pairs", "unsure"),
    [
        # Nothing was touched: the place decides, and nothing else does.
        ([_mark(3)], [_mark(3, "other words")], UNTOUCHED, {0: 0}, {}),
        # The tool points to another column and says it in other words: it is the line.
        ([_mark(3)], [replace(_mark(3, "other words"), column=9)], UNTOUCHED, {0: 0}, {}),
        # Two on one line, and one of them was mended.
        ([_mark(3), replace(_mark(3), column=9)], [replace(_mark(3), column=9)], UNTOUCHED, {1: 0}, {}),
        # The change shows that the line went down by five.
        ([_mark(30)], [_mark(35)], _moves(FAR), {0: 0}, {}),
        # Another rule is another finding.
        ([_mark(3)], [replace(_mark(3), rule="s")], UNTOUCHED, {}, {}),
        # The line was edited, and it is still there.
        ([_mark(5)], [_mark(5)], _moves(EDIT), {0: 0}, {}),
        # The line was mended, and a new one is elsewhere in the file: the change tells them apart.
        ([_mark(5)], [_mark(24)], _moves(EDIT, FAR), {}, {}),
        # The line stands elsewhere word by word: nobody can tell whether it was moved or written twice.
        ([_mark(5)], [_mark(24)], _moves(EDIT, replace(FAR, added=("", "", "", "", "run(a)"))), {}, {0: 0}),
        # A fingerprint that only one on each side has.
        ([_mark(3, prints="x")], [_mark(90, "other words", prints="x")], NO_CHANGE, {0: 0}, {}),
        # The same in another file, when the change wrote it there.
        ([_mark(3, prints="x")], [_mark(3, file="b.py", prints="x"), _mark(9, prints="y")], NO_CHANGE, {0: 0}, {}),
        # The change did not write it there: it has been there before.
        ([_mark(3, prints="x")], [_mark(3, file="b.py", prints="x")], UNTOUCHED, {}, {}),
        # The same line of code, told by its text.
        ([_mark(3, text="a")], [_mark(90, text="b"), _mark(60, text="a")], NO_CHANGE, {0: 1}, {}),
        # Nothing is known but lines: the order decides, in runs that moved together.
        ([_mark(3), _mark(8), _mark(20)], [_mark(13), _mark(18), _mark(30)], NO_CHANGE, {0: 0, 1: 1, 2: 2}, {}),
        ([_mark(3), _mark(8), _mark(20)], [_mark(3), _mark(20)], NO_CHANGE, {0: 0, 2: 1}, {}),
        # Words are all there is, and they are different: nobody can tell.
        ([_mark(3, "a b c")], [_mark(80, "d e f")], NO_CHANGE, {}, {0: 0}),
        # It is not in the file any more, and something says the same elsewhere.
        ([_mark(3)], [_mark(9, file="b.py"), _mark(3, "z", file="c.py")], NO_CHANGE, {}, {0: 0}),
        # No lines: the file as a whole is meant.
        ([_mark(None)], [_mark(None)], UNTOUCHED, {0: 0}, {}),
        ([_mark(None)], [_mark(None)], NO_CHANGE, {0: 0}, {}),
        # A line is there on one side only.
        ([_mark(3)], [_mark(None)], NO_CHANGE, {0: 0}, {}),
        # The line was removed, and what is there now says something else.
        ([_mark(5, "a b c")], [_mark(9, "d e f")], _moves(Hunk(5, ("x",), 5, ())), {}, {}),
        # Files that git follows, and files that findings tell of.
        (
            [_mark(3)],
            [_mark(3, file="b.py")],
            Moves(Change((FileChange(old_path="a.py", new_path="b.py", status=FileStatus.RENAMED),))),
            {0: 0},
            {},
        ),
        ([_mark(3), _mark(9)], [_mark(3, file="b.py"), _mark(9, file="b.py")], NO_CHANGE, {0: 0, 1: 1}, {}),
    ],
)
def test_match__tells_findings_apart(
    before: list[Mark], after: list[Mark], moves: Moves, *, pairs: dict[int, int], unsure: dict[int, int]
) -> None:
    assert _said(_match(before, after, moves)) == (pairs, unsure)


FUNCTION = ("deff():", "a=1", "b=2", "c=3")
OTHER = ("defg():", "d=1", "e=2", "f=3")


@pytest.mark.parametrize(
    ("now", "pairs", "unsure"),
    [
        (FUNCTION, {0: 0}, {}),  # it came with what was around it
        (OTHER, {}, {0: 0}),  # the same line in another function: written twice, or moved alone
    ],
)
def test_match__asks_what_stands_around_a_line_that_is_found_elsewhere(
    now: tuple[str, ...], pairs: dict[int, int], unsure: dict[int, int]
) -> None:
    before = _side(_mark(3, text="run(a)"), around=(FUNCTION,))
    after = _side(_mark(90, text="run(a)"), around=(now,))

    assert _said(match(before, after, NO_CHANGE)) == (pairs, unsure)


def test_match__follows_an_edited_function_into_another_file() -> None:
    before = _side(_mark(3, text="run(a,b,c)"), around=(FUNCTION,))
    after = _side(_mark(90, file="b.py", text="run(a,b,d)"), _mark(7, "z z z", text="zz"), around=(FUNCTION, OTHER))

    found = match(before, after, NO_CHANGE)

    assert _said(found) == ({0: 0}, {})
    assert found.pairs[0].by == ("text", "message", "context")


def test_match__gives_a_finding_elsewhere_to_one_only() -> None:
    before = [_mark(3, text="run(a)"), _mark(30, text="run(a)")]

    found = _match(before, [_mark(90, file="b.py", text="run(a)")])

    assert _said(found) == ({0: 0}, {})


def test_match__does_not_point_to_what_is_another_finding() -> None:
    """Two were there, one is left: the other is gone, though they are like each other."""
    found = _match([_mark(3), _mark(4)], [_mark(4)], NO_CHANGE)

    assert _said(found) == ({1: 0}, {})


def test_match__goes_by_order_when_there_is_too_much_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_MOST_CELLS", 3)
    before = [_mark(1), _mark(2), _mark(3, "n")]
    after = [_mark(11), _mark(12), _mark(13, "o")]

    assert _said(_match(before, after)) == ({0: 0, 1: 1}, {2: 2})


def test_match__calls_nothing_gone_that_was_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_MOST_CELLS", 0)

    assert _said(_match([_mark(1, "a")], [_mark(9, "b")])) == ({}, {0: 0})


MARKS = st.lists(
    st.builds(
        Mark,
        rule=st.sampled_from(["r", "s"]),
        file=st.sampled_from(["", "a.py", "b.py"]),
        line=st.sampled_from([None, 1, 2, 3, 9, 40]),
        column=st.sampled_from([1, 5]),
        message=st.sampled_from(["", "m", "m n"]),
        prints=st.sampled_from(["", "x", "y"]),
        text=st.sampled_from(["", "run(a)", "run(b)"]),
    ),
    max_size=8,
)
MOVES = st.sampled_from([NO_CHANGE, UNTOUCHED, _moves(Hunk(2, ("run(a)",), 2, ("run(b)", "run(a)")))])


@given(MARKS, MARKS, MOVES)
def test_match__is_one_to_one_within_a_rule(before: list[Mark], after: list[Mark], moves: Moves) -> None:
    found = _match(before, after, moves)

    assert max(Counter(pair.after for pair in found.pairs.values()).values(), default=1) == 1
    for left, pair in found.pairs.items():
        assert pair.before == left
        assert before[left].rule == after[pair.after].rule
        assert pair.by
    assert not found.unsure.keys() & found.pairs.keys()
    assert not set(found.unsure.values()) & {pair.after for pair in found.pairs.values()}


@given(MARKS, st.sampled_from([NO_CHANGE, UNTOUCHED]))
def test_match__pairs_a_scan_with_itself(marks: list[Mark], moves: Moves) -> None:
    found = _match(marks, marks, moves)

    assert len(found.pairs) == len(marks)
    assert all(marks[left] == marks[pair.after] for left, pair in found.pairs.items())


@given(before=MARKS, after=MARKS, moves=MOVES, luck=st.randoms(use_true_random=False))
def test_match__does_not_depend_on_the_order_of_reports(
    before: list[Mark], after: list[Mark], moves: Moves, *, luck: random.Random
) -> None:
    def said(lefts: list[Mark], rights: list[Mark]) -> Counter[object]:
        found = _match(lefts, rights, moves)
        return Counter((lefts[left], rights[pair.after]) for left, pair in found.pairs.items())

    assert said(before, after) == said(luck.sample(before, len(before)), luck.sample(after, len(after)))
