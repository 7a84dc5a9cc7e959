"""The checkout: what can be read of it, and what never."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.source_tree import CheckoutTree, NoCheckout

if TYPE_CHECKING:
    from pathlib import Path


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    command = ["git", "-C", str(folder), *identity, *arguments]  # git from PATH, as users have it
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A target with a file outside of it."""
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "target"
    (root / "src").mkdir(parents=True)
    (root / "src/a.py").write_bytes("é = 1\r\n".encode() + b"\xff\0")
    return root


def test_text__is_that_of_the_file(root: Path) -> None:
    assert CheckoutTree(root).text("src/a.py") == "é = 1\r\n\ufffd\0"


@pytest.mark.parametrize(
    "file",
    [
        *("", ".", "src", "missing", "../secret", "src/../../secret", "/etc/hostname", "a\0b", "src/a.py/x"),
        *("a" * 300, "a/" * 3000, "\ud800"),  # names that no file can have
    ],
)
def test_text__of_what_is_no_file_inside_is_none(root: Path, file: str) -> None:
    assert CheckoutTree(root).text(file) is None


def test_text__follows_no_links(root: Path, tmp_path: Path) -> None:
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "inner").symlink_to(root / "src/a.py")
    (root / "folder").symlink_to(tmp_path)
    tree = CheckoutTree(root)

    assert [tree.text(name) for name in ("link", "inner", "folder/secret")] == [None, None, None]


def test_text__of_a_pipe_or_a_huge_file_is_none(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with (root / "huge").open("wb") as stream:
        stream.truncate(5_000_001)
    tree = CheckoutTree(root)

    assert (tree.text("pipe"), tree.text("huge")) == (None, None)


def test_text__may_be_below_a_link_to_the_checkout_itself(root: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(root)

    assert CheckoutTree(tmp_path / "way").text("src/a.py") is not None


def test_files__are_those_that_git_tracks(root: Path) -> None:
    _git(root, "init", "--quiet")
    (root / "untracked").write_text("x")
    (root / "with space").write_text("x")
    _git(root, "add", "src", "with space")
    _git(root, "commit", "--quiet", "--message", "m")
    tree = CheckoutTree(root)

    assert tree.files() == ("src/a.py", "with space")
    assert tree.files() is tree.files()
    assert tree.commit() == _git(root, "rev-parse", "HEAD")


def test_files__runs_no_program_that_the_target_names(root: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/ran\n")
    program.chmod(0o755)
    _git(root, "init", "--quiet")
    _git(root, "add", "src")
    _git(root, "commit", "--quiet", "--message", "m")
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.alternateRefsCommand"):
        _git(root, "config", name, str(program))
    tree = CheckoutTree(root, {**os.environ, "DEVIN_API_KEY": "secret"})  # noqa: TID251 - tests

    assert tree.files() == ("src/a.py",)
    assert tree.commit()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("script", ["exec sleep 600", "echo x; exit 128", None])
def test_files__with_a_git_that_hangs_fails_or_is_missing_are_those_on_the_disk(
    root: Path, tmp_path: Path, script: str | None
) -> None:
    if script:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/git").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin/git").chmod(0o755)
    environment = {"PATH": f"{tmp_path}/bin:/bin" if script else str(tmp_path)}
    tree = CheckoutTree(root, environment, git_seconds=0.5)

    assert (tree.files(), tree.commit()) == (("src/a.py",), "")


def test_files__without_git_are_all_but_hidden_folders(root: Path) -> None:
    (root / ".cache").mkdir()
    (root / ".cache/x").write_text("x")
    (root / ".hidden").write_text("x")
    tree = CheckoutTree(root)

    assert tree.files() == (".hidden", "src/a.py")
    assert tree.commit() == ""


def test_no_checkout__has_nothing() -> None:
    tree = NoCheckout()

    assert (tree.text("a"), tree.files(), tree.commit()) == (None, (), "")


@pytest.mark.parametrize("has_git", [False, True])
def test_files__can_all_be_written_down(root: Path, *, has_git: bool) -> None:
    (root / os.fsdecode(b"\xff.py")).write_text("x")
    if has_git:
        _git(root, "init", "--quiet")
        _git(root, "add", ".")

    assert CheckoutTree(root).files() == ("src/a.py", "\ufffd.py")
