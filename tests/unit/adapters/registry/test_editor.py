"""Changes in place: the rest of the file stays byte for byte, and nothing is lost or half written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.adapters.registry.editor import add_discovered, add_repository, remove_repository
from codeql_fixer.adapters.registry.reader import read_registry
from codeql_fixer.errors import ConfigError, InputError, UserError
from tests.unit.adapters.registry.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TWO_LINE_ENDS = """\
{
 "repos": [
  {
   "repo": "a/b"
  },
  {
   "repo": "acme/new",
   "tags": ["a", "b"]
  }
 ]
}""".replace("\n", "\r\n")
EMPTY: Mapping[str, object] = {}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A copy of the example."""
    path = tmp_path / "repo_registry.json"
    path.write_bytes((ROOT / "repo_registry.json").read_bytes())
    return path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # An empty file, whose style is ours.
        ("{}\n", '{\n  "repos": [\n    {\n      "repo": "acme/new",\n      "tags": ["a", "b"]\n    }\n  ]\n}\n'),
        # An empty list, as far to the right as the file's own first member.
        (
            '{\n\t"repos": [ ],\n\t"x": 1\n}',
            '{\n\t"repos": [\n\t\t{\n\t\t\t"repo": "acme/new",\n\t\t\t"tags": ["a", "b"]\n\t\t}\n\t],\n\t"x": 1\n}',
        ),
        # No list yet.
        (
            '{\n "version": "2.0"\n}',
            '{\n "version": "2.0",\n "repos": [\n  {\n   "repo": "acme/new",\n   "tags": ["a", "b"]\n  }\n ]\n}',
        ),
        # Neighbours on a line each, on one line together, and without a blank.
        (
            '{\n "repos": [\n  { "repo": "a/b" },\n  {"repo":"a/c"}]}',
            '{\n "repos": [\n  { "repo": "a/b" },\n  {"repo":"a/c"},\n  {"repo": "acme/new", "tags": ["a", "b"]}]}',
        ),
        ('{"repos": [{"repo": "a/b"}]}', '{"repos": [{"repo": "a/b"}, {"repo": "acme/new", "tags": ["a", "b"]}]}'),
        ('{"version": "2.0"}', '{"version": "2.0", "repos": [{"repo": "acme/new", "tags": ["a", "b"]}]}'),
        (
            '{"repos":[{"repo":"a/b"},{"repo":"a/c"}]}',
            '{"repos":[{"repo":"a/b"},{"repo":"a/c"},{"repo": "acme/new", "tags": ["a", "b"]}]}',
        ),
        # Line ends of another system.
        (
            '{\r\n "repos": [\r\n  {\r\n   "repo": "a/b"\r\n  }\r\n ]\r\n}',
            TWO_LINE_ENDS,
        ),
    ],
    ids=range(8),
)
def test_add__writes_as_its_neighbours_are_written(tmp_path: Path, *, before: str, after: str) -> None:
    path = tmp_path / "registry.json"
    path.write_bytes(before.encode())

    assert add_repository(path, "acme/new", {"tags": ["a", "b"]}) == "acme/new"

    assert path.read_bytes() == after.encode()


_entries = st.fixed_dictionaries(
    {},
    optional={
        "importance_score": st.integers(0, 100),
        "tags": st.lists(st.sampled_from(["a", "b"]), unique=True),
        "overrides": st.fixed_dictionaries({}, optional={"batch_size": st.integers(1, 50)}),
        "é": st.text(max_size=5),
    },
)
_files = st.builds(
    lambda before, entries, after: {
        **before,
        "repos": [{"repo": f"acme/r{number}", **entry} for number, entry in enumerate(entries)],
        **after,
    },
    st.fixed_dictionaries({}, optional={"version": st.just("2.0"), "odd": st.text(max_size=9)}),
    st.lists(_entries, max_size=4),
    st.fixed_dictionaries({}, optional={"orchestrator": st.just({"global_session_limit": 3}), "x": st.just([[]])}),
)


