"""What a run tells about how much of the code it reports on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.sarif.reader import SarifReader
from tests.builders import place, result, run, write_sarif

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.finding import Reading, Scan


def _read(folder: Path, *results: object, **members: Any) -> Reading:  # noqa: ANN401 - any JSON
    return SarifReader([write_sarif(folder / "scan.sarif", run(*results, **members))]).read()


def _scan(folder: Path, **members: Any) -> Scan:  # noqa: ANN401 - any JSON
    return _read(folder, **members).scans[0]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, ""),
        ({"properties": {}}, ""),
        ({"properties": {"incrementalMode": ["overlay"]}}, ""),
        ({"properties": {"incrementalMode": ["overlay", "diff-informed"]}}, "diff-informed"),
        ({"properties": {"incrementalMode": "diff-informed"}}, "diff-informed"),
        ({"properties": {"incrementalMode": None}}, ""),
        ({"invocations": [{"commandLine": "semgrep scan --baseline-commit abc ."}]}, "--baseline-commit"),
        ({"invocations": [{"commandLine": "semgrep --baseline_commit=abc"}]}, "--baseline_commit"),
        ({"invocations": [{"arguments": ["--baseline-ref", "main"]}]}, "--baseline-ref"),
        ({"invocations": [{"commandLine": "bandit --baseline old.json -r ."}]}, "--baseline"),
        ({"invocations": [{"commandLine": "golangci-lint run --new-from-rev=HEAD~1"}]}, "--new-from-rev"),
        ({"invocations": [{"arguments": ["--diff-depth=3"]}]}, "--diff-depth"),
        ({"invocations": [{"commandLine": "scan --baseline-colours red"}]}, ""),
        ({"invocations": [{"commandLine": "scan x--since"}]}, ""),
        ({"invocations": [{}]}, ""),
        ({"tool": {"driver": {"name": "CodeQL"}, "extensions": [{"name": "x/pr-diff-range"}]}}, "diff range"),
        ({"tool": {"driver": {"name": "CodeQL"}, "extensions": [{"name": "codeql/python-all"}, {}]}}, ""),
        ({"tool": None}, ""),
    ],
)  # fmt: skip
def test_scope__a_part_of_the_findings_only(tmp_path: Path, members: dict[str, Any], said: str) -> None:
    partial = _scan(tmp_path, **members).partial

    assert said in partial
    assert bool(said) == bool(partial)


def test_scope__packs_with_their_versions(tmp_path: Path) -> None:
    extensions = [
        {"name": "q", "semanticVersion": "1.6"},
        {"name": "a", "version": "4"},
        {"name": "n"},
        {"version": "9"},
    ]

    packs = _scan(tmp_path, tool={"driver": {"name": "CodeQL"}, "extensions": extensions}).packs

    assert packs == (("a", "4"), ("n", ""), ("q", "1.6"))


def test_scope__files_that_codeql_took_in(tmp_path: Path) -> None:
    read = {"descriptor": {"id": "py/diagnostics/successfully-extracted-files"}, "level": "none"}
    notes = [
        {**read, "locations": [place("shop/app.py", uriBaseId="%SRCROOT%")]},
        {**read, "locations": [place("file:///elsewhere/x.py")]},  # outside
        {**read, "locations": [{}]},
        read,
        {"descriptor": {"id": "py/baseline/expected-extracted-files"}, "locations": [place("shop/missed.py")]},
        {"descriptor": {}, "locations": [place("shop/none.py")]},
        {"message": {"text": "nothing"}},
    ]

    assert _scan(tmp_path, invocations=[{"toolExecutionNotifications": notes}, {}]).files_read == ("shop/app.py",)


def test_scope__files_that_bandit_counts_and_what_comments_keep_from_it(tmp_path: Path) -> None:
    metrics = {
        "_totals": {"loc": 9, "nosec": 3},
        "./shop/app.py": {"loc": 5, "nosec": 2, "skipped_tests": 1},
        "shop/100%.py": {"loc": 4, "nosec": 0},
        "shop/odd.py": {"loc": 4, "nosec": "many"},
        "other": 7,
        "lines": {"count": 3},
    }

    scan = _scan(tmp_path, properties={"metrics": metrics})

    assert scan.files_read == ("shop/100%.py", "shop/app.py", "shop/odd.py")
    assert scan.silenced == (("shop/app.py", 3),)


@pytest.mark.parametrize("metrics", [None, [], "many", 7])
def test_scope__other_counts_are_no_files(tmp_path: Path, metrics: object) -> None:
    scan = _scan(tmp_path, properties={"metrics": metrics})

    assert scan.files_read == ()
    assert scan.silenced == ()


def test_scope__complaints_in_full(tmp_path: Path) -> None:
    notes = [
        {"level": "error", "message": {"text": "cannot parse"}, "locations": [place("shop/app.py")]},
        {"level": "warning", "message": {"text": "Syntax error at line shop/b.py:5"}},
        {"level": "note", "message": {"text": "by the way"}},
    ]

    scan = _scan(tmp_path, invocations=[{"toolExecutionNotifications": notes}])

    assert scan.complaints == (("shop/app.py", "cannot parse"), ("", "Syntax error at line shop/b.py:5"))
    assert scan.error_files == ("shop/app.py",)
    assert scan.tool_errors == 1


def test_scope__results_without_a_decision_are_kept_apart(tmp_path: Path) -> None:
    kinds = ("open", "review", "notApplicable", "pass", "informational", "fail")

    reading = _read(tmp_path, *(result(kind=kind, message={"text": kind}) for kind in kinds))

    assert [one.message for one in reading.findings] == ["fail"]
    assert [one.message for one in reading.set_aside.undecided_findings] == ["open", "review", "notApplicable"]
    assert reading.set_aside.not_failing == 5
