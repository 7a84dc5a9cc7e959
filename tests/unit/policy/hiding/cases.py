"""Changes as texts before and after, made into values by real git."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.adapters.unified_diff import parse_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from codeql_fixer.domain.change import Change


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


def changes_of(cases: Iterable[Case], folder: Path) -> list[Change]:
    """What git makes of them, each by itself; it is started twice in all, as starting it is what takes time."""
    cases = list(cases)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_DIR": str(folder)}  # noqa: TID251 - tests

    def git(*arguments: str, text: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, env=environment, input=text, capture_output=True, check=True, text=True).stdout

    git("init", "--quiet", "--bare", "--template=", text="")
    git("fast-import", "--quiet", f"--export-marks={folder / 'marks'}", text="".join(_commits(cases)))
    marks = dict(line.split() for line in (folder / "marks").read_text().splitlines())
    commits = [marks[f":{number * 2 + 2}"] for number in range(len(cases))]
    diffs = git("diff-tree", "--stdin", "-r", "-p", "-M", "--full-index", text="".join(f"{one}\n" for one in commits))
    parts = re.split(r"(?m)^([0-9a-f]{40})\n", diffs)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    return [parse_change(texts[commit], case.name) for commit, case in zip(commits, cases, strict=True)]


def _commits(cases: Iterable[Case]) -> Iterator[str]:
    """Two for every case; one that changes nothing has no diff, and is missed."""
    for number, case in enumerate(cases):
        for side in (0, 1):
            mark = number * 2 + side + 1
            yield f"commit refs/heads/{number}\nmark :{mark}\ncommitter t <t> 0 +0000\n"
            yield _data(f"{number}") + (f"from :{mark - 1}\ndeleteall\n" if side else "")
            for path, texts in case.files.items():
                text = texts[side]
                if text is not None:
                    yield f"M 100644 inline {path}\n{_data(text)}"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
