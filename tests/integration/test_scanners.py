"""The real scanners on the example shop. Both have to be on PATH, as `make test` puts them there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.scanners.command import CommandScanner
from codeql_fixer.adapters.scanners.programs import PROGRAMS

SHOP = Path(__file__).parents[2] / "examples/vulnerable-shop"


@pytest.mark.parametrize(("name", "rules"), [("bandit", 12), ("semgrep", 12)])
def test_scanner__finds_the_shops_weaknesses(tmp_path: Path, name: str, rules: int) -> None:
    if not shutil.which(name):
        if os.environ.get("CODEQL_FIXER_NEEDS_ALL"):  # noqa: TID251 - tests
            pytest.fail(f"{name} is not on PATH, and .ci/run has to have it")
        pytest.skip(f"{name} is not on PATH; 'make test' puts it there")
    sarif = tmp_path / "found.sarif"

    CommandScanner(PROGRAMS[name], os.environ).scan(SHOP / "shop", sarif)  # noqa: TID251 - tests

    reading = SarifReader([sarif]).read()
    found = {item.rule.id for item in reading.findings}
    assert len(found) >= rules
    assert all((SHOP / "shop" / item.file).is_file() for item in reading.findings), "paths are relative to the target"
    assert all("/" not in rule and "scripts" not in rule for rule in found), (
        "our install path is no part of a rule's id"
    )
    assert reading.scans[0].execution_successful is True
    assert reading.warnings == []
