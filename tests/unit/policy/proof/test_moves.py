"""Where files and lines went: tables, and the law that line maps agree with a real application of the hunks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.change import Change, FileChange, FileStatus, Hunk
from codeql_fixer.policy.proof.moves import Moves, Span

MODIFIED, ADDED, DELETED, RENAMED = FileStatus.MODIFIED, FileStatus.ADDED, FileStatus.DELETED, FileStatus.RENAMED
HUNKS = (Hunk(3, ("c",), 3, ("C", "CC")), Hunk(6, (), 7, ("new",)), Hunk(8, ("h", "i"), 10, ()))


def _change(old: str = "a.py", new: str = "a.py", status: FileStatus = MODIFIED, **more: object) -> FileChange:
    return FileChange(old_path=old, new_path=new, status=status, **more)  # type: ignore[arg-type]


def _moves(*files: FileChange) -> Moves:
    return Moves(Change(files))


@pytest.mark.parametrize(
    ("line", "span"),
    [
        (2, Span(2, 2, is_kept=True)),  # above everything
        (3, Span(3, 4, is_kept=False)),  # replaced by two
        (4, Span(5, 5, is_kept=True)),  # one further down
        (6, Span(8, 8, is_kept=True)),  # behind what was added before it
        (8, Span(10, 9, is_kept=False)),  # removed: nothing stands in its place
        (10, Span(10, 10, is_kept=True)),  # behind everything
    ],
)
def test_line_after__follows_hunks(line: int, span: Span) -> None:
    assert _moves(_change(hunks=HUNKS)).line_after("a.py", line) == span


@pytest.mark.parametrize(
    ("moves", "span"),
    [
        (Moves(None), None),  # no change is known
        (_moves(), Span(4, 4, is_kept=True)),  # a change that leaves the file alone
        (_moves(_change(is_binary=True)), None),  # nobody can tell
        (_moves(_change(new="", status=DELETED)), None),  # gone
        (_moves(_change(hunks=HUNKS), _change(hunks=HUNKS)), None),  # twice: the second counts from the first
        (_moves(_change(new="b.py", status=RENAMED)), Span(4, 4, is_kept=True)),  # only its name has changed
    ],
)
def test_line_after__says_none_where_nobody_can_tell(moves: Moves, span: Span | None) -> None:
    assert moves.line_after("a.py", 4) == span


@pytest.mark.parametrize(
    ("files", "after"),
    [
        ((), "a.py"),  # untouched
        ((_change(new="b.py", status=RENAMED),), "b.py"),  # renamed
        ((_change(new="", status=DELETED),), ""),  # deleted
        ((_change(new="b.py", status=RENAMED), _change()), "a.py"),  # copied, and itself still there
        ((_change(), _change(new="b.py", status=RENAMED)), "a.py"),  # the same in the other order
        ((_change(old="", new="n.py", status=ADDED),), "a.py"),  # another one is new
    ],
)
def test_file_after__follows_renames(files: tuple[FileChange, ...], after: str) -> None:
    assert _moves(*files).file_after("a.py") == after


def test_moves__tell_what_is_touched_and_what_is_deleted() -> None:
    moves = _moves(_change(new="", status=DELETED), _change(old="b.py", new="b.py"))

    assert moves.is_touched("a.py")
    assert moves.is_deleted("a.py")
    assert not moves.is_deleted("b.py")
    assert not moves.is_touched("c.py")
    assert not moves.is_deleted("c.py")


@pytest.mark.parametrize(
    ("moves", "line", "is_new"),
    [
        (Moves(None), 1, True),  # nobody can tell
        (_moves(), 1, False),  # the file is as it was
        (_moves(_change(old="", status=ADDED)), 1, True),  # the whole file is new
        (_moves(_change(is_binary=True)), 1, True),  # nobody can tell
        (_moves(_change(hunks=HUNKS)), None, True),  # nor here
        (_moves(_change(hunks=HUNKS), _change(hunks=HUNKS)), 1, True),  # nor here
        (_moves(_change(hunks=HUNKS)), 2, False),  # above all hunks
        (_moves(_change(hunks=HUNKS)), 4, True),  # the second line of the first hunk
        (_moves(_change(hunks=HUNKS)), 5, False),  # behind it
        (_moves(_change(hunks=HUNKS)), 10, False),  # where lines were only removed
    ],
)
def test_is_new__tells_lines_that_the_change_wrote(moves: Moves, line: int | None, is_new: bool) -> None:  # noqa: FBT001
    assert moves.is_new("a.py", line) is is_new


@pytest.mark.parametrize(
    ("line", "removed", "added"),
    [
        (2, ((), 0), ((), 0)),  # untouched
        (3, (("c",), 1), (("C", "CC"), 1)),  # replaced
        (4, ((), 0), (("C", "CC"), 2)),  # the second of what was added
        (9, (("h", "i"), 2), ((), 0)),  # the second of what was removed
    ],
)
def test_removed_and_added__show_what_a_change_shows(line: int, removed: object, added: object) -> None:
    moves = _moves(_change(hunks=HUNKS))

    assert moves.removed_at("a.py", line) == removed
    assert moves.added_at("a.py", line) == added


def test_removed_and_added__show_nothing_of_files_that_are_unclear_or_unknown() -> None:
    moves = _moves(_change(hunks=HUNKS), _change(hunks=HUNKS))

    assert moves.removed_at("a.py", 3) == ((), 0)
    assert moves.removed_at("b.py", 3) == ((), 0)
    assert moves.added_at("b.py", 3) == ((), 0)


@pytest.mark.parametrize(
    ("span", "line", "offset"),
    [
        (Span(5, 7, is_kept=False), 6, 0),  # inside
        (Span(5, 7, is_kept=False), 3, -2),  # above
        (Span(5, 7, is_kept=False), 9, 2),  # below
        (Span(5, 4, is_kept=False), 5, 0),  # where the removed lines stood
        (Span(5, 4, is_kept=False), 6, 1),  # below that
    ],
)
def test_span__tells_how_far_a_line_is(span: Span, line: int, offset: int) -> None:
    assert span.offset(line) == offset
    assert span.distance(line) == abs(offset)


@st.composite
def _edits(draw: st.DrawFn) -> tuple[list[str], list[str], tuple[Hunk, ...]]:
    """Lines that are all different, the same after some edits, and the hunks that lead from one to the other."""
    before = [f"line {number}" for number in range(1, draw(st.integers(1, 12)) + 1)]
    after: list[str] = []
    hunks = []
    position = 0
    while position <= len(before):
        removed = draw(st.integers(0, min(3, len(before) - position)))
        added = [f"new {len(after)} {number}" for number in range(draw(st.integers(0, 2)))]
        if removed or added:
            hunks.append(Hunk(position + 1, tuple(before[position : position + removed]), len(after) + 1, tuple(added)))
        after += added
        position += removed
        after += before[position : position + 1]  # one line at least between two hunks
        position += 1
    return before, after, tuple(hunks)


@given(_edits())
def test_moves__agree_with_what_applying_the_hunks_gives(edits: tuple[list[str], list[str], tuple[Hunk, ...]]) -> None:
    before, after, hunks = edits
    moves = _moves(_change(hunks=hunks))

    for number, text in enumerate(before, start=1):
        span = moves.line_after("a.py", number)
        assert span is not None
        assert span.is_kept == (text in after)
        assert not span.is_kept or after[span.first - 1] == text
        shown, position = moves.removed_at("a.py", number)
        assert bool(position) == (not span.is_kept)
        assert not position or shown[position - 1] == text
    for number, text in enumerate(after, start=1):
        shown, position = moves.added_at("a.py", number)
        assert moves.is_new("a.py", number) == (text not in before) == bool(position)
        assert not position or shown[position - 1] == text
