"""What else is gone with a finding, and when that says that the later scan did not look."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from codeql_fixer.domain.change import Change
from codeql_fixer.domain.finding import Finding, Location, Trace
from tests.builders import finding
from tests.unit.policy.comparing import AFTER, APP, BEFORE, HASH, MENDED, SQL, compare, hunk, seen, touched, why

FIXED = "verified_fixed: a comparable scan does not report it any more"


def _others(count: int, form: str = "lib/other{}.py", *, rule: str = HASH) -> list[Finding]:
    return [seen(file=form.format(number), rule=rule, message=f"m{number}") for number in range(count)]


def _later(findings: list[Finding]) -> list[Finding]:
    return [replace(one, scan=AFTER) for one in findings]


@pytest.mark.parametrize(
    ("others", "kept", "said"),
    [
        (0, 0, FIXED),
        (1, 1, FIXED),
        (1, 0, "unknown: 1 finding of 1 that nobody touched are gone, too"),
        (4, 2, FIXED),  # few may be gone for reasons of their own
        (4, 1, "unknown: 3 findings of 4 that nobody touched"),
        (20, 17, FIXED),
        (20, 16, "unknown: 4 findings of 20 that nobody touched"),
    ],
)
def test_controls__of_the_run(others: int, kept: int, said: str) -> None:
    controls = _others(others, "lib{0}/sub{0}/other.py")

    assert why(compare([seen(), *controls], _later(controls[:kept]))).startswith(said)


def test_controls__a_rule_that_reports_nothing_any_more() -> None:
    same_rule = _others(2, "lib{0}/x.py", rule=SQL)
    rest = _others(20, "more{0}/x.py")

    found = why(compare([seen(), *same_rule, *rest], _later(rest)))

    assert found.startswith(f"unknown: 2 findings of 2 of rule {SQL} that nobody touched")


def test_controls__a_folder_and_a_kind_of_files_that_nobody_looked_at() -> None:
    beside, rest = _others(2, "shop/b{0}.py"), _others(20, "more{0}/x.py")
    assert "of 2 in folder shop that" in why(compare([seen(), *beside, *rest], _later(rest)))

    at_root, script = _others(2, "b{0}.js"), seen(file="app.js")
    elsewhere = _others(20, "more{0}/x.py")
    change = Change((touched(hunk(10), file="app.js"),))
    assert "in folder . that" in why(compare([script, *at_root, *elsewhere], _later(elsewhere), change=change))

    spread = _others(2, "far{0}/x.js")
    assert "in files such as app.js" in why(compare([script, *spread, *elsewhere], _later(elsewhere), change=change))


def test_controls__without_the_change_what_is_no_target_has_to_be_there() -> None:
    controls = _others(4)
    assert why(compare([seen(), *controls], _later(controls[:3]), change=None)) == FIXED
    assert why(compare([seen(), *controls], _later(controls[:1]), change=None)).startswith("unknown: 3 findings of 4")
    assert why(compare([seen(), *controls], [], change=None, targets=())) == FIXED  # all of them were meant


def test_controls__everything_gone_at_once_takes_an_explanation() -> None:
    many = _others(10)

    found = why(compare(many, [], change=None, targets=()))
    assert (
        found
        == "unknown: everything that the earlier scan found is gone at once: only the change can explain it (--diff)"
    )
    assert why(compare(many, _later(many[:1]), change=None, targets=())).startswith("still_present")
    assert why(compare(list(reversed(many)), _later(many[:1]), change=None, targets=())) == FIXED


def test_controls__a_file_that_was_left_out_loses_all_of_it() -> None:
    far = [seen(200, rule=HASH, message="a"), seen(300, rule=HASH, message="b")]

    found = why(compare([seen(), *far]))
    assert (
        found == f"unknown: 2 findings in {APP} far from the change are gone, too: "
        "the later scan may have left the file out"
    )
    assert why(compare([seen(), *far[:1]])) == FIXED  # one may have hung on the other
    assert why(compare([seen(), *far], _later(far[:1]))) == FIXED
    near = [seen(12, rule=HASH, message="a"), seen(20, rule=HASH, message="b")]
    assert why(compare([seen(), *near])) == FIXED
    added = Change((touched(hunk(10), hunk(195, (), ("x", "y"))),))
    assert why(compare([seen(), *far], change=added)) == FIXED  # a change is near to one of them
    deleted = Change((touched(hunk(10), new=""),))
    assert why(compare([seen(), *far], change=deleted)) == FIXED


def test_controls__where_the_flagged_line_was_left_alone_one_other_is_enough() -> None:
    far, change = seen(200, rule=HASH), Change((touched(hunk(100)),))

    assert why(compare([seen()], change=change)) == FIXED
    assert why(compare([seen(), far], change=change)).startswith(f"unknown: 1 finding in {APP} far from")


def test_controls__a_file_that_the_scan_says_it_read_is_not_left_out() -> None:
    far = [seen(200, rule=HASH, message="a"), seen(300, rule=HASH, message="b")]
    later = replace(AFTER, files_read=(APP,))

    assert why(compare([seen(), *far], scans=((BEFORE,), (later,)))) == FIXED


def test_controls__findings_without_a_line_are_near_to_nothing_and_far_from_nothing() -> None:
    whole = [seen(None, rule=HASH, message="a"), seen(None, rule=HASH, message="b")]

    assert why(compare([seen(), *whole])) == FIXED


def test_controls__what_flows_through_another_place_is_near_to_that() -> None:
    class Source:
        def trace(self) -> Trace:
            return Trace(flows=((Location(APP, 11), Location("lib/untouched.py", 3)),))

    far = [replace(seen(line, rule=HASH, message=f"{line}"), trace_source=Source()) for line in (200, 300)]

    assert why(compare([seen(), *far])) == FIXED


def test_controls__without_the_change_a_file_has_to_keep_something() -> None:
    far = seen(200, rule=HASH)
    found = why(compare([seen(), far], change=None))
    assert found.startswith(f"unknown: 1 finding in {APP} that nobody meant to fix")
    assert why(compare([seen(), seen(20, rule=HASH)], change=None)) == FIXED  # close by
    assert why(compare([seen(), far], _later([far]), change=None)) == FIXED

    several = [seen(line, message=f"{line}") for line in range(10, 60, 10)]
    rest = _others(1)
    assert "unknown: 5 findings in" in why(compare([*several, *rest], _later(rest), change=None, targets=()))
    assert why(compare([*several[1:], *rest], _later(rest), change=None, targets=())) == FIXED


def test_controls__one_without_a_place_is_a_control_like_any() -> None:
    nowhere = replace(finding(scan=BEFORE, rule=HASH), locations=())

    assert why(compare([seen(), nowhere], change=MENDED)).startswith("unknown: 1 finding of 1")


def test_controls__of_several_targets_in_one_file() -> None:
    far = [seen(200, rule=HASH, message="a"), seen(300, rule=HASH, message="b")]

    verdicts = [one.verdict.value for one in compare([seen(), seen(11, message="other"), *far], targets=()).targets]

    assert verdicts[:2] == ["unknown", "unknown"]
