"""Departures from the standard become warnings; good files give none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.sarif import lint
from codeql_fixer.adapters.sarif.reader import SarifReader
from tests.builders import place, result, run, write_sarif

if TYPE_CHECKING:
    from pathlib import Path


def _warnings(tmp_path: Path, *runs: object) -> list[str]:
    reading = SarifReader([write_sarif(tmp_path / "a.sarif", *runs)]).read()
    return [text.partition(": ")[2] for text in reading.warnings]


def test_lint__has_nothing_to_say_about_a_good_file(tmp_path: Path) -> None:
    assert _warnings(tmp_path, run(result(), result(ruleId="other"))) == []


@pytest.mark.parametrize(
    ("members", "warning"),
    [
        ({"artifact": {}}, "$.runs[0].results[0]: unknown property 'artifact'"),
        ({"guid": "no"}, "$.runs[0].results[0].guid: guid is not a guid"),
        ({"occurrenceCount": 0}, "$.runs[0].results[0].occurrenceCount: occurrenceCount is less than 1"),
        ({"locations": [place("a.py", 0)]}, "startLine is less than 1"),
        ({"codeFlows": [{"threadFlows": []}]}, "$.runs[0].results[0].codeFlows[0].threadFlows: threadFlows is empty"),
        ({"codeFlows": [{"threadFlows": [{}]}]}, "required property 'locations' is missing"),
        ({"suppressions": [{"kind": "inSource"}] * 2}, "suppressions holds the same entry twice"),
        ({"suppressions": [{}]}, "$.runs[0].results[0].suppressions[0]: required property 'kind' is missing"),
    ],
)
def test_lint__names_place_and_problem(tmp_path: Path, members: dict[str, Any], warning: str) -> None:
    assert any(text.endswith(warning) for text in _warnings(tmp_path, run(result(**members))))


def test_lint__looks_into_rules_and_runs(tmp_path: Path) -> None:
    rules = [{"id": "a", "messageStrings": {"m": {}}, "cwe": 1}]
    odd = run(tool={"driver": {"name": "T", "language": "python", "rules": rules}}, newlineSequences=[])

    assert _warnings(tmp_path, odd) == [
        "$.runs[0].tool.driver.language: language is not a language",
        "$.runs[0].tool.driver.rules[0].messageStrings.m: required property 'text' is missing",
        "$.runs[0].tool.driver.rules[0]: unknown property 'cwe'",
        "$.runs[0].newlineSequences: newlineSequences is empty",
    ]


def test_lint__leaves_large_files_alone(tmp_path: Path) -> None:
    padding = " " * lint.MAX_BYTES
    path = tmp_path / "a.sarif"
    path.write_text(json.dumps({"version": "2.1.0", "runs": [], "odd": 1}) + padding)

    assert SarifReader([path]).read().warnings == []
