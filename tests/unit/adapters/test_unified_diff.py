"""Diffs as git, diff and mail programs write them, and as nobody should."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codeql_fixer.adapters.unified_diff import parse_change
from codeql_fixer.domain.change import FileStatus, Hunk
from codeql_fixer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codeql_fixer.domain.change import Change

_WHO = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "core.autocrlf=false")
_BEFORE = {
    'b/é "q" x.py': b"x\n",
    "a b.py": b"1\n2\n3\n4\n5\n6\n",
    "mode.sh": b"m\n",
    "bin": b"\0\1",
    "gone b/x": b"gone\n",
    "tab\there": b"t\n",
    "edit.py": b"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
    "was empty": b"",
}


def _git(folder: Path, *command: str) -> str:
    done = subprocess.run(["git", *_WHO, *command], cwd=folder, capture_output=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.decode(errors="surrogateescape")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    _git(tmp_path, "init", "-q")
    for name, content in _BEFORE.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-qm", "before")
    (tmp_path / 'b/é "q" x.py').write_bytes(b"x\ny\n")
    (tmp_path / "c b").mkdir()
    (tmp_path / "a b.py").rename(tmp_path / "c b/d.py")
    (tmp_path / "mode.sh").chmod(0o755)
    (tmp_path / "bin").write_bytes(b"\0\2")
    (tmp_path / "gone b/x").unlink()
    (tmp_path / "tab\there").write_bytes(b"t\r\nno end")
    (tmp_path / "edit.py").write_bytes(b"0\n1\n2\nthree\n4\n6\n7\n8\n9\n10\n-- \n++ x\n")
    (tmp_path / "new b").write_bytes(b"")
    (tmp_path / "was empty").write_bytes(b"now\n")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-qm", "after\n\n@@ in the message\n+ not a line")
    return tmp_path


_EXPECTED = {
    'b/é "q" x.py': ('b/é "q" x.py', FileStatus.MODIFIED, (Hunk(2, (), 2, ("y",)),)),
    "bin": ("bin", FileStatus.MODIFIED, ()),
    "c b/d.py": ("a b.py", FileStatus.RENAMED, ()),
    "edit.py": (
        "edit.py",
        FileStatus.MODIFIED,
        (
            Hunk(1, (), 1, ("0",)),
            Hunk(3, ("3",), 4, ("three",)),
            Hunk(5, ("5",), 6, ()),
            Hunk(11, ("11", "12"), 11, ("-- ", "++ x")),
        ),
    ),
    "gone b/x": ("gone b/x", FileStatus.DELETED, (Hunk(1, ("gone",), 1, ()),)),
    "mode.sh": ("mode.sh", FileStatus.MODIFIED, ()),
    "new b": ("", FileStatus.ADDED, ()),
    "tab\there": ("tab\there", FileStatus.MODIFIED, (Hunk(1, ("t",), 1, ("t", "no end")),)),
    "was empty": ("was empty", FileStatus.MODIFIED, (Hunk(1, (), 1, ("now",)),)),
}


@pytest.mark.parametrize(
    "command",
    [
        ("diff", "-M", "HEAD^", "HEAD"),
        ("diff", "-M", "-U0", "HEAD^", "HEAD"),
        ("diff", "-M", "-U1", "--binary", "--full-index", "HEAD^", "HEAD"),
        ("diff", "-M", "--no-prefix", "HEAD^", "HEAD"),
        ("diff", "-M", "--src-prefix=old/", "--dst-prefix=brand-new/", "HEAD^", "HEAD"),
        ("-c", "core.quotePath=false", "diff", "-M", "HEAD^", "HEAD"),
        ("-c", "diff.mnemonicPrefix=true", "diff", "-M", "HEAD^", "HEAD"),
        ("diff", "-M", "--patience", "--function-context", "HEAD^", "HEAD"),
        ("show", "-M", "--stat", "-p", "HEAD"),
        ("format-patch", "-M", "--stdout", "HEAD^"),
        ("log", "-p", "-M", "-1"),
    ],
    ids=" ".join,
)
def test_parse_change__reads_whatever_git_writes(repository: Path, command: Sequence[str]) -> None:
    change = parse_change(_git(repository, *command), "git")

    assert {file.new_path or file.old_path: (file.old_path, file.status, file.hunks) for file in change.files} == (
        _EXPECTED
    )
    assert [file.path for file in change.files if file.is_binary] == ["bin"]


def test_parse_change__commits_in_a_row(repository: Path) -> None:
    change = parse_change(_git(repository, "log", "-p", "--reverse"), "git")

    assert [file.status for file in change.files if file.path == "edit.py"] == [FileStatus.ADDED, FileStatus.MODIFIED]


def test_parse_change__copies(repository: Path) -> None:
    (repository / "copy.py").write_bytes((repository / "edit.py").read_bytes() + b"13\n")
    _git(repository, "add", "-A")

    (file,) = parse_change(_git(repository, "diff", "--cached", "-C", "--find-copies-harder"), "git").files

    assert (file.old_path, file.new_path, file.status) == ("edit.py", "copy.py", FileStatus.RENAMED)
    assert file.hunks == (Hunk(13, (), 13, ("13",)),)


def test_parse_change__binary_files_come_and_go(repository: Path) -> None:
    (repository / "more bin").write_bytes(b"\0")
    (repository / "bin").unlink()
    _git(repository, "add", "-A")

    for flags in ((), ("--binary",)):
        change = parse_change(_git(repository, "diff", "--cached", "--no-renames", *flags), "git")
        assert [(file.path, file.status, file.is_binary) for file in change.files] == [
            ("bin", FileStatus.DELETED, True),
            ("more bin", FileStatus.ADDED, True),
        ]


def test_parse_change__merges_are_refused(repository: Path) -> None:
    _git(repository, "checkout", "-qb", "side", "HEAD^")
    (repository / "edit.py").write_bytes(b"side\n")
    _git(repository, "commit", "-qam", "side")
    _git(repository, "merge", "-q", "master", "main")
    _git(repository, "merge", "-q", "-")

    with pytest.raises(InputError, match="combined diffs"):
        parse_change(_git(repository, "diff"), "git")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # diff -u of two names
        ("--- a/x.py\t2024-01-01 00:00:00\n+++ b/x.py\t2024\n@@ -1 +1 @@\n-a\n+b\n", ("x.py", "x.py", "modified")),
        ("diff -ru old/x new/x\n--- old/x\n+++ new/x\n@@ -1 +1 @@\n-a\n+b\n", ("x", "x", "modified")),
        ("--- ./x\n+++ ./x\n@@ -1 +1 @@\n-a\n+b\n", ("x", "x", "modified")),
        ("--- one.py\n+++ two.py\n@@ -1 +1 @@\n-a\n+b\n", ("one.py", "two.py", "renamed")),
        ("--- a/one.py\n+++ b/two.py\n@@ -1 +1 @@\n-a\n+b\n", ("one.py", "two.py", "renamed")),
        # diff -N tells by the time of nothing that a side is missing
        ("--- o/x\t1970-01-01 01:00:00.0 +0100\n+++ n/x\t2024\n@@ -0,0 +1 @@\n+b\n", ("", "x", "added")),
        ("--- o/x\t2024\n+++ n/x\t1969-12-31 19:00:00.0 -0500\n@@ -1 +0,0 @@\n-b\n", ("x", "", "deleted")),
        ("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", ("", "x", "added")),
        ("diff --git a/x b/x\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", ("", "x", "added")),
        # two files that have nothing to do with one another
        ("diff --git a/o b/n\nindex 1..2 100644\n--- a/o\n+++ b/n\n@@ -1 +1 @@\n-a\n+b\n", ("o", "n", "renamed")),
        ("diff --git a/o b/n\nindex 1..2\nBinary files a/o and b/n differ\n", ("o", "n", "renamed")),
        # one name is quoted, the other not
        ('diff --git "a/\\303\\251" b/e\nrename from "\\303\\251"\nrename to e\n', ("é", "e", "renamed")),
        ('diff --git a/e "b/\\303\\251"\nrename from e\nrename to "\\303\\251"\n', ("e", "é", "renamed")),
        ('diff --git "a/\\303\\251" "b/\\303\\251"\nold mode 1\nnew mode 2\n', ("é", "é", "modified")),
        ('diff --git "a/o\\tx" b/n\nBinary files x differ\n', ("o\tx", "n", "renamed")),
        ('diff --git a/n "b/o\\tx"\nBinary files x differ\n', ("n", "o\tx", "renamed")),
        ('diff --git "a/\\377" "b/\\377"\nold mode 1\nnew mode 2\n', ("\ufffd", "\ufffd", "modified")),
        # whole mails with carriage returns
        ("diff --git a/x b/x\r\n--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n", ("x", "x", "modified")),
        # blanks at line ends were cut
        ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ f()\n\n-a\n+b", ("x", "x", "modified")),
    ],
)
def test_parse_change__other_writers(text: str, expected: tuple[str, str, str]) -> None:
    (file,) = parse_change(text, "text").files

    assert (file.old_path, file.new_path, file.status) == expected


@pytest.mark.parametrize("text", ["", "\n", "hello\nworld", "--- a\n--- b", "+++ a", "@@ hello"])
def test_parse_change__text_without_a_diff_changes_nothing(text: str) -> None:
    assert parse_change(text, "text").files == ()


def test_parse_change__additions_before_removals_are_two_runs() -> None:
    change = parse_change("--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n+b\n-a\n\\ No newline\n-c\n", "text")

    assert change.files[0].hunks == (Hunk(1, (), 1, ("b",)), Hunk(1, ("a", "c"), 2, ()))


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("diff --cc x\n", 1, "combined"),
        ("diff --combined x\n", 1, "combined"),
        ("@@@ -1 -1 +1 @@@\n", 1, "combined"),
        ("--- a/x\n+++ b/x\n@@@ -1 -1 +1 @@@\n", 3, "without hunks"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@@ -1 -1 +1 @@@\n", 4, "combined"),
        ("a\n@@ -1 +1 @@\n-a\n+b\n", 2, "without the name"),
        ("Binary files a and b differ\n", 1, "binary file"),
        ("--- a/x\n+++ b/x\n", 3, "without hunks"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n", 1, "without hunks"),
        ("diff --git a/x b/x\nindex 1..2 100644\n", 1, "without hunks"),
        ("diff --git a/x b/x\nnew file mode 100644\nindex 0..2\n", 1, "without hunks"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -x +1 @@\n", 4, "malformed"),
        (f"--- a/x\n+++ b/x\n@@ -{'9' * 5000} +1 @@\n", 3, "malformed"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n", 5, "ends within"),
        ("--- a/x\n+++ b/x\n@@ -1 +1,999999999 @@\n-a\n+b\n", 6, "ends within"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+evil\n", 6, "longer"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--- c\n", 6, "longer"),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n+b\n evil\n", 6, "does not fit"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\nevil\n", 5, "does not fit"),
        ("--- a/x\n+++ b/x\n@@ -2 +2 @@\n-a\n+b\n@@ -1 +3 @@\n-a\n+b\n", 6, "overlap"),
        ("--- a/x\n+++ b/x\n@@ -0 +1 @@\n-a\n+b\n", 3, "overlap"),
        ("diff --git a/x b/x\n--- a/y\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", 1, "cannot be told"),
        ("diff --git a/x y b/z w\nold mode 1\nnew mode 2\n", 1, "cannot be told"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", 1, "without a name"),
        ("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", 1, "leads out"),
        ("--- /etc/x\n+++ /etc/x\n@@ -1 +1 @@\n-a\n+b\n", 1, "leads out"),
        ('diff --git "a/\\q" "b/\\q"\n', 2, "quoted"),
        ("diff --git " + "a" * 50_000, 1, "too long"),
        ("--- " + "a" * 50_000 + "\n+++ b\n", 1, "too long"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\ndiff --git a/y", 7, "cannot be told"),
        ("diff --git a/x b/x\nBinary files x differ\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", 1, "binary file with"),
    ],
)
def test_parse_change__what_is_malformed_is_refused_with_its_place(text: str, line: int, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        parse_change(text, "fix.diff")

    assert (caught.value.source, caught.value.place) == ("fix.diff", f"line {line}")
    assert caught.value.remedy


_LINES = st.lists(st.sampled_from(["a", "b", "c", "d", "-- x", "++ y", "", " ", "\\ z", "é", "a\rb"]), max_size=12)


@given(old=_LINES, new=_LINES, context=st.integers(0, 3), has_end=st.booleans())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parse_change__applied_to_the_old_text_gives_the_new_one(
    tmp_path: Path, *, old: list[str], new: list[str], context: int, has_end: bool
) -> None:
    for name, lines in (("old", old), ("new", new)):
        text = "\n".join(lines) + ("\n" if has_end and lines else "")
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")

    change = parse_change(_git(tmp_path, "diff", "--no-index", f"-U{context}", "old", "new"), "git")

    old_lines, new_lines = ((tmp_path / name).read_bytes().decode().split("\n") for name in ("old", "new"))
    assert [line for line in _apply(change, old_lines) if line] == [line for line in new_lines if line]


def _apply(change: Change, old: list[str]) -> list[str]:
    text: list[str] = []
    at = 0
    for hunk in (hunk for file in change.files for hunk in file.hunks):
        text += old[at : hunk.old_start - 1]
        assert hunk.new_start == len(text) + 1
        at = hunk.old_start - 1 + len(hunk.removed)
        assert tuple(old[hunk.old_start - 1 : at]) == hunk.removed
        text += hunk.added
    return text + old[at:]


@given(
    st.text('+-@ ab/\n\\"0123,')
    | st.lists(st.sampled_from(["diff --git a/x b/x", "--- a/x", "+++ b/x"])).map("\n".join)
)
def test_parse_change__never_falls_over(text: str) -> None:
    try:
        parse_change(text, "text")
        parse_change(f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n{text}", "text")
    except InputError:
        pass


@pytest.mark.parametrize(
    "text",
    [
        "Binary files " + " and " * 100_000,
        "diff --git a/" + " b/" * 13_000,
        'diff --git "' + "\\" * 30_000,
        "--- a/x\n+++ b/x\n@@ -1,300000 +1 @@\n" + "-\n" * 300_000 + "+\n",
        "--- a\n" * 300_000,
    ],
)
def test_parse_change__long_text_is_read_once(text: str) -> None:
    try:
        parse_change(text, "text")
    except InputError as error:
        assert len(str(error)) < 200  # noqa: PT017  whether it is refused does not matter here
