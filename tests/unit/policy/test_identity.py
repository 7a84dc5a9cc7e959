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
from codeql_fixer.policy.identity import LineHash, identify, is_known_as, legacy_fingerprint
from tests.builders import finding

if TYPE_CHECKING:
    from random import Random

    from codeql_fixer.domain.finding import Finding


def _no_checkout(file: str, number: int) -> str:
    """The line hash where there is no checkout."""
    del file, number
    return ""


def _checkout(file: str, number: int) -> str:
    """The line hash where there is one."""
    return f"hash of {file}:{number}"


def _fingerprints(*findings: Finding, line_hash: LineHash = _no_checkout) -> list[str]:
    return [item.identity.fingerprint for item in identify(findings, line_hash)]


@pytest.mark.parametrize(
    ("found", "line_hash", "evidence"),
    [
        (
            finding(line_hash="abc:1", others=(("matchBasedId/v1", "0123456789abcdef"),)),
            _no_checkout,
            Evidence.LINE_HASH,
        ),
        (finding(others=(("matchBasedId/v1", "0123456789abcdef_0"),)), _no_checkout, Evidence.TOOL_FINGERPRINT),
        # Semgrep without an account
        (finding(others=(("matchBasedId/v1", "requires login"),)), _no_checkout, Evidence.MESSAGE),
        # a key that nobody promises to be stable
        (finding(others=(("procedure", "0123456789abcdef"),)), _no_checkout, Evidence.MESSAGE),
        (finding(snippet="  x =  1"), _checkout, Evidence.LINE_HASH),
        (finding(snippet="  x =  1"), _no_checkout, Evidence.SOURCE_LINE),
        (finding(line=None, snippet="x"), _checkout, Evidence.SOURCE_LINE),
        (finding(), _no_checkout, Evidence.MESSAGE),
        (finding(message=""), _no_checkout, Evidence.LINE_NUMBER),
        (finding(message="", line=None), _no_checkout, Evidence.LINE_NUMBER),
        (finding(file=""), _no_checkout, Evidence.MESSAGE),
    ],
)
def test_identify__takes_the_best_evidence(found: Finding, line_hash: LineHash, evidence: Evidence) -> None:
    [item] = identify([found], line_hash)

    assert item.identity.evidence is evidence
    assert item.identity.is_fragile is (evidence is Evidence.LINE_NUMBER)


def test_identify__takes_no_notice_of_blanks_in_the_source_line() -> None:
    assert _fingerprints(finding(snippet="  x = 1")) == _fingerprints(finding(snippet="x =  1"))


def test_identify__agrees_whether_the_tool_or_we_hashed_the_line() -> None:
    hashed = finding(line_hash="hash of shop/app.py:10")

    assert _fingerprints(hashed) == _fingerprints(finding(), line_hash=_checkout)


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

    items = identify(found, _no_checkout)

    assert [item.identity.occurrence for item in items] == [3, 2, 1]  # in the order of the source
    assert len({item.identity.fingerprint for item in items}) == 3


def test_identify__numbers_findings_without_a_place_in_the_order_of_the_report() -> None:
    nowhere = replace(finding(message="m"), locations=())
    placed = replace(finding(message="m", file="", line=None))

    items = identify([nowhere, placed], _no_checkout)

    assert [item.identity.occurrence for item in items] == [1, 2]


def test_identify__merges_the_same_finding_of_two_runs() -> None:
    again = finding(line_hash="abc:1", scan=Scan("other.sarif", "CodeQL", category="python"))

    [item] = identify([finding(line_hash="abc:1"), again], _no_checkout)

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

    items = identify(found, _no_checkout)

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

    assert len(identify([finding(), other], _no_checkout)) == 2


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
    items = identify(found, _no_checkout)

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