def _text(raw: object, style: tuple[Any, ...]) -> bytes:
    indent, separators, line_end, mark, tail, is_ascii = style
    text: str = json.dumps(raw, indent=indent, separators=separators, ensure_ascii=is_ascii)
    data: bytes = mark + (text.replace("\n", line_end) + tail).encode()
    return data


_styles = st.tuples(
    st.sampled_from([None, 0, 1, 2, 4, "\t"]),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.sampled_from(["", "\n", " \n\n"]),
    st.booleans(),
)


@given(raw=_files, style=_styles, data=st.data())
def test_edits__change_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, *, raw: dict[str, Any], style: tuple[Any, ...], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("edits") / "registry.json"
    before = _text(raw, style)
    path.write_bytes(before)

    add_repository(path, "https://github.com/Acme/New.git", {"tags": ["z"]})

    added = path.read_bytes()
    assert json.loads(added.decode("utf-8-sig")) == {
        **raw,
        "repos": [*raw["repos"], {"repo": "Acme/New", "tags": ["z"]}],
    }
    assert _is_insertion(before, added)
    remove_repository(path, "acme/NEW")
    assert path.read_bytes() == before
    if raw["repos"]:
        number = data.draw(st.integers(0, len(raw["repos"]) - 1))
        remove_repository(path, f"acme/r{number}")
        left = [one for one in raw["repos"] if one["repo"] != f"acme/r{number}"]
        assert json.loads(path.read_bytes().decode("utf-8-sig")) == {**raw, "repos": left}
        assert _is_insertion(path.read_bytes(), before)


def _is_insertion(short: bytes, long: bytes) -> bool:
    """True when the longer text is the shorter one with one piece more."""
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(short, long, strict=False))))
    return short[same:] == long[len(long) - (len(short) - same) :]


def test_edits__keep_rights_and_follow_links(tmp_path: Path, path: Path) -> None:
    path.chmod(0o640)
    (tmp_path / "folder").mkdir()
    link = tmp_path / "folder/link.json"
    link.symlink_to("../repo_registry.json")

    add_repository(link, "acme/new", EMPTY)

    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert read_registry(path)[0].entry("acme/new").is_listed
    assert {item.name for item in tmp_path.iterdir()} == {"repo_registry.json", "folder"}


def test_remove__takes_the_named_one_only(path: Path) -> None:
    before = path.read_text()

    assert remove_repository(path, "https://github.com/ACME/website") == "ACME/website"

    start, end = before.index('    {\n      "repo": "https://github.com/acme/website"'), before.index('"acme/sandbox"')
    end = before.rindex("    {", 0, end)
    assert path.read_text() == before[:start] + before[end:]


@pytest.mark.parametrize(
    ("action", "name", "problem"),
    [
        ("add", "acme/api", "acme/api is there already"),
        ("add", "https://github.com/ACME/website.git", "ACME/website is there already"),
        ("add", "acme-forks/API", "acme-forks/API is there already as acme/api"),
        ("add", "api", "'api': must be owner/name, or its address without a password"),
        ("add", "", "'': must be owner/name"),
        ("remove", "acme/other", "acme/other is not there"),
        ("remove", "acme-forks/api", "is an alias of acme/api: remove that, or take the alias out of the file"),
        ("remove", "acme/x/y", "must be owner/name"),
    ],
)
def test_edits__refuse_what_cannot_be_meant(path: Path, *, action: str, name: str, problem: str) -> None:
    before = path.read_bytes()

    with pytest.raises(UserError, match=problem):
        add_repository(path, name, EMPTY) if action == "add" else remove_repository(path, name)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"schedule": "yearly"}, r"repos\[3\].schedule: must be one of"),
        ({"aliases": ["acme/website"]}, r"repos\[3\].aliases\[0\]: is a name of repos\[1\] already"),
        ({"group": "none"}, "is no group"),
        ({"importance_score": 101}, "must be at most 100"),
    ],
)
def test_add__refuses_what_would_not_be_valid(path: Path, settings: dict[str, object], problem: str) -> None:
    before = path.read_bytes()

    with pytest.raises(ConfigError, match=rf"nothing was changed(.|\n)*{problem}"):
        add_repository(path, "acme/new", settings)

    assert path.read_bytes() == before
    assert [item.name for item in path.parent.iterdir()] == ["repo_registry.json"]


