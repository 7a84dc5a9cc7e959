"""A whole run, with values that conversions, file systems and encoders choke on: it ends well or with their error.

Nothing here is let out as a bug of ours, and nothing makes a run take long.
"""

from __future__ import annotations

import copy
import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.bootstrap.pipeline import build_pipeline
from codeql_fixer.errors import UserError
from codeql_fixer.settings import Settings
from tests.unit.adapters.sarif.test_fuzz import SAMPLE, places

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE: dict[str, object] = {
    "empty": "",
    "name too long": "a" * 300,
    "path too long": "a/" * 3000,
    "NUL": "\0",
    "NUL, percent-encoded": "%00",
    "half a character": "\ud800",
    "half a character, percent-encoded": "%ED%A0%80",
    "way out": "../" * 50 + "etc/passwd",
    "file of another host": "file://host:port/x",
    "address without end": "http://[::1",
    "drive": "C:\\x\\y",
    "digit that is no number": "\u00b2",
    "number of another script": "\u0663",
    "long number": "9" * 5000,
    "huge number": 10**400,
    "negative number": -1,
    "many placeholders": "{0}" * 2000,
    "many links": "[a](1)" * 5000,
    "many brackets": "[" * 20_000,
    "many backslashes": "\\" * 20_000,
    "many spaces": " " * 20_000 + "x",
    "many backticks": "`" * 20_000,
    "much text": "x" * 300_000,
}
COLUMNS = {
    "category": "xss",
    "severity": "high",
    "title": "t",
    "file_path": "a.py",
    "line_number": "3",
    "cwe_id": "79",
    "service_name": "s",
    "description": "d",
    "scanner": "z",
    "dependency_name": "n",
    "fixed_version": "2",
    "repo_url": "acme/shop",
}
hostile = pytest.mark.parametrize("value", list(HOSTILE.values()), ids=list(HOSTILE))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A checkout that has the files of the findings."""
    root = tmp_path / "target"
    root.mkdir()
    for name in ("a.py", "b.py"):
        (root / name).write_text("eval(x)\n" * 12)
    return root


def _ends_well(target: Path, **source: Path) -> bool:
    variables = {"MODE": "dry-run", "TARGET_REPO": "acme/shop", "TARGET_DIR": str(target)}
    variables |= {name.upper(): str(path) for name, path in source.items()}
    variables["OUTPUT_DIR"] = str(target.parent / "out")
    try:
        build_pipeline(Settings.from_environ(variables), {}).run(lambda _: None)
    except UserError:
        return False
    return True


@hostile
def test_run__survives_any_member_of_sarif(tmp_path: Path, target: Path, value: object) -> None:
    path, ends = tmp_path / "a.sarif", []
    for *way, last in places(SAMPLE):
        mutant = copy.deepcopy(SAMPLE)
        holder: Any = mutant
        for step in way:
            holder = holder[step]
        if isinstance(holder[last], dict | list):
            continue
        holder[last] = value
        path.write_text(json.dumps(mutant))
        ends.append(_ends_well(target, sarif=path))

    assert any(ends)


@hostile
def test_run__survives_any_cell_of_csv(tmp_path: Path, target: Path, value: object) -> None:
    path, ends = tmp_path / "a.csv", []
    for column in COLUMNS:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([COLUMNS, (COLUMNS | {column: str(value)}).values()])
        path.write_text(text.getvalue(), encoding="utf-8", errors="surrogatepass")
        ends.append(_ends_well(target, findings_csv=path))

    assert any(ends) or value == "\ud800"  # which no UTF-8 file can hold


@hostile
def test_run__survives_any_value_of_the_configuration(tmp_path: Path, target: Path, value: object) -> None:
    path = tmp_path / "a.sarif"
    path.write_text(json.dumps(SAMPLE))
    written = json.dumps(value)
    for text in (
        f"{written}: 1",
        f"batch_size: {written}",
        f"severity_threshold: {written}",
        f"exclude_paths: [{written}]",
        f"include_paths: [{written}]",
        f"cwe_families: {{{written}: [79]}}",
        f"cwe_families: {{x: [{written}]}}",
        str(value),
    ):
        (target / ".codeql-fixer.yml").write_text(text, encoding="utf-8", errors="surrogatepass")

        _ends_well(target, sarif=path)
