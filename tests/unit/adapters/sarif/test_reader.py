"""The SARIF reader on files made for the purpose; the corpus is read in tests/integration/test_corpus.py."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.sarif.files import load
from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.domain.finding import Location, SetAside, Trace
from codeql_fixer.domain.severity import Level
from codeql_fixer.errors import InputError
from tests.builders import place, result, run, sarif, write_sarif

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.finding import Finding, Reading

SUPPRESSED = SetAside(suppressed=1)


def _read(tmp_path: Path, *runs: object) -> Reading:
    return SarifReader([write_sarif(tmp_path / "a.sarif", *runs)]).read()


def _finding(tmp_path: Path, *, run_members: dict[str, Any] | None = None, **members: Any) -> Finding:  # noqa: ANN401
    [found] = _read(tmp_path, run(result(**members), **(run_members or {}))).findings
    return found


def test_read__keeps_what_a_fixer_needs(tmp_path: Path) -> None:
    rule = {
        "id": "py/sql-injection",
        "name": "py/sql-injection",
        "shortDescription": {"text": "SQL from user input"},
        "fullDescription": {"text": "Long text."},
        "help": {"text": "plain", "markdown": "# Help"},
        "properties": {"tags": ["security", "external/cwe/cwe-089"], "security-severity": "8.8", "precision": "high"},
        "defaultConfiguration": {"level": "error"},
    }
    step = {"location": {**place("shop/db.py", 3), "message": {"text": "step"}}}

    reading = _read(
        tmp_path,
        run(
            result(
                partialFingerprints={"primaryLocationLineHash": "abc:1", "primaryLocationStartColumnFingerprint": "4"},
                codeFlows=[{"threadFlows": [{"locations": [step, step]}]}],
                relatedLocations=[{**place("shop/web.py", 7), "message": {"text": "user-provided value"}}],
            ),
            tool={"driver": {"name": "CodeQL", "semanticVersion": "2.20.1", "rules": [rule]}},
            automationDetails={"id": "/language:python/"},
            invocations=[{"executionSuccessful": True}],
            versionControlProvenance=[{"revisionId": "c0ffee"}],
        ),
    )

    [found], [scan] = reading.findings, reading.scans
    assert (scan.tool, scan.tool_version, scan.category) == ("CodeQL", "2.20.1", "/language:python")
    assert (scan.execution_successful, scan.has_results, scan.revision) == (True, True, "c0ffee")
    assert (scan.rule_ids, scan.results_read) == (("py/sql-injection",), 1)
    assert (found.rule.cwes, found.rule.security_severity, found.rule.help) == ((89,), 8.8, "# Help")
    assert (found.rule.short_description, found.rule.full_description) == ("SQL from user input", "Long text.")
    assert (found.level, found.rule.precision, found.rule.tags[0]) == (Level.ERROR, "high", "security")
    assert found.locations == (Location("shop/app.py", 10, 5, 10, 20),)
    assert found.tool_fingerprints.line_hash == "abc:1"
    assert found.tool_fingerprints.start_column == "4"
    assert found.trace_source is not None
    steps = (Location("shop/db.py", 3, 5, 3, 20, "step"),) * 2
    assert found.trace_source.trace() == Trace((steps,), (Location("shop/web.py", 7, 5, 7, 20, "user-provided value"),))
    assert reading.warnings == []


@pytest.mark.parametrize(
    ("members", "aside"),
    [
        ({"suppressions": [{"kind": "inSource"}]}, SUPPRESSED),
        ({"suppressions": [{"kind": "external", "status": "accepted"}]}, SUPPRESSED),
        ({"suppressions": [{"kind": "external", "status": "underReview"}]}, SetAside()),
        ({"suppressions": [{"kind": "external", "status": "rejected"}]}, SetAside()),
        ({"suppressions": []}, SetAside()),
        ({"kind": "pass"}, SetAside(not_failing=1)),
        ({"kind": "fail"}, SetAside()),
        ({"baselineState": "absent"}, SetAside(absent=1)),
        ({"baselineState": "unchanged"}, SetAside()),
    ],
)
def test_read__sets_aside_what_is_no_finding_and_counts_it(
    tmp_path: Path, members: dict[str, Any], aside: SetAside
) -> None:
    reading = _read(tmp_path, run(result(**members)))

    kept = reading.set_aside.suppressed_findings
    assert replace(reading.set_aside, suppressed_findings=()) == aside
    assert [(one.rule.id, one.file) for one in kept] == [("py/sql-injection", "shop/app.py")] * aside.suppressed
    assert len(reading.findings) == (1 if aside == SetAside() else 0)
    assert reading.results_read == 1


@pytest.mark.parametrize(
    ("level", "expected"),
    [("error", Level.ERROR), ("none", Level.NONE), (None, Level.WARNING), ("fatal", Level.WARNING)],
)
def test_read__takes_the_level_of_the_result(tmp_path: Path, level: str | None, expected: Level) -> None:
    members: dict[str, Any] = {} if level is None else {"level": level}

    assert _finding(tmp_path, **members).level is expected


def test_read__counts_every_run_of_every_file_in_the_order_of_names(tmp_path: Path) -> None:
    write_sarif(tmp_path / "b.sarif", run(result(), result()))
    write_sarif(tmp_path / "a.sarif", run(), run(result()))

    reading = SarifReader([tmp_path]).read()

    assert [scan.results_read for scan in reading.scans] == [0, 1, 2]
    assert reading.results_read == 3


@pytest.mark.parametrize("locations", [None, [], [{}], [{"message": {"text": "in the build"}}]])
def test_read__keeps_results_without_a_place(tmp_path: Path, locations: object) -> None:
    found = _finding(tmp_path, locations=locations)

    assert (found.file, found.start_line) == ("", None)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ({"startLine": 3}, (3, 1, 3, None)),
        ({"startLine": 3, "endLine": 5, "endColumn": 2}, (3, 1, 5, 2)),
        ({"startLine": 3, "endLine": 2}, (3, 1, 3, None)),  # ends before it starts
        ({"startLine": 0}, (None, None, None, None)),
        ({"startLine": 2**63}, (None, None, None, None)),  # no record and no database holds it
        ({"startLine": 3, "endLine": 2**53, "endColumn": 2**53, "startColumn": 2**53}, (3, 1, 3, None)),
        ({"startLine": 3, "startColumn": 0}, (3, 1, 3, None)),
        ({"startLine": 3, "startColumn": 9, "endColumn": 4}, (3, 9, 3, None)),
        ({"byteOffset": 3}, (None, None, None, None)),
    ],
)
def test_read__leaves_out_impossible_positions(
    tmp_path: Path, region: object, expected: tuple[int | None, ...]
) -> None:
    place = {"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": region}}

    [found] = _finding(tmp_path, locations=[place]).locations

    assert (found.start_line, found.start_column, found.end_line, found.end_column) == expected


def test_read__keeps_all_locations_and_the_scanners_snippet(tmp_path: Path) -> None:
    first = place("a.py", 1)
    first["physicalLocation"]["region"]["snippet"] = {"text": "eval(x)"}

    found = _finding(tmp_path, locations=[first, place("b.py", 2)])

    assert [item.file for item in found.locations] == ["a.py", "b.py"]
    assert found.snippet == "eval(x)"


def test_read__takes_the_score_of_the_result_itself(tmp_path: Path) -> None:
    assert _finding(tmp_path, properties={"security-severity": "9.1"}).security_severity == 9.1


def test_read__says_what_a_file_lacks(tmp_path: Path) -> None:
    bare = {"tool": {"driver": {}}, "invocations": [{"executionSuccessful": False}, {}]}
    silent = result(message={}, ruleId=None)

    reading = _read(tmp_path, bare, run(silent, silent))

    assert [warning.partition(": ")[2] for warning in reading.warnings] == [
        "$.runs[0].invocations[1]: required property 'executionSuccessful' is missing",
        "$.runs[0].tool.driver.name: the tool has no name",
        "$.runs[0].results: the run has no list of results: the scan did not get that far",
        "$.runs[0].invocations: the scanner says that it did not succeed",
        "$.runs[1]: result names no rule",
        "$.runs[1].results[0].message: message is missing or empty (and 1 more like it)",
    ]
    assert (reading.scans[0].tool, reading.scans[0].has_results) == ("unnamed", False)
    assert reading.scans[0].execution_successful is False


def test_read__hands_on_what_the_scanner_could_not_do(tmp_path: Path) -> None:
    problem = {"level": "error", "message": {"text": "syntax error"}, "locations": [place("bad.py")]}
    mild = {"level": "note", "message": {"text": "took long"}}
    warning = {"level": "warning", "message": {"text": "partly parsed"}}
    invocation = {
        "executionSuccessful": True,
        "toolExecutionNotifications": [mild, warning, {"level": "error"}],
        "toolConfigurationNotifications": [problem],
    }

    reading = _read(tmp_path, run(result(), invocations=[invocation]))

    assert reading.scans[0].tool_errors == 2
    assert [warning.partition(": ")[2] for warning in reading.warnings] == [
        "$.runs[0].invocations[0]: the scanner may not have done all of its work: partly parsed",
        "$.runs[0].invocations[0]: the scanner may not have done all of its work: ",
        "$.runs[0].invocations[0]: the scanner may not have done all of its work: syntax error bad.py",
    ]


def test_read__warns_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "a.sarif"
    path.write_text(json.dumps(sarif(run(result())) | {"version": "2.0.0"}))

    reading = SarifReader([path]).read()

    assert len(reading.findings) == 1
    assert "version is '2.0.0', not 2.1.0" in reading.warnings[0]


def test_read__drops_fingerprints_of_a_wrong_type_with_a_warning(tmp_path: Path) -> None:
    reading = _read(tmp_path, run(result(partialFingerprints={"primaryLocationLineHash": 5})))

    assert reading.findings[0].tool_fingerprints.line_hash == ""
    assert "partialFingerprints.primaryLocationLineHash: entry ignored" in reading.warnings[0]


def test_read__leaves_empty_flows_out(tmp_path: Path) -> None:
    found = _finding(tmp_path, codeFlows=[{"threadFlows": [{"locations": []}]}, {}])

    assert found.trace_source is not None
    assert found.trace_source.trace().flows == ()


def test_read__reports_a_trace_that_is_none(tmp_path: Path) -> None:
    found = _finding(tmp_path, codeFlows=[{"threadFlows": "no"}])

    assert found.trace_source is not None
    assert "not as SARIF wants" in found.trace_source.trace().problem


@pytest.mark.parametrize(
    ("content", "place", "problem"),
    [
        (b"", "", "is empty"),
        (b"  \n", "", "is empty"),
        (b'{"version": "2.1.0",\n "runs": [', "line 2, column 11", "is not JSON"),
        (b'{"version": "2.1.0",\n "runs": [}', "line 2, column 11", "is not JSON"),
        (b'{"version": "2.1.0"}', "$.runs", "is missing"),
        (b"[]", "$", "an object was expected, found array"),
        (b"null", "$", "an object was expected, found null"),
        (b'{"runs": [{"results": [{"ruleId": "\xe9"}]}]}', "$.runs[0].results[0]", "holds text that is not UTF-8"),
        (b'{"runs": {}}', "$.runs", "a list was expected, found object"),
        (b'{"runs": [3]}', "$.runs[0]", "an object was expected, found number"),
        (b'{"runs": [{"results": [{}, "x"]}]}', "$.runs[0].results[1]", "an object was expected, found string"),
        (b'{"runs": [{"results": 3}]}', "$.runs[0].results", "a list was expected, found number"),
        (b"\xff\xfe{\x00", "", "UTF-16"),
        (b'{"version":\n"\xe9"}', "line 2, column 2", "is not UTF-8"),
        (b"\x1f\x8bnonsense", "", "damaged gzip"),
        (b'{"runs": ' + b"[" * 5000, "", "nested too deeply"),
        (
            b'{"runs": [{"externalPropertyFileReferences": {"results": [{}]}}]}',
            "$.runs[0]",
            "keeps its results in other files",
        ),
    ],
)
def test_read__refuses_what_it_cannot_read_whole(tmp_path: Path, *, content: bytes, place: str, problem: str) -> None:
    good, bad = write_sarif(tmp_path / "a.sarif", run(result())), tmp_path / "b.sarif"
    bad.write_bytes(content)

    with pytest.raises(InputError) as caught:
        SarifReader([good, bad]).read()

    assert caught.value.source == str(bad)
    assert caught.value.place == place
    assert problem in caught.value.problem


def test_read__unpacks_gzip_of_several_members_and_skips_the_byte_order_mark(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + json.dumps(sarif(run(result()))).encode()
    path = tmp_path / "a.sarif.gz"
    path.write_bytes(gzip.compress(data[:50]) + gzip.compress(data[50:]) + b"\0" * 20)

    assert len(SarifReader([path]).read().findings) == 1


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r"\ud83d\ude00", "\U0001f600"),
        (r"cut \ud83d", "cut \ufffd"),
        (r"\ude00 cut", "\ufffd cut"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\\ud83d and \ud83d", "\\ud83d and \ufffd"),  # an escaped backslash, and letters
    ],
)
def test_read__keeps_the_rest_of_a_text_with_half_a_character(tmp_path: Path, escaped: str, text: str) -> None:
    path = tmp_path / "a.sarif"
    path.write_text(json.dumps(sarif(run(result(message={"text": "TEXT"})))).replace("TEXT", escaped))

    reading = SarifReader([path]).read()

    assert reading.findings[0].message == text.replace("\\\\", "\\")
    assert ["surrogate" in warning for warning in reading.warnings] == ([True] if "\ufffd" in text else [])


def test_read__refuses_gzip_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.sarif.gz"
    path.write_bytes(gzip.compress(json.dumps(sarif(run(result()))).encode())[:-12])

    with pytest.raises(InputError, match="ends too early"):
        SarifReader([path]).read()


def test_read__refuses_a_path_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        SarifReader([tmp_path / ("a" * 300)]).read()


def test_read__refuses_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        SarifReader([tmp_path / "missing.sarif"]).read()


def test_read__refuses_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InputError, match="neither a file nor a directory"):
        SarifReader([tmp_path / "pipe"]).read()


def test_load__refuses_what_is_too_large(tmp_path: Path) -> None:
    plain, packed = write_sarif(tmp_path / "a.sarif", run(result())), tmp_path / "b.sarif.gz"
    packed.write_bytes(gzip.compress(b" " * 100_000))

    with pytest.raises(InputError, match="larger than 300 bytes"):
        load(plain, max_bytes=300)
    with pytest.raises(InputError, match="larger than 300 bytes when unpacked"):
        load(packed, max_bytes=300)


def test_read__leaves_nothing_out_of_a_directory(tmp_path: Path) -> None:
    write_sarif(tmp_path / "a.sarif", run(result()))
    (tmp_path / "b.sarif").symlink_to(tmp_path / "missing")

    with pytest.raises(InputError, match="no such file") as caught:
        SarifReader([tmp_path]).read()

    assert caught.value.source == str(tmp_path / "b.sarif")


def test_read__says_which_folder_below_cannot_be_read(tmp_path: Path) -> None:
    write_sarif(tmp_path / "a.sarif", run(result()))
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # deeper than any path may be long
        os.mkdir("d" * 250, dir_fd=here)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    with pytest.raises(InputError, match="cannot be read: File name too long") as caught:
        SarifReader([tmp_path]).read()

    assert caught.value.source.startswith(str(tmp_path / ("d" * 250)))


def test_read__refuses_a_directory_without_sarif(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("x")

    with pytest.raises(InputError, match=r"holds no SARIF file.*\.sarif\.gz"):
        SarifReader([tmp_path]).read()


def test_read__reads_a_file_once_however_often_it_is_named(tmp_path: Path) -> None:
    path = write_sarif(tmp_path / "a.sarif", run(result()))

    assert SarifReader([path, tmp_path, path]).read().results_read == 1