def test_edits__need_a_valid_file(tmp_path: Path) -> None:
    path = tmp_path / "registry.json"

    with pytest.raises(InputError, match=r"there is no such file \(echo '\{\}' > .*registry.json makes one\)"):
        add_repository(path, "acme/new", EMPTY)
    path.write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        add_repository(path, "acme/new", EMPTY)
    path.write_text('{"version": "1.0"}')
    with pytest.raises(ConfigError, match="version: must be one of"):
        remove_repository(path, "acme/new")
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(UserError, match="cannot be changed"):
        add_repository(path, "acme/new", EMPTY)


def test_edits__of_many_at_once_lose_nothing(path: Path) -> None:
    def one(number: int) -> None:
        add_repository(path, f"acme/new{number}", EMPTY)
        if number % 2:
            remove_repository(path, f"acme/new{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))

    names = set(read_registry(path)[0].repositories)
    assert names == {"acme/api", "acme/website", "acme/sandbox", *(f"acme/new{number}" for number in range(0, 24, 2))}


class _Meddler(Mapping[str, object]):
    """Settings that change the file when they are read, as an editor does that asks nobody."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[str]:
        self._path.write_text('{"repos": []}')
        return iter(())

    def __len__(self) -> int:
        return 0

    def __getitem__(self, key: str) -> object:
        raise KeyError(key)


@pytest.mark.parametrize(
    "fault",
    [
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))",  # as a full disk
        "import os, pathlib; pathlib.Path.replace = lambda *_: os.kill(os.getpid(), 9)",
    ],
    ids=["full", "killed"],
)
def test_edits__that_end_half_way_leave_the_old_file(path: Path, fault: str) -> None:
    before = path.read_bytes()
    edit = "from codeql_fixer.adapters.registry.editor import add_repository; import pathlib, sys"
    act = "add_repository(pathlib.Path(sys.argv[1]), 'acme/new', {})"

    ended = subprocess.run([sys.executable, "-c", f"{edit}; {fault}; {act}", path], capture_output=True, check=False)

    assert (ended.returncode == -9) != (b"UserError" in ended.stderr)
    assert path.read_bytes() == before
    assert add_repository(path, "acme/new", {}) == "acme/new"


def test_edits__overwrite_nothing_that_came_meanwhile(path: Path) -> None:
    with pytest.raises(UserError, match="somebody else changed it meanwhile"):
        add_repository(path, "acme/new", _Meddler(path))

    assert path.read_text() == '{"repos": []}'
    assert [item.name for item in path.parent.iterdir()] == ["repo_registry.json"]


def test_add_discovered__adds_what_is_new_in_one_go(path: Path) -> None:
    names = ["acme/API", "acme/one", "Acme-Forks/api", "https://github.com/acme/two", "ACME/One"]

    added, known = add_discovered(path, names)
    after = path.read_bytes()

    assert added == ("ACME/One", "acme/two")
    assert known == ("acme/API", "Acme-Forks/api")
    assert list(read_registry(path)[0].repositories)[3:] == ["acme/one", "acme/two"]
    assert add_discovered(path, names) == ((), ("acme/API", "ACME/One", "Acme-Forks/api", "acme/two"))
    assert add_discovered(path, []) == ((), ())
    assert path.read_bytes() == after


def test_add_discovered__changes_nothing_where_a_name_is_none(path: Path) -> None:
    before = path.read_bytes()

    with pytest.raises(UserError, match=r"'acme/\.\.': must be owner/name"):
        add_discovered(path, ["acme/new", "acme/.."])

    assert path.read_bytes() == before
