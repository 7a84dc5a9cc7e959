"""Briefs: what is gathered from the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.source_tree import CheckoutTree, NoCheckout
from codeql_fixer.app.brief import BriefWriter
from codeql_fixer.app.line_hashes import TreeLineHashes
from codeql_fixer.domain.batch import Batch
from codeql_fixer.domain.finding import Location
from codeql_fixer.policy.line_hash import line_hashes
from tests.builders import issue

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.brief import IssueBrief
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.ports.source_tree import SourceTree


def _brief(tree: SourceTree, found: Issue) -> IssueBrief:
    writer = BriefWriter(tree, target_repo="acme/shop", default_branch="", run_id="1")
    [brief] = writer.write(Batch("B001", "injection", (found,))).issues
    return brief


@pytest.fixture
def tree(tmp_path: Path) -> CheckoutTree:
    """A checkout whose files have a hundred lines."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "shop/app.py").write_text("\n".join(f"line {number}" for number in range(1, 101)))
    (tmp_path / "shop/__init__.py").write_text("")
    (tmp_path / "tests/test_app.py").write_text("")
    (tmp_path / "tests/test_whole.py").write_text("from shop import app\n")
    (tmp_path / "tests/test_other.py").write_text("import application\n")
    return CheckoutTree(tmp_path)


@pytest.mark.parametrize(
    ("start", "end", "first", "last", "flagged"),
    [
        (50, 50, 44, 56, 1),
        (1, 2, 1, 8, 2),
        (100, 100, 94, 100, 1),
        (10, 95, 4, 45, 30),  # a flagged part that is too long
        (99, 500, 93, 100, 2),  # an end behind the file
    ],
)
def test_snippet__has_the_flagged_lines_and_their_surroundings(
    tree: CheckoutTree, *, start: int, end: int, first: int, last: int, flagged: int
) -> None:
    found = issue(1)
    place = Location("shop/app.py", start, 1, end)

    lines = _brief(tree, replace(found, finding=replace(found.finding, locations=(place,)))).snippet.split("\n")

    assert lines[0].endswith(f"{first} | line {first}")
    assert lines[-1].endswith(f"{last} | line {last}")
    assert sum(line.startswith(">") for line in lines) == flagged


@pytest.mark.parametrize(
    "place", [Location("shop/app.py", 500), Location("missing.py", 1), Location("shop/app.py"), Location("")]
)
def test_snippet__is_the_scanners_where_the_checkout_has_none(tree: CheckoutTree, place: Location) -> None:
    found = issue(1, snippet="from the scanner")

    brief = _brief(tree, replace(found, finding=replace(found.finding, locations=(place,))))

    assert brief.snippet == "from the scanner"


def test_tests__are_those_named_after_the_file_and_those_that_mention_it(tree: CheckoutTree) -> None:
    assert _brief(tree, issue(1)).tests == ("tests/test_app.py", "tests/test_whole.py")


@pytest.mark.parametrize("file", ["shop/__init__.py", ""])
def test_tests__of_a_file_without_a_name_of_its_own_are_none(tree: CheckoutTree, file: str) -> None:
    assert _brief(tree, issue(1, file=file)).tests == ()


def test_tests__are_five_at_most(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "test_app.py").write_text("")

    assert len(_brief(CheckoutTree(tmp_path), issue(1)).tests) == 5


def test_write__knows_the_language(tree: CheckoutTree) -> None:
    assert _brief(tree, issue(1)).language == "python"
    assert _brief(NoCheckout(), issue(1)).tests == ()


def test_tree_line_hashes__are_those_of_the_checkout(tree: CheckoutTree) -> None:
    hashes = TreeLineHashes(tree)

    assert hashes.line_hash("shop/app.py", 3) == line_hashes(tree.text("shop/app.py") or "")[2]
    assert [hashes.line_hash("shop/app.py", number) for number in (0, 101)] == ["", ""]
    assert hashes.line_hash("missing", 1) == ""
