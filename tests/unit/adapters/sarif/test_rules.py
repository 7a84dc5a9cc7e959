"""Rules: every way in which a result can name one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from codeql_fixer.adapters.sarif import wire
from codeql_fixer.adapters.sarif.faults import Faults
from codeql_fixer.adapters.sarif.rules import UNKNOWN_RULE, RuleBook
from codeql_fixer.domain.severity import Level

TOOL = {
    "driver": {
        "name": "Driver",
        "rules": [{"id": "d0", "name": "driver zero"}, {"id": "shared", "name": "driver's"}, {"name": "no id"}],
    },
    "extensions": [
        {"name": "ext", "guid": "G-1", "rules": [{"id": "e0", "name": "ext zero"}, {"id": "shared", "name": "ext's"}]},
    ],
}


def _book(tool: object = TOOL) -> tuple[RuleBook, Faults]:
    faults = Faults("f")
    return RuleBook(msgspec.convert(tool, wire.Tool), faults, "$.runs[0]"), faults


def _find(result: dict[str, Any], tool: object = TOOL) -> tuple[str, str]:
    decoded = msgspec.json.decode(msgspec.json.encode(result), type=wire.Result)
    rule, _ = _book(tool)[0].find(decoded)
    return rule.id, rule.name


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"ruleId": "d0"}, ("d0", "driver zero")),
        ({"ruleIndex": 0}, ("d0", "driver zero")),
        ({"ruleId": "d0", "ruleIndex": 0}, ("d0", "driver zero")),
        ({"ruleId": "d0", "ruleIndex": 1}, ("d0", "driver zero")),  # the id wins over a wrong index
        ({"ruleId": "d0", "ruleIndex": 99}, ("d0", "driver zero")),
        ({"ruleId": "e0"}, ("e0", "ext zero")),  # a bare id is looked for everywhere
        ({"rule": {"id": "e0"}}, ("e0", "ext zero")),
        ({"rule": {"index": 1, "toolComponent": {"index": 0}}}, ("shared", "ext's")),
        ({"rule": {"index": 1, "toolComponent": {"guid": "G-1"}}}, ("shared", "ext's")),
        ({"ruleId": "shared", "rule": {"toolComponent": {"name": "ext"}}}, ("shared", "ext's")),
        ({"ruleId": "shared"}, ("shared", "driver's")),
        ({"ruleId": "shared", "rule": {"toolComponent": {"name": "gone"}}}, ("shared", "driver's")),
        ({"ruleId": "d0/sub/1"}, ("d0/sub/1", "driver zero")),  # hierarchical
        ({"ruleId": "nobody"}, ("nobody", "")),
        ({"ruleIndex": 2}, ("no id", "no id")),
        ({}, (UNKNOWN_RULE, "")),
        ({"rule": 5, "ruleId": "d0"}, ("d0", "driver zero")),  # a reference of a wrong type
    ],
)
def test_find__knows_every_way_of_naming_a_rule(result: dict[str, Any], expected: tuple[str, str]) -> None:
    assert _find(result) == expected


def test_ids__are_those_of_driver_and_extensions() -> None:
    assert _book()[0].ids() == ("d0", "e0", "shared")


def test_find__works_without_a_tool() -> None:
    rule, strings = RuleBook(None, Faults("f"), "$").find(wire.Result(rule_id="x"))

    assert (rule.id, strings) == ("x", None)


@pytest.mark.parametrize(
    ("score", "expected", "warning"),
    [
        ("9.8", 9.8, ""),
        (7, 7.0, ""),
        ("0.0", None, ""),  # a common way to say that there is none
        ("high", None, "is not a number"),
        ("11", None, "is not between 0 and 10"),
        ("-1", None, "is not between 0 and 10"),
        ("nan", None, "is not between 0 and 10"),
    ],
)
def test_find__takes_scores_above_zero_up_to_ten(score: object, expected: float | None, warning: str) -> None:
    tool = {"driver": {"rules": [{"id": "r", "properties": {"security-severity": score}}]}}
    book, faults = _book(tool)

    rule, _ = book.find(wire.Result(rule_id="r"))

    assert rule.security_severity == expected
    assert [warning in text for text in faults.warnings()] == ([True] if warning else [])


@pytest.mark.parametrize(
    ("rule", "cwes"),
    [
        ({"properties": {"tags": ["external/cwe/cwe-089", "external/cwe/cwe-564"]}}, (89, 564)),
        ({"properties": {"tags": ["CWE-79: Cross-site Scripting", "security"]}}, (79,)),
        ({"properties": {"tags": ["cwe:022", "CWE_78", "cwe/5"]}}, (22, 78, 5)),
        ({"properties": {"tags": ["cwe-089", "CWE-89"]}}, (89,)),
        ({"properties": {"tags": ["cwe-0", "acwe-12", "cwe"]}}, ()),
        ({"properties": {"cwe": "CWE-327"}}, (327,)),
        ({"properties": {"cwe": ["CWE-327", "CWE-328"]}}, (327, 328)),
        ({"relationships": [{"target": {"id": "502", "toolComponent": {"name": "CWE"}}}]}, (502,)),
        ({"relationships": [{"target": {"id": "CWE-502", "toolComponent": {"name": "cwe"}}}]}, (502,)),
        ({"relationships": [{"target": {"id": "A1", "toolComponent": {"name": "OWASP"}}}, {}]}, ()),
        ({}, ()),
    ],
)
def test_find__reads_weaknesses_in_any_spelling(rule: dict[str, Any], cwes: tuple[int, ...]) -> None:
    book, _ = _book({"driver": {"rules": [{"id": "r", **rule}]}})

    assert book.find(wire.Result(rule_id="r"))[0].cwes == cwes


@pytest.mark.parametrize(
    ("rule", "level"),
    [
        ({"defaultConfiguration": {"level": "note"}}, Level.NOTE),
        ({"properties": {"problem.severity": "recommendation"}}, Level.NOTE),
        ({"properties": {"problem.severity": "error"}}, Level.ERROR),
        ({"defaultConfiguration": {"level": "odd"}}, None),
        ({}, None),
    ],
)
def test_find__reads_the_level(rule: dict[str, Any], level: Level | None) -> None:
    book, _ = _book({"driver": {"rules": [{"id": "r", **rule}]}})

    assert book.find(wire.Result(rule_id="r"))[0].level is level


def test_find__prefers_text_and_falls_back_to_markdown() -> None:
    texts = {
        "shortDescription": {"markdown": "**m**"},
        "fullDescription": {"text": "t", "markdown": "m"},
        "help": {"text": "h"},
    }
    book, _ = _book({"driver": {"rules": [{"id": "r", **texts}]}})

    rule, _ = book.find(wire.Result(rule_id="r"))

    assert (rule.short_description, rule.full_description, rule.help) == ("**m**", "t", "h")
