"""Scans that the host has already become scan runs, once each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.intake import AnalysisIntake
from codeql_fixer.domain.scan_run import ScanRun, ScanScope
from codeql_fixer.domain.schedule import ScanSource
from codeql_fixer.errors import InputError
from codeql_fixer.ports.hosting import Analysis
from tests.builders import place, result, run, write_sarif
from tests.records import PRODUCER, at
from tests.unit.app.orchestrators import Orchestra, listed, registry

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SHOP = "acme/shop"
RULES = [{"id": "py/xss", "properties": {"tags": ["external/cwe/cwe-079"], "security-severity": "6.1"}}]


def _analysis(number: int, hours: float, **members: object) -> Analysis:
    chosen: dict[str, object] = {"tool": "CodeQL", "category": "/language:python", "commit": "a" * 40, "error": ""}
    return Analysis(id=number, created_at=at(hours), results=1, **{**chosen, **members})  # type: ignore[arg-type]


@pytest.fixture
def fleet(tmp_path: Path) -> Orchestra:
    """A fleet of one repository with results of one analysis."""
    fleet = Orchestra(registry(listed(SHOP, scan_source=ScanSource.CODE_SCANNING)))
    found = result(ruleId="py/xss", message={"text": "xss"}, locations=[place("src/app.py", 3)])
    written = write_sarif(tmp_path / "found.sarif", run(found, tool={"driver": {"name": "CodeQL", "rules": RULES}}))
    fleet.hosting.texts = {1: written.read_bytes(), 2: written.read_bytes(), 3: b"{"}
    return fleet


@pytest.fixture
def intake(fleet: Orchestra, tmp_path: Path) -> AnalysisIntake:
    """What takes them in."""

    def reader_of(text: bytes) -> SarifReader:
        (tmp_path / "one.sarif").write_bytes(text)
        return SarifReader([tmp_path / "one.sarif"], "", ())

    return AnalysisIntake(
        hosting=fleet.hosting, reader_of=reader_of, tree=NoCheckout(), recorder=fleet.recorder(), producer=PRODUCER
    )


def _takes(intake: AnalysisIntake, fleet: Orchestra, since: datetime | None = None) -> int:
    return intake.take_in(fleet.registry.entry(SHOP), since)


def test_take_in__records_what_was_found_when_it_was_found(fleet: Orchestra, intake: AnalysisIntake) -> None:
    fleet.hosting.analyses[SHOP] = [_analysis(1, 3)]

    assert _takes(intake, fleet) == 1

    [run_] = fleet.records(ScanRun)
    assert (run_.recorded_at, run_.scope, run_.ref) == (at(3), ScanScope.DEFAULT_BRANCH, "refs/heads/main")
    assert [(issue.rule_id, issue.file) for issue in run_.issues] == [("py/xss", "src/app.py")]
    fleet.learn()
    assert fleet.index.scans()[SHOP].last_at == at(3)


def test_take_in__takes_each_once_whoever_does_it(fleet: Orchestra, intake: AnalysisIntake) -> None:
    fleet.hosting.analyses[SHOP] = [_analysis(1, 3)]

    _takes(intake, fleet)
    fleet.clock.now += timedelta(hours=9)
    again = _takes(intake, fleet)
    later = _takes(intake, fleet, at(3))

    assert (again, later, len(fleet.records(ScanRun))) == (1, 0, 1)


def test_take_in__leaves_out_what_the_host_did_not_take(fleet: Orchestra, intake: AnalysisIntake) -> None:
    fleet.hosting.analyses[SHOP] = [_analysis(1, 3, error="too many results"), _analysis(2, 4)]

    assert _takes(intake, fleet) == 1


def test_take_in__says_what_cannot_be_read_and_records_nothing(fleet: Orchestra, intake: AnalysisIntake) -> None:
    fleet.hosting.analyses[SHOP] = [_analysis(2, 4), _analysis(3, 3)]

    with pytest.raises(InputError):
        _takes(intake, fleet)
    assert fleet.records(ScanRun) == []


def test_take_in__through_the_scanner_is_a_scan(fleet: Orchestra, intake: AnalysisIntake) -> None:
    fleet.hosting.analyses[SHOP] = [_analysis(1, 3)]

    first = [*fleet.scanner(intake=intake.take_in).scan()]
    again = [*fleet.scanner(intake=intake.take_in).scan()]

    assert [[order.scans for order in orders] for orders in (first, again)] == [[1], []]
