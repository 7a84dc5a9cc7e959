"""Artifact locations to repository-relative paths."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.adapters.sarif import wire
from codeql_fixer.adapters.sarif.uris import PathResolver


def _resolve(uri: str, *, base: str = "", checkout: str = "", **run: Any) -> tuple[str, str]:  # noqa: ANN401
    location = wire.ArtifactLocation(uri, base or None)
    return PathResolver(msgspec.convert(run, wire.Run), checkout).resolve(location)


SRCROOT = {"%SRCROOT%": {"uri": "file:///home/ci/shop/"}}


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("src/a.py", "src/a.py"),
        ("src/with%20space/%C3%A9.py", "src/with space/é.py"),
        ("./src/./a.py", "src/a.py"),
        ("src\\win\\a.cs", "src/win/a.cs"),
        ("file:///home/ci/shop/src/a.py", "src/a.py"),
        ("file:/home/ci/shop/src/a.py", "src/a.py"),
        ("file://build-host/home/ci/shop/src/a.py", "src/a.py"),
        ("file://src/a.py", "src/a.py"),  # meant as a relative path
        ("/home/ci/shop/src/a.py", "src/a.py"),
        ("/home/ci/shop/../shop/src/a.py", "src/a.py"),
        ("/home/runner/work/shop/shop/src/a.py", "src/a.py"),  # GitHub's runner
        ("/github/workspace/src/a.py", "src/a.py"),  # its container actions
        ("D:\\a\\shop\\shop\\src\\a.cs", "src/a.cs"),  # its Windows runner
        ("file:///D:/a/shop/shop/src/a.cs", "src/a.cs"),
        ("C:\\actions-runner\\_work\\shop\\shop\\src\\a.cs", "src/a.cs"),  # a runner of one's own
        ("file://C:\\actions-runner\\_work\\shop\\shop\\src\\a.cs", "src/a.cs"),  # a drive for a host
        ("/opt/actions-runner/_work/shop/shop/src/a.py", "src/a.py"),
    ],
)
def test_resolve__gives_clean_relative_paths(uri: str, path: str) -> None:
    assert _resolve(uri, originalUriBaseIds=SRCROOT) == (path, "")


@pytest.mark.parametrize(
    "uri",
    [
        "../outside.py",
        "src/../../outside.py",
        "/etc/passwd",
        "file:///etc/passwd",
        "file:///home/ci/shop-other/a.py",
        "https://example.org/a.py",
        "C:\\Windows\\a.cs",
        "a%00b",
        ".",
        "%2e%2e/outside.py",
    ],
)
def test_resolve__keeps_what_is_outside_as_it_was(uri: str) -> None:
    assert _resolve(uri, originalUriBaseIds=SRCROOT) == ("", uri)


def test_resolve__follows_bases_of_bases() -> None:
    bases = {"ROOT": {"uri": "file:///home/ci/shop/"}, "SRC": {"uri": "src/", "uriBaseId": "ROOT"}}

    assert _resolve("a.py", base="SRC", originalUriBaseIds=bases) == ("src/a.py", "")
    assert _resolve("a.py", base="SRC", originalUriBaseIds=dict(reversed(bases.items()))) == ("src/a.py", "")


def test_resolve__does_not_follow_bases_in_circles() -> None:
    bases = {"A": {"uri": "a/", "uriBaseId": "B"}, "B": {"uri": "b/", "uriBaseId": "A"}}

    path, external = _resolve("x.py", base="A", originalUriBaseIds=bases)

    assert path.endswith("a/x.py")
    assert external == ""


def test_resolve__takes_an_unknown_base_for_the_repository() -> None:
    assert _resolve("a.py", base="NOWHERE") == ("a.py", "")


def test_resolve__a_base_of_another_kind_is_no_path() -> None:
    bases = {"WEB": {"uri": "https://example.org/"}}

    assert _resolve("a.py", base="WEB", originalUriBaseIds=bases) == ("a.py", "")


def test_resolve__cuts_the_checkout_before_anything_else() -> None:
    bases = {"ROOTPATH": {"uri": "file:///"}}

    assert _resolve("file:///tmp/x/shop/a.py", checkout="/tmp/x/shop", originalUriBaseIds=bases) == ("a.py", "")  # noqa: S108


def test_resolve__cuts_the_working_directory() -> None:
    invocations = [{"workingDirectory": {"uri": "file:///w/shop"}}, {}]

    assert _resolve("/w/shop/a.py", invocations=invocations) == ("a.py", "")


def test_resolve__compares_windows_paths_without_case() -> None:
    bases = {"SRCROOT": {"uri": "file:///C:/Work/Shop/"}}

    assert _resolve("c:\\work\\shop\\a.cs", originalUriBaseIds=bases) == ("a.cs", "")


def test_resolve__finds_the_artifact_of_an_index() -> None:
    run = msgspec.convert({"artifacts": [{"location": {"uri": "a.py"}}, {}]}, wire.Run)
    paths = PathResolver(run)

    assert paths.resolve(wire.ArtifactLocation(index=0)) == ("a.py", "")
    assert paths.resolve(wire.ArtifactLocation(index=1)) == ("", "")
    assert paths.resolve(wire.ArtifactLocation(index=7)) == ("", "")
    assert paths.resolve(None) == ("", "")


@pytest.mark.parametrize("base", ["file:///", "file:///C:/", "file:///somewhere/else/"])
def test_resolve__takes_a_relative_path_as_it_is_when_its_base_is_no_repository(base: str) -> None:
    bases = {"ROOTPATH": {"uri": base}, "SRCROOT": {"uri": "file:///home/ci/shop/"}}

    path, _ = _resolve("src/a.py", base="ROOTPATH", originalUriBaseIds=bases)

    assert path == "src/a.py"


def test_resolve__learns_the_root_of_another_machine_from_the_checkouts_files() -> None:
    paths = PathResolver(wire.Run(), checkout_files=frozenset({"src/a.py", "setup.py", "b.py"}))

    def resolve(uri: str) -> str:
        return paths.resolve(wire.ArtifactLocation(uri))[0]

    assert resolve("/usr/lib/python3/setup.py") == ""  # a name alone is too little
    assert resolve("/build/4711/src/a.py") == "src/a.py"
    assert resolve("file:///build/4711/b.py") == "b.py"  # now the root is known
    assert resolve("/src/a.py") == "src/a.py"
    assert resolve("/usr/lib/other.py") == ""  # the disk as a whole was not taken for a root
    assert resolve("../../mnt/x/src/a.py") == "src/a.py"  # a container's path
    assert resolve("../../etc/passwd") == ""


@given(st.text(alphabet="a./\\%2eC:f", max_size=30), st.sampled_from(["", "SRC"]))
def test_resolve__never_leads_outside(uri: str, base: str) -> None:
    path, _ = _resolve(uri, base=base, originalUriBaseIds={"SRC": {"uri": "../src/"}, **SRCROOT})

    assert not path.startswith("/")
    assert ".." not in path.split("/")
