"""Whether a later scan has a say: one row per reason why it has none, and what is held against nobody."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from codeql_fixer.domain.change import Change
from codeql_fixer.domain.finding import Scan
from tests.unit.policy.comparing import AFTER, APP, BEFORE, HASH, SQL, compare, first, hunk, seen, touched, why

FIXED = "verified_fixed: a comparable scan does not report it any more"


def _verdict(*, before: dict[str, Any] | None = None, commit: str = "", **after: Any) -> str:  # noqa: ANN401 - passed on
    """What is said when the scans have such members and the finding is gone."""
    earlier, later = replace(BEFORE, **(before or {})), replace(AFTER, **after)
    return why(compare([seen(scan=earlier)], scans=((earlier,), (later,)), commit=commit))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, ""),
        ({"tool": "Bandit"}, "the later scan has no run of CodeQL"),
        ({"tool": ""}, "the later scan has no run of CodeQL"),
        ({"execution_successful": True}, ""),
        ({"execution_successful": False}, "the later scan says that it did not succeed"),
        ({"has_results": False}, "the later scan has no list of results: it did not get that far"),
        ({"rule_ids": ()}, "the later scan does not list the rules that it ran"),
        ({"rule_ids": (HASH,)}, f"rule {SQL} is not among those that the later scan lists as run"),
        ({"disabled_rules": (SQL,)}, f"rule {SQL} was switched off in the later scan"),
        ({"disabled_rules": (HASH,)}, ""),
        ({"partial": "on changed lines only"}, "on changed lines only"),
        ({"error_files": ("",)}, "the later scanner reported errors of its own"),
        ({"error_files": (APP,)}, f"the later scan had errors in {APP}"),
        ({"error_files": ("shop/other.py",)}, ""),
        ({"complaints": ((APP, "syntax error"),)}, f"the later scan had trouble with {APP}: syntax error"),
        ({"complaints": (("", f"Timeout on {APP}:"),)}, f"the later scan had trouble with {APP}: Timeout"),
        ({"complaints": (("", f"Timeout on my/{APP}"),)}, ""),  # another file
        ({"complaints": (("shop/other.py", "syntax error"),)}, ""),
        ({"silenced": ((APP, 1),)}, f"comments keep 1 line more of {APP} from the later scan"),
        ({"files_read": ("shop/other.py",)}, f"{APP} is not among the files that the later scan says it read"),
        ({"files_read": (APP,)}, ""),
        ({"tool_version": "2.20.0"}, "CodeQL 2.20.0 is older than 2.20.1"),
        ({"tool_version": ""}, "CodeQL of no version cannot be compared with 2.20.1"),
        ({"tool_version": "2.21.0"}, ""),
    ],
)
def test_coverage__of_a_later_scan(members: dict[str, Any], said: str) -> None:
    found = _verdict(**members)

    assert found.startswith(f"unknown: {said}" if said else FIXED)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # what both lack, or both have, is no doubt
        ({"tool_version": ""}, {"tool_version": ""}, ""),
        ({"tool_version": ""}, {}, "CodeQL 2.20.1 cannot be compared with one of no version"),
        ({"disabled_rules": (SQL,)}, {"disabled_rules": (SQL,)}, ""),
        ({"error_files": ("",)}, {"error_files": ("",)}, ""),
        ({"complaints": ((APP, "error at 7"),)}, {"complaints": ((APP, "error at 9"),)}, ""),
        ({"silenced": ((APP, 2),)}, {"silenced": ((APP, 2),)}, ""),
        (
            {"files_read": ("lib.py",)},
            {"files_read": ("lib.py",)},
            "",
        ),  # it found something where it does not say it was
        ({"files_read": (APP,)}, {}, ""),
        ({"files_read": (APP,)}, {"files_read": ("lib.py",)}, f"{APP} is not among the files"),
        ({"category": "/language:python"}, {"category": "/language:python"}, ""),
        ({"category": "/language:python"}, {"category": ""}, ""),
        ({"category": ""}, {"category": "/language:python"}, ""),
        (
            {"category": "/language:go"},
            {"category": "/language:python"},
            "the later scan has no run of CodeQL for /lang",
        ),
        ({"tool": "CodeQL CLI"}, {"tool": "CodeQL"}, ""),
        ({"revision": "abc1"}, {"revision": "def2"}, ""),
        ({"revision": "abc1"}, {"revision": "ABC1"}, "both scans are of the same commit ABC1"),
        ({"packs": (("q", "1.6"),)}, {"packs": (("q", "1.6"),)}, ""),
        ({"packs": (("q", "1.6"),)}, {"packs": (("q", "1.5"),)}, "rules q 1.5 is older than 1.6"),
        ({"packs": (("q", "1.6"),)}, {"packs": (("q", ""),)}, "rules q of no version cannot be compared with 1.6"),
        ({"packs": (("q", ""),)}, {"packs": (("q", "1.6"),)}, "rules q 1.6 cannot be compared with one of no version"),
        ({"packs": (("q", "1.6"),)}, {"packs": (("q", "2.0"),)}, "rules q 2.0 cannot be compared with 1.6"),
        ({"packs": (("q", "1.6"),)}, {"packs": (("q", "2.0"),), "tool_version": "2.21.0"}, ""),
        ({"packs": (("q", "1.6"), ("m", "1"))}, {"packs": (("q", "1.6"),)}, "the later scan ran without m"),
        ({"packs": (("m", "1"),)}, {}, ""),  # it says nothing of any pack
        ({"packs": (("m", "1"),)}, {"packs": (("q", "1"),), "tool_version": "2.21.0"}, ""),
    ],
)
def test_coverage__of_two_scans(before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    found = _verdict(before=before, **after)

    assert found.startswith(f"unknown: {said}" if said else FIXED)


def test_coverage__of_the_commit_that_was_claimed() -> None:
    assert _verdict(revision="abcdef0123456789", commit="abcdef0") == FIXED
    assert _verdict(commit="abcdef0") == FIXED  # it does not say
    said = "unknown: the later scan is of commit abcdef012345, not of 1234567"
    assert _verdict(revision="abcdef0123456789", commit="1234567") == said


def test_coverage__rules_that_report_have_run_listed_or_not() -> None:
    other = seen(file="lib/other.py", scan=replace(AFTER, rule_ids=()), line_hash="0ffee12345678901")
    before = [seen(), seen(file="lib/other.py", line_hash="0ffee12345678901")]
    for rules in ((), (HASH,)):
        later = replace(AFTER, rule_ids=rules)
        proof = compare(before, [replace(other, scan=later)], scans=((BEFORE,), (later,)))

        assert why(proof) == FIXED


def test_coverage__parts_of_rules_ran_when_the_rule_did() -> None:
    scans = tuple((replace(scan, rule_ids=("CA1000",)),) for scan in (BEFORE, AFTER))

    assert why(compare([seen(rule="CA1000/1", scan=scans[0][0])], scans=(scans[0], scans[1]))) == FIXED


def test_coverage__semgrep_puts_folders_before_its_rules() -> None:
    before = Scan("a", "Semgrep OSS", tool_version="1.9", rule_ids=("rules.python.sql",))
    after = replace(before, tool="Semgrep PRO", rule_ids=("tmp.x7.rules.python.sql",))

    assert why(compare([seen(rule="rules.python.sql", scan=before)], scans=((before,), (after,)))) == FIXED


def test_coverage__every_part_of_the_later_scan_has_to_be_sound() -> None:
    parts = (AFTER, replace(AFTER, source="other", execution_successful=False))

    assert why(compare([seen()], scans=((BEFORE,), parts))).endswith("did not succeed")
    switched = (AFTER, replace(AFTER, source="other", disabled_rules=(SQL,)))
    assert why(compare([seen()], scans=((BEFORE,), switched))) == FIXED


def test_coverage__follows_renamed_files_and_leaves_deleted_ones() -> None:
    before = replace(BEFORE, files_read=(APP,), complaints=((APP, f"error in {APP}:7"),))
    after = replace(AFTER, files_read=("core/app.py",), complaints=(("core/app.py", "error in core/app.py:9"),))
    target = [seen(scan=before)]
    renamed = Change((touched(hunk(10), new="core/app.py"),))
    assert why(compare(target, scans=((before,), (after,)), change=renamed)) == FIXED

    deleted = Change((touched(hunk(10), new=""),))
    gone = replace(AFTER, files_read=("lib.py",))
    assert why(compare(target, scans=((before,), (gone,)), change=deleted)) == FIXED


def test_coverage__a_finding_of_a_run_that_is_not_listed() -> None:
    stray = replace(BEFORE, tool="Other")

    assert why(compare([seen(scan=stray)])) == "unknown: the later scan has no run of Other"


def test_coverage__tells_what_was_compared() -> None:
    later = replace(AFTER, rule_ids=(SQL,), tool_version="2.21.0")
    compared = compare([seen()], scans=((BEFORE,), (later,))).coverage[0]

    assert (compared.tool, compared.baseline_version, compared.candidate_version) == ("CodeQL", "2.20.1", "2.21.0")
    assert compared.missing_rules == (HASH,)
    assert compared.doubts == ()
    nothing = compare([seen()], scans=((BEFORE,), ())).coverage[0]
    assert nothing.missing_rules == ()
    assert nothing.doubts == ("the later scan has no run of CodeQL",)
    assert first(compare([seen()], scans=((BEFORE,), ()))).evidence.candidate is None
