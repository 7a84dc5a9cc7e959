"""Members of a wrong type are dropped with a warning; runs and results never are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.sarif.reader import SarifReader
from tests.builders import place, result, run, sarif

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.finding import Reading


def _read(tmp_path: Path, data: object) -> Reading:
    path = tmp_path / "a.sarif"
    path.write_text(json.dumps(data))
    return SarifReader([path]).read()


@pytest.mark.parametrize(
    ("members", "warning"),
    [
        ({"level": 5}, "$.runs[0].results[0].level: level ignored: wrong type number"),
        ({"ruleIndex": "0"}, "$.runs[0].results[0].ruleIndex: ruleIndex ignored: wrong type string"),
        ({"message": "text"}, "$.runs[0].results[0].message: message ignored: wrong type string"),
        ({"locations": {}}, "$.runs[0].results[0].locations: locations ignored: wrong type object"),
        ({"locations": [None]}, "$.runs[0].results[0].locations[0]: entry ignored: wrong type null"),
        ({"fingerprints": {"a": 1}}, "$.runs[0].results[0].fingerprints.a: entry ignored: wrong type number"),
        ({"properties": []}, "$.runs[0].results[0].properties: properties ignored: wrong type array"),
        ({"suppressions": True}, "$.runs[0].results[0].suppressions: suppressions ignored: wrong type boolean"),
    ],
)
def test_repair__drops_one_member_and_keeps_the_result(tmp_path: Path, members: dict[str, Any], warning: str) -> None:
    reading = _read(tmp_path, sarif(run(result(**members))))

    assert len(reading.findings) == 1
    assert warning in [text.partition(": ")[2] for text in reading.warnings]


def test_repair__keeps_raw_members_and_null(tmp_path: Path) -> None:
    flows = [{"threadFlows": [{"locations": [{"location": place("b.py", 2)}]}]}]

    [found] = _read(tmp_path, sarif(run(result(codeFlows=flows, level=5, kind=None)))).findings

    assert found.trace_source is not None
    assert found.trace_source.trace().flows[0][0].file == "b.py"


def test_repair__keeps_indices_in_step(tmp_path: Path) -> None:
    artifacts = [3, {"location": {"uri": "b.py"}}]
    by_index = {"physicalLocation": {"artifactLocation": {"index": 1}}}

    [found] = _read(tmp_path, sarif(run(result(locations=[by_index]), artifacts=artifacts))).findings

    assert found.file == "b.py"


def test_repair__takes_scores_as_text_or_number(tmp_path: Path) -> None:
    found = _read(tmp_path, sarif(run(*(result(properties={"security-severity": score}) for score in ("7.5", 7.5)))))

    assert [item.security_severity for item in found.findings] == [7.5, 7.5]
