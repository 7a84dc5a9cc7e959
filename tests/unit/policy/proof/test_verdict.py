"""The verdict on a finding: what is seen, what was hidden, what is in doubt, and what is left is a fix."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from codeql_fixer.domain.change import Change, FileChange, FileStatus
from codeql_fixer.domain.finding import Finding, Location, SetAside
from codeql_fixer.domain.hiding import HidingKind, HidingSign
from codeql_fixer.domain.proof import SeenAt
from codeql_fixer.errors import UserError
from tests.unit.policy.comparing import AFTER, APP, BEFORE, HASH, MENDED, SQL, compare, first, hunk, seen, touched, why

FIXED = "verified_fixed: a comparable scan does not report it any more"
MESSAGE = "This query depends on a user-provided value."


def _later(line: int | None = 10, **members: object) -> Finding:
    return seen(line, scan=AFTER, **members)


def test_verdict__fixed_says_where_it_was() -> None:
    proof = compare([seen()])

    assert why(proof) == FIXED
    assert first(proof).rule_id == SQL
    assert first(proof).evidence.baseline == SeenAt(APP, 10)
    assert first(proof).evidence.candidate is None


def test_verdict__what_is_still_seen() -> None:
    there = compare([seen()], [_later()], change=Change())
    assert why(there) == "still_present: the later scan reports it still"
    assert first(there).evidence.matched_by

    below = compare([seen(20)], [_later(21)], change=Change((touched(hunk(5, "a", ("b", "c"))),)))
    assert why(below) == "still_present: the later scan reports it still at line 21"

    renamed = Change((touched(new="core/app.py"),))
    assert why(compare([seen()], [_later(file="core/app.py")], change=renamed)) == (
        "moved: the later scan reports it at core/app.py:10"
    )


def test_verdict__suppressed_is_gamed() -> None:
    proof = compare([seen()], aside=SetAside(suppressed=1, suppressed_findings=(_later(),)))

    assert why(proof) == f"gamed: the later scan still finds it, suppressed, at {APP}:10"
    assert first(proof).evidence.is_suppressed


@pytest.mark.parametrize(
    ("sign", "said"),
    [
        (HidingSign(kind=HidingKind.SCAN_CONFIG, file="c.yml"), "gamed: scan_config at c.yml"),
        (
            HidingSign(kind=HidingKind.SUPPRESSION, file=APP, line=11, text="nosec", is_local=True),
            f"gamed: suppression at {APP}:11: nosec",
        ),
        (HidingSign(kind=HidingKind.SUPPRESSION, file=APP, line=99, is_local=True), FIXED),
        (HidingSign(kind=HidingKind.SUPPRESSION, file=APP, is_local=True), f"gamed: suppression at {APP}"),
        (HidingSign(kind=HidingKind.SUPPRESSION, file="lib/b.py", line=10, is_local=True), FIXED),
        (HidingSign(kind=HidingKind.IGNORE_FILE, file=".x", covers=("lib/b.py",)), FIXED),
        (HidingSign(kind=HidingKind.IGNORE_FILE, file=".x", covers=(APP,)), "gamed: ignore_file at .x"),
    ],
)
def test_verdict__signs_count_where_they_can_hide_it(sign: HidingSign, said: str) -> None:
    assert why(compare([seen()], signs_of=lambda _: (sign,))) == said


def test_verdict__a_local_sign_bears_on_a_finding_without_a_line() -> None:
    sign = HidingSign(kind=HidingKind.SUPPRESSION, file=APP, line=99, is_local=True)

    assert why(compare([seen(None)], signs_of=lambda _: (sign,))).startswith("gamed")


def test_verdict__a_fix_changes_code_that_the_finding_rests_on() -> None:
    elsewhere = Change((touched(hunk(1), file="lib/b.py"),))
    assert why(compare([seen()], change=elsewhere)) == "unknown: the change touches none of the files that it rests on"
    form = Change((touched(hunk(10, "f(x)", "f(x)  # checked")),))
    assert why(compare([seen()], change=form)).startswith(
        "unknown: the change leaves the code that it rests on as it was"
    )
    lines = ("def find(name):", "    query = f'select {name}'", "    return db.execute(query)")
    added = FileChange(old_path="", new_path="vendor/x.py", status=FileStatus.ADDED, hunks=(hunk(1, (), lines),))
    moved = Change((touched(hunk(9, lines, ())), added))
    assert why(compare([seen()], change=moved)) == (
        "unknown: its code was moved to vendor/x.py as it was, where the later scan reports nothing"
    )
    assert why(compare([seen(None)])) == FIXED  # a whole file moves nowhere


def test_verdict__files_that_are_gone() -> None:
    deleted = touched(hunk(10), new="")
    assert why(compare([seen()], change=Change((deleted,)))) == FIXED
    assert why(compare([seen()], change=Change((deleted,)), texts={})) == FIXED
    there = compare([seen()], change=Change((deleted,)), texts={APP: "old()\n"})
    assert why(there) == f"unknown: {APP} is there still, though the change says that it was deleted"
    link = FileChange(old_path="", new_path=APP, status=FileStatus.ADDED, hunks=(hunk(1, (), "../x.py"),))
    assert why(compare([seen()], change=Change((deleted, link)))).endswith("something of another kind, such as a link")
    assert why(compare([seen()], texts={})) == (
        f"unknown: {APP} is not there any more, and the change does not say where it went"
    )
    assert why(compare([seen()], texts={APP: "new()\n"})) == FIXED
    nowhere = replace(seen(), locations=())
    assert why(compare([nowhere], change=None)).startswith("unknown: it is in no file of the repository")


def test_verdict__something_much_like_it() -> None:
    other = _later(14, message="This query depends on a value that a user gave.", snippet="other(words)")
    proof = compare(
        [seen(snippet="db.execute(q + name)")], [other], change=Change((touched(hunk(9, ("a", "b", "c"))),))
    )

    assert first(proof).verdict.value in {"unknown", "still_present"}


def test_verdict__no_decision_is_no_fix() -> None:
    undecided = SetAside(not_failing=2, undecided_findings=(_later(12), _later(13)))
    assert why(compare([seen()], aside=undecided)) == f"unknown: the later scan came to no decision at {APP}:12"
    elsewhere = SetAside(not_failing=1, undecided_findings=(_later(12, rule=HASH),))
    assert why(compare([seen()], aside=elsewhere)) == FIXED


@pytest.mark.parametrize(
    ("stray", "change", "said"),
    [
        # no place at all, a place outside, and a path from another folder
        (replace(_later(), locations=()), MENDED, "at ?"),
        (replace(_later(), locations=(Location("", 10, external_uri=f"file:///b/{APP}"),)), MENDED, f"at file:///b/{APP}:10"),
        (_later(file="app.py"), MENDED, "at app.py:10"),
        (_later(file="app.py", message="Other."), MENDED, ""),
        (_later(file=f"src/{APP}"), MENDED, f"at src/{APP}:10"),
        (_later(file="lib/other.py"), MENDED, ""),
        (_later(file="lib/app.py"), Change((touched(hunk(10), new=""),)), ""),
    ],
)  # fmt: skip
def test_verdict__the_same_at_another_path(stray: Finding, change: Change, said: str) -> None:
    found = why(compare([seen()], [stray], change=change))

    assert found == (
        f"unknown: the later scan reports the rule {said}, which may be it (--diff, --candidate-dir)" if said else FIXED
    )


def test_verdict__one_of_several_that_look_alike_is_left() -> None:
    pair = [seen(10, line_hash="aa"), seen(20, line_hash="aa")]
    bare = compare(pair, [_later(13, line_hash="aa")], change=None, targets=())
    assert sorted(one.verdict.value for one in bare.targets) == ["still_present", "unknown"]
    stays = compare(pair, [_later(20, line_hash="aa")], change=None, targets=())
    assert [one.verdict.value for one in stays.targets] == ["verified_fixed", "still_present"]
    known = compare(pair, [_later(20, line_hash="aa")], targets=())
    assert [one.verdict.value for one in known.targets] == ["verified_fixed", "still_present"]


def test_verdict__two_on_a_line_of_which_one_is_left() -> None:
    pair = [seen(10, column=5), seen(10, column=40)]

    found = compare(pair, [_later(10, column=7)], targets=())

    assert sorted(one.verdict.value for one in found.targets) == ["still_present", "unknown"]
    assert any("several look alike" in one.reasons[0] for one in found.targets)


def test_verdict__new_findings_are_told() -> None:
    proof = compare([seen()], [_later(50, rule=HASH, message="")])

    assert [(one.rule_id, one.line) for one in proof.new_findings] == [(HASH, 50)]


def test_verdict__a_name_that_nobody_knows() -> None:
    proof = compare([seen()], targets=("0" * 20,))

    assert why(proof).startswith("unknown: the earlier scan has no finding with this fingerprint")
    assert first(proof).fingerprint == "0" * 20


def test_verdict__nothing_to_compare_with() -> None:
    with pytest.raises(UserError, match="no run at all"):
        compare([], scans=((), (AFTER,)), targets=())


def test_verdict__of_two_runs_of_one_tool() -> None:
    second = replace(BEFORE, category="b")

    proof = compare([seen(), seen(scan=second, file="lib/b.py")], scans=((BEFORE, second), (AFTER,)))

    assert len(proof.coverage) == 2
