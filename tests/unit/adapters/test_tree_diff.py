"""The difference of two directories, by the real git, whatever strangers put into them."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters import tree_diff
from codeql_fixer.adapters.tree_diff import difference
from codeql_fixer.adapters.unified_diff import parse_change
from codeql_fixer.domain.change import Change, FileStatus
from codeql_fixer.errors import UpstreamError, UserError

if TYPE_CHECKING:
    from pathlib import Path

ENVIRON = {"PATH": os.environ["PATH"]}  # noqa: TID251 - tests
_PROGRAMS = (
    "filter.bad.clean",
    "filter.bad.smudge",
    "filter.bad.process",
    "diff.bad.textconv",
    "diff.bad.command",
    "diff.external",
    "core.fsmonitor",
    "core.pager",
)
LINES = "".join(f"line {number}\n" for number in range(20))


def _tree(folder: Path, **files: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def _change(before: Path, after: Path) -> Change:
    return parse_change(difference(before, after, ENVIRON), "test")


def _statuses(change: Change) -> dict[str, FileStatus]:
    return {file.path: file.status for file in change.files}


def test_tree_diff__what_was_added_changed_deleted_and_renamed(tmp_path: Path) -> None:
    before = _tree(tmp_path / "a", **{"kept.py": "x\n", "old.py": LINES, "gone.py": "y\n", "edited.py": "1\n2\n3\n"})
    after = _tree(tmp_path / "b", **{"kept.py": "x\n", "dir/new.py": LINES, "more.py": "z\n", "edited.py": "1\n4\n3\n"})

    change = _change(before, after)

    assert _statuses(change) == {
        "dir/new.py": FileStatus.RENAMED,
        "edited.py": FileStatus.MODIFIED,
        "gone.py": FileStatus.DELETED,
        "more.py": FileStatus.ADDED,
    }
    hunk = next(file for file in change.files if file.path == "edited.py").hunks[0]
    assert (hunk.old_start, hunk.removed, hunk.new_start, hunk.added) == (2, ("2",), 2, ("4",))


def test_tree_diff__of_equal_and_of_empty_directories(tmp_path: Path) -> None:
    before, after = _tree(tmp_path / "a", x="1\n"), _tree(tmp_path / "b", x="1\n")
    assert difference(before, after, ENVIRON) == ""
    assert difference(_tree(tmp_path / "c"), _tree(tmp_path / "d"), ENVIRON) == ""
    assert _statuses(_change(tmp_path / "c", before)) == {"x": FileStatus.ADDED}


@pytest.mark.parametrize(
    "name",
    [
        "with blanks in it.py",
        'quo"te.py',
        "back\\slash.py",
        "new\nline.py",
        "tab\there.py",
        "umlaut-ä-日本.py",
        "-rf",
        "--output=x",
        "a b/b a",
        ":(exclude)x.py",
        "*.py",
        ".gitignore",
    ],
)
def test_tree_diff__hostile_names(tmp_path: Path, name: str) -> None:
    before, after = _tree(tmp_path / "a", **{name: "1\n"}), _tree(tmp_path / "b", **{name: "2\n"})

    assert _statuses(_change(before, after)) == {name: FileStatus.MODIFIED}


def test_tree_diff__names_that_are_no_text(tmp_path: Path) -> None:
    before, after = _tree(tmp_path / "a"), _tree(tmp_path / "b")
    for folder, text in ((before, "1\n"), (after, "2\n")):
        (folder / os.fsdecode(b"caf\xe9.py")).write_text(text)

    assert _statuses(_change(before, after)) == {"caf\ufffd.py": FileStatus.MODIFIED}


def test_tree_diff__links_are_never_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("password\n")
    before, after = _tree(tmp_path / "a", **{"app.py": LINES}), _tree(tmp_path / "b")
    (after / "app.py").symlink_to(secret)
    (after / "folder").symlink_to(tmp_path)
    (after / "round").symlink_to(after)

    text = difference(before, after, ENVIRON)

    assert "password" not in text
    changes = [(file.path, file.status) for file in parse_change(text, "test").files]
    assert ("app.py", FileStatus.DELETED) in changes
    assert ("app.py", FileStatus.ADDED) in changes
    assert ("folder", FileStatus.ADDED) in changes


def test_tree_diff__programs_of_a_strangers_repository_are_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    attributes = "* filter=bad diff=bad\n"
    before = _tree(tmp_path / "a", **{".gitattributes": attributes, "app.py": "1\n"})
    after = _tree(tmp_path / "b", **{".gitattributes": attributes, "app.py": "2\n"})
    for folder in (before, after):
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
        for key in _PROGRAMS:
            subprocess.run(["git", "-C", str(folder), "config", key, f"touch {witness}; cat"], check=True)
        hook = folder / ".git/hooks/post-index-change"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {witness}\n")
        hook.chmod(0o755)

    assert _statuses(_change(before, after)) == {"app.py": FileStatus.MODIFIED}
    assert not witness.exists()


@pytest.mark.parametrize(
    "attributes",
    ["* binary", "* -diff", "* text=auto eol=crlf", "* working-tree-encoding=UTF-16", "* ident", "[attr]x -diff\n* x"],
)
def test_tree_diff__what_a_tree_says_of_its_files_changes_nothing(tmp_path: Path, attributes: str) -> None:
    before = _tree(tmp_path / "a", **{".gitattributes": f"{attributes}\n", "a.py": "one\r\ntwo $Id$\n"})
    after = _tree(tmp_path / "b", **{".gitattributes": f"{attributes}\n", "a.py": "one\r\nthree $Id$\n"})

    (file,) = _change(before, after).files

    assert [(hunk.removed, hunk.added) for hunk in file.hunks] == [(("two $Id$",), ("three $Id$",))]


def test_tree_diff__sees_what_is_ignored_and_not_what_is_git(tmp_path: Path) -> None:
    before = _tree(tmp_path / "a", **{".gitignore": "*\n", "app.py": "1\n", ".git/HEAD": "x\n"})
    after = _tree(tmp_path / "b", **{".gitignore": "*\n", "app.py": "2\n", ".git/HEAD": "y\n"})

    assert _statuses(_change(before, after)) == {"app.py": FileStatus.MODIFIED}


def test_tree_diff__binary_files_have_no_lines(tmp_path: Path) -> None:
    change = _change(_tree(tmp_path / "a", x=b"\0\1"), _tree(tmp_path / "b", x=b"\0\2"))

    assert change.files[0].is_binary
    assert change.files[0].hunks == ()


def test_tree_diff__a_repository_within_is_no_folder_of_files(tmp_path: Path) -> None:
    before = _tree(tmp_path / "a", **{"app.py": "1\n", "inner/x.py": "1\n"})
    after = _tree(tmp_path / "b", **{"app.py": "2\n", "inner/x.py": "2\n"})
    for folder in (before, after):
        inner = folder / "inner"
        git = ["git", "-C", str(inner), "-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", "init", "--quiet", str(inner)], check=True)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", "x"], check=True)

    assert _statuses(_change(before, after))["app.py"] is FileStatus.MODIFIED


def test_tree_diff__leaves_both_as_they_were(tmp_path: Path) -> None:
    before, after = _tree(tmp_path / "a", x="1\n"), _tree(tmp_path / "b", x="2\n")

    difference(before, after, ENVIRON)

    assert [path.name for path in (*before.rglob("*"), *after.rglob("*"))] == ["x", "x"]


def test_tree_diff__of_what_is_no_directory(tmp_path: Path) -> None:
    folder = _tree(tmp_path / "a", x="1\n")
    for one, two in ((tmp_path / "none", folder), (folder, folder / "x")):
        with pytest.raises(UserError, match="is no directory"):
            difference(one, two, ENVIRON)


def test_tree_diff__without_git(tmp_path: Path) -> None:
    folder = _tree(tmp_path / "a", x="1\n")

    with pytest.raises(UserError, match=r"git is not installed.*--diff"):
        difference(folder, folder, {"PATH": str(tmp_path / "nothing")})


def test_tree_diff__a_git_that_fails_or_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, programs = _tree(tmp_path / "a", x="1\n"), tmp_path / "bin"
    programs.mkdir()
    fake = programs / "git"
    fake.write_text("#!/bin/sh\necho no room left >&2\nexit 3\n")
    fake.chmod(0o755)
    path = f"{programs}:{os.path.dirname(shutil.which('sh') or '/bin/sh')}"  # noqa: PTH120 - a text for PATH
    with pytest.raises(UpstreamError, match=r"git init failed in .*: no room left"):
        difference(folder, folder, {"PATH": path})

    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(tree_diff, "_SECONDS", 0.2)
    with pytest.raises(UpstreamError, match=r"took more than 0\.2 s"):
        difference(folder, folder, {"PATH": path})
