"""Identity: what is one finding, and under which fingerprint."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.domain.finding import Scan, ToolFingerprints
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.policy.identity import identify, is_known_as, legacy_fingerprint
from tests.builders import finding

if TYPE_CHECKING:
    from random import Random

    from codeql_fixer.domain.finding import Finding


class Lines:
    """Source lines by (file, line)."""

    def __init__(self, texts: dict[tuple[str, int], str] | None = None, *, has_hashes: bool = True) -> None:
        self._texts, self._has_hashes = texts or {}, has_hashes

    def line(self, file: str, number: int) -> str:
        return self._texts.get((file, number), "")

    def line_hash(self, file: str, number: int) -> str:
        text = self._texts.get((file, number))
        return f"hash of {text}" if text and self._has_hashes else ""


NO_LINES = Lines()


def _fingerprints(*findings: Finding, lines: Lines = NO_LINES) -> list[str]:
    return [item.identity.fingerprint for item in identify(findings, lines)]


@pytest.mark.parametrize(
    ("found", "lines", "evidence"),
    [
        (finding(line_hash="abc:1", others=(("matchBasedId/v1", "0123456789abcdef"),)), {}, Evidence.LINE_HASH),
        (finding(others=(("matchBasedId/v1", "0123456789abcdef_0"),)), {}, Evidence.TOOL_FINGERPRINT),
        # Semgrep without an account
        (finding(others=(("matchBasedId/v1", "requires login"),)), {}, Evidence.MESSAGE),
        # a key that nobody promises to be stable
        (finding(others=(("procedure", "0123456789abcdef"),)), {}, Evidence.MESSAGE),
        (finding(), {("shop/app.py", 10): "x"}, Evidence.LINE_HASH),
        (finding(snippet="  x =  1"), {}, Evidence.SOURCE_LINE),
        (finding(), {}, Evidence.MESSAGE),
        (finding(message=""), {}, Evidence.LINE_NUMBER),
        (finding(message="", line=None), {}, Evidence.LINE_NUMBER),
        (finding(file=""), {}, Evidence.MESSAGE),
    ],
)
def test_identify__takes_the_best_evidence(
    found: Finding, lines: dict[tuple[str, int], str], evidence: Evidence
) -> None:
    [item] = identify([found], Lines(lines))

    assert item.identity.evidence is evidence
    assert item.identity.is_fragile is (evidence is Evidence.LINE_NUMBER)


def test_identify__takes_the_source_line_where_it_cannot_be_hashed() -> None:
    lines = Lines({("shop/app.py", 10): "  x = 1"}, has_hashes=False)

    [item] = identify([finding()], lines)

    assert item.identity.evidence is Evidence.SOURCE_LINE
    assert _fingerprints(finding(), lines=lines) == _fingerprints(finding(snippet="x =  1"))


def test_identify__agrees_whether_the_tool_or_we_hashed_the_line() -> None:
    lines = Lines({("shop/app.py", 10): "x"})

    assert _fingerprints(finding(line_hash="hash of x")) == _fingerprints(finding(), lines=lines)


def test_identify__takes_the_highest_version_of_a_tool_fingerprint() -> None:
    both = finding(others=(("equalIndicator/v1", "1111111111"), ("equalIndicator/v2", "2222222222")))
    newer = finding(others=(("equalIndicator/v2", "2222222222"),))

    assert _fingerprints(both) == _fingerprints(newer)


def test_identify__keeps_fingerprints_from_version_to_version() -> None:
    """Frozen values: a change here changes the identity of every issue of every user. Raise FINGERPRINT_VERSION."""
    found = [finding(line_hash="68effa45aeb029b3:1"), finding(), finding(message="", rule="r")]

    assert _fingerprints(*found) == ["5349551110c43e4ba8d5", "2cdd03641ea742291a40"]


@pytest.mark.parametrize(
    "change",
    [{"file": "shop/other.py"}, {"rule": "py/xss"}, {"line_hash": "def:1"}],
    ids=["path", "rule", "evidence"],
)
def test_identify__tells_findings_apart(change: dict[str, Any]) -> None:
    one, two = _fingerprints(finding(line_hash="abc:1"), finding(**{"line_hash": "abc:1", **change}))

    assert one != two


def test_identify__survives_a_move_of_the_line() -> None:
    assert _fingerprints(finding(line_hash="abc:1")) == _fingerprints(finding(line_hash="abc:1", line=99))


def test_identify__numbers_findings_that_agree_in_everything() -> None:
    found = [finding(line_hash="abc:1", line=line, column=column) for line, column in ((30, 1), (10, 9), (10, 2))]

    items = identify(found, NO_LINES)

    assert [item.identity.occurrence for item in items] == [3, 2, 1]  # in the order of the source
    assert len({item.identity.fingerprint for item in items}) == 3


def test_identify__numbers_findings_without_a_place_in_the_order_of_the_report() -> None:
    nowhere = replace(finding(message="m"), locations=())
    placed = replace(finding(message="m", file="", line=None))

    items = identify([nowhere, placed], NO_LINES)

    assert [item.identity.occurrence for item in items] == [1, 2]


def test_identify__merges_the_same_finding_of_two_runs() -> None:
    again = finding(line_hash="abc:1", scan=Scan("other.sarif", "CodeQL", category="python"))

    [item] = identify([finding(line_hash="abc:1"), again], NO_LINES)

    assert item.repeats == (again,)


def test_identify__merges_when_one_report_has_no_fingerprint() -> None:
    assert len(_fingerprints(finding(line_hash="abc:1"), finding())) == 1


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (ToolFingerprints("abc:1"), ToolFingerprints("def:1")),
        (
            ToolFingerprints("", "", (("equalIndicator/v1", "1"),)),
            ToolFingerprints("", "", (("equalIndicator/v1", "2"),)),
        ),
    ],
)
def test_identify__keeps_findings_apart_that_the_tool_keeps_apart(one: ToolFingerprints, two: ToolFingerprints) -> None:
    found = [replace(finding(), tool_fingerprints=prints) for prints in (one, two, one, two)]

    items = identify(found, NO_LINES)

    assert [len(item.repeats) for item in items] == [1, 1]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 2, 1), (2, 1, 0)])
def test_identify__joins_nothing_through_a_report_without_fingerprint(order: tuple[int, ...]) -> None:
    found = [finding(line_hash="abc:1"), finding(line_hash="def:1"), finding()]

    fingerprints = _fingerprints(*(found[position] for position in order))

    assert set(fingerprints) == set(_fingerprints(*found[:2]))


@pytest.mark.parametrize(
    "change",
    [{"message": "another"}, {"column": 6}, {"line": 11}, {"scan": Scan("a", "Semgrep")}],
    ids=["message", "column", "line", "tool"],
)
def test_identify__merges_nothing_that_differs(change: dict[str, Any]) -> None:
    other = finding(**change)

    assert len(identify([finding(), other], NO_LINES)) == 2


findings = st.builds(
    finding,
    file=st.sampled_from(["a.py", "b.py", ""]),
    line=st.one_of(st.none(), st.integers(1, 3)),
    column=st.integers(1, 2),
    rule=st.sampled_from(["r1", "r2"]),
    message=st.sampled_from(["", "m1", "m2"]),
    line_hash=st.sampled_from(["", "h1:1", "h2:1"]),
    snippet=st.sampled_from(["", "x"]),
)


@given(st.lists(findings, max_size=12))
def test_identify__loses_nothing_and_gives_each_its_own_fingerprint(found: list[Finding]) -> None:
    items = identify(found, NO_LINES)

    assert sum(1 + len(item.repeats) for item in items) == len(found)
    assert len({item.identity.fingerprint for item in items}) == len(items)


@given(st.lists(findings, max_size=8))
def test_identify__reading_everything_twice_changes_nothing(found: list[Finding]) -> None:
    assert set(_fingerprints(*found, *found)) == set(_fingerprints(*found))


@given(st.lists(findings, max_size=8), st.randoms(use_true_random=False))
def test_identify__does_not_depend_on_the_order_of_the_report(found: list[Finding], random: Random) -> None:
    shuffled = random.sample(found, len(found))

    assert set(_fingerprints(*found)) == set(_fingerprints(*shuffled))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (finding(line_hash="abc:1"), "py/sql-injection|abc:1"),
        (finding(message="m"), "py/sql-injection|shop/app.py|m"),
        (finding(message=""), "py/sql-injection|shop/app.py|10"),
        (finding(message="", line=None), "py/sql-injection|shop/app.py|0"),
    ],
)
def test_legacy_fingerprint__is_that_of_the_first_generation(found: Finding, text: str) -> None:
    assert legacy_fingerprint(found) == sha256(text.encode()).hexdigest()[:20]


@pytest.mark.parametrize(
    ("candidate", "is_known"),
    [
        ("a" * 20, True),  # the fingerprint
        ("b" * 20, True),  # its alias
        ("b" * 16, True),  # the alias as the oldest records have it
        ("b" * 8, False),  # any shorter start proves nothing
        ("a" * 16, False),  # fingerprints of today were never cut to 16
        ("c" * 20, False),
    ],
)
def test_is_known_as__takes_aliases_of_both_lengths(candidate: str, *, is_known: bool) -> None:
    assert is_known_as(candidate, fingerprint="a" * 20, aliases=["b" * 20]) is is_known
