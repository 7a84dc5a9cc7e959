"""Changes as texts before and after, made into values by real git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from codeql_fixer.adapters.unified_diff import parse_change
from codeql_fixer.domain.change import Change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from codeql_fixer.domain.change import FileChange


class Edit(NamedTuple):
    """A file's text before and after, None where there is none."""

    before: str | None
    after: str | None


class Case(NamedTuple):
    """A change and what it is; the kinds that it has to show, none for an honest one."""

    name: str
    files: Mapping[str, Edit]
    kinds: str = ""


def edit(  # noqa: PLR0917 - the columns of a table
    name: str, path: str, before: str | None, after: str | None, kinds: str = ""
) -> Case:
    """A change of one file."""
    return Case(name, {path: Edit(before, after)}, kinds)


def change_of(case: Case, folder: Path) -> Change:
    """What git makes of it."""
    for side in ("before", "after"):
        (folder / side).mkdir()
    for path, texts in case.files.items():
        for side, text in zip(("before", "after"), texts, strict=True):
            if text is not None:
                place = folder / side / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8", newline="")
    command = ["git", "diff", "--no-index", "-M", "--no-prefix", "before", "after"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    assert done.returncode == 1, done.stderr or "nothing changed"
    return Change(tuple(_inner(file) for file in parse_change(done.stdout, case.name).files))


def _inner(file: FileChange) -> FileChange:
    old, new = (path.removeprefix("before/").removeprefix("after/") for path in (file.old_path, file.new_path))
    return replace(file, old_path=old, new_path=new)
