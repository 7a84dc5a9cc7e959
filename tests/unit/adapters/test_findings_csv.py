"""CSV findings: columns, validation, repetition, several repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.findings_csv import CATEGORIES, CsvReader
from codeql_fixer.domain.finding import Location, SetAside
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import InputError
from codeql_fixer.policy.severity import severity_of

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.finding import Reading

COLUMNS = "category,severity,title,file_path,line_number,service_name,description,repo_url"


def _read(tmp_path: Path, *rows: str, columns: str = COLUMNS) -> Reading:
    path = tmp_path / "findings.csv"
    path.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    return CsvReader(path, "acme/shop").read()


def test_read__keeps_what_a_fixer_needs(tmp_path: Path) -> None:
    columns = "finding_id,scanner,cwe_id,dependency_name,current_version,fixed_version,language," + COLUMNS
    row = "7,snyk,CWE-502,jackson,2.9.0,2.9.10,Java,dependency_vulnerability,critical,Old,pom.xml,12,pay,Bad one.,"

    reading = _read(tmp_path, row, columns=columns)

    [found] = reading.findings
    assert (found.rule.id, found.rule.cwes, found.family) == (
        "dependency_vulnerability",
        (502,),
        "dependency-vulnerability",
    )
    assert found.message == "Old. Bad one. Dependency jackson 2.9.0, fixed in 2.9.10."
    assert found.locations == (Location("pom.xml", 12, 1, 12),)
    assert severity_of(found).tier is SeverityTier.CRITICAL
    assert [(scan.tool, scan.results_read) for scan in reading.scans] == [("snyk", 1)]
    assert reading.warnings == []


@pytest.mark.parametrize(
    ("cell", "cwes"),
    [
        ("79", (79,)),
        ("CWE-079: Cross-site Scripting (2021)", (79,)),
        ('"cwe_79, 80;CWE 79"', (79, 80)),
        ("", (89,)),
        ("none", (89,)),
        ("0", (89,)),
        ("\u00b2", (89,)),  # a digit to `str.isdigit`, none to `int`
        ("9" * 5000, (89,)),
    ],
)
def test_read__takes_the_weaknesses_of_the_row_or_the_usual_one(
    tmp_path: Path, cell: str, cwes: tuple[int, ...]
) -> None:
    [found] = _read(tmp_path, f"{cell},sql_injection,low,t,a.py,,,,", columns=f"cwe_id,{COLUMNS}").findings

    assert found.rule.cwes == cwes


@pytest.mark.parametrize("category", CATEGORIES)
def test_read__knows_every_category(tmp_path: Path, category: str) -> None:
    [found] = _read(tmp_path, f"{category},low,t,a.py,,,,").findings

    family, cwe = CATEGORIES[category]
    assert found.family == family
    assert found.rule.cwes == ((cwe,) if cwe else ())


@pytest.mark.parametrize(
    ("row", "warning"),
    [
        ("nonsense,high,t,a.py,1,,,", "line 2: category 'nonsense' is not one of"),
        ("xss,urgent,t,a.py,1,,,", "line 2: severity 'urgent' is not one of critical, high, medium, low; row skipped"),
        (",high,t,a.py,1,,,", "line 2: category '' is not one of"),
    ],
)
def test_read__skips_and_counts_rows_with_unknown_values(tmp_path: Path, row: str, warning: str) -> None:
    reading = _read(tmp_path, row, "xss,HIGH,t,a.py,2,,,")

    assert len(reading.findings) == 1
    assert (reading.results_read, reading.set_aside) == (2, SetAside(invalid=1))
    assert warning in reading.warnings[0]


@pytest.mark.parametrize("line", ["abc", "0", "-3", "1.5", "\u0663", "\u00b2", "9" * 5000])
def test_read__takes_an_impossible_line_for_unknown(tmp_path: Path, line: str) -> None:
    reading = _read(tmp_path, f"xss,high,t,a.py,{line},,,")

    assert reading.findings[0].start_line is None
    assert "is not a line; taken as unknown" in reading.warnings[0]


@pytest.mark.parametrize(
    ("path", "file", "external"),
    [("./src\\a.py", "src/a.py", ""), ("../../etc/passwd", "", "../../etc/passwd"), ("/abs/a.py", "", "/abs/a.py")],
)
def test_read__never_leaves_the_repository(tmp_path: Path, path: str, file: str, *, external: str) -> None:
    [place] = _read(tmp_path, f"xss,high,t,{path},1,,,").findings[0].locations

    assert (place.file, place.external_uri) == (file, external)


def test_read__keeps_the_most_severe_of_repeated_rows_in_their_order(tmp_path: Path) -> None:
    reading = _read(
        tmp_path,
        "xss,low,first,a.py,1,pay,,",
        "xss,medium,other line,a.py,2,pay,,",
        "xss,critical,worst,a.py,1,pay,,",
        "xss,critical,equal,a.py,1,pay,,",
        "xss,low,other service,a.py,1,user,,",
        "sql_injection,low,other category,a.py,1,pay,,",
    )

    titles = [found.rule.short_description for found in reading.findings]
    assert titles == ["other line", "worst", "other service", "other category"]
    assert reading.set_aside == SetAside(repeated=2)


def test_read__never_merges_two_dependencies_or_two_titles_without_a_line(tmp_path: Path) -> None:
    columns = "category,severity,title,file_path,dependency_name"

    reading = _read(
        tmp_path,
        *("dependency_vulnerability,high,t,pom.xml,one", "dependency_vulnerability,high,t,pom.xml,two"),
        *("xss,high,first,a.py,", "xss,high,second,a.py,", "xss,high,second,a.py,"),
        columns=columns,
    )

    assert len(reading.findings) == 4
    assert reading.set_aside.repeated == 1


def test_read__takes_the_rows_of_the_target_only(tmp_path: Path) -> None:
    reading = _read(
        tmp_path,
        "xss,high,t,a.py,1,,,https://github.com/Acme/Shop.git",
        "xss,high,t,a.py,2,,,git@github.com:other/thing",
        "xss,high,t,a.py,3,,,",
    )

    assert [found.start_line for found in reading.findings] == [1, 3]
    assert reading.set_aside == SetAside(other_repository=1)


def test_read__takes_one_foreign_repository_for_the_upstream(tmp_path: Path) -> None:
    reading = _read(tmp_path, "xss,high,t,a.py,1,,,https://github.com/upstream/shop")

    assert len(reading.findings) == 1
    assert "repo_url says upstream/shop" in reading.warnings[0]


@pytest.mark.parametrize(
    ("content", "place", "problem"),
    [
        (b"", "line 1", "the columns category, severity, title, file_path are missing"),
        (b"category,title\n", "line 1", "the columns severity, file_path are missing"),
        (COLUMNS.encode() + b"\nxss,high,t,a.py,1,,,,too,many\n", "line 2", "has more cells than the 8 columns"),
        (COLUMNS.encode() + b'\nxss,high,"open\n', "line 2", "is not CSV"),
        (b"category,\xff\n", "byte 9", "is not UTF-8"),
        (
            COLUMNS.encode() + b"\nxss,high,t,a,1,,,https://x/a/b\nxss,high,t,a,2,,,https://x/c/d\n",
            "column repo_url",
            "is about 2 repositories, and acme/shop is none of them",
        ),
    ],
)
def test_read__refuses_what_it_cannot_read(tmp_path: Path, *, content: bytes, place: str, problem: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)

    with pytest.raises(InputError) as caught:
        CsvReader(path, "acme/shop").read()

    assert (caught.value.source, caught.value.place) == (str(path), place)
    assert problem in caught.value.problem


def test_read__refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        CsvReader(tmp_path / "a.csv", "acme/shop").read()


def test_read__accepts_a_byte_order_mark_and_line_breaks_in_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfCategory,severity,title,file_path,description\r\nxss,high,t,a.py,"two\r\nlines"\r\n')

    [found] = CsvReader(path, "acme/shop").read().findings

    assert found.message == "t. two\r\nlines"
