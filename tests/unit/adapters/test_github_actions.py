"""The job's surroundings: outputs, summary, annotations. The command's own test shows them together."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.github_actions import ActionsReporter
from codeql_fixer.domain.batch import Batching
from codeql_fixer.domain.finding import Reading, SetAside
from codeql_fixer.domain.fix_work import FixWork
from codeql_fixer.domain.sessions import NO_SESSIONS
from codeql_fixer.errors import UserError
from tests.builders import issue, scan_run

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.issue import Issue


def _annotations(*issues: Issue) -> list[str]:
    stream = io.StringIO()
    reporter = ActionsReporter(output_dir="out", output="", step_summary="", annotations=stream)
    reporter.report(_work(*issues), scan_run(), sessions=NO_SESSIONS, summary="")
    return stream.getvalue().splitlines()


def _work(*issues: Issue) -> FixWork:
    return FixWork(
        reading=Reading([], [], 0, SetAside(), []),
        issues=issues,
        batching=Batching((), ()),
        counts=scan_run().counts,
        exclusions={},
    )


@pytest.mark.parametrize(("score", "kind"), [(9.5, "error"), (7.0, "error"), (5.0, "warning"), (1.0, "notice")])
def test_report__annotates_by_tier(score: float, kind: str) -> None:
    [line] = _annotations(issue(1, score=score, message="m"))

    assert line == f"::{kind} file=shop/app.py,title=CQLF-R1-0001 py/sql-injection,line=10,endLine=10::m"


def test_report__escapes_what_a_command_is_made_of() -> None:
    [line] = _annotations(issue(1, file="a,b:c%.py", message="50%\n::error::x", line=None))

    assert line == "::error file=a%2Cb%3Ac%25.py,title=CQLF-R1-0001 py/sql-injection::50%25 ::error::x"


def test_report__shows_ten_of_a_kind_and_none_without_a_file() -> None:
    high = [issue(number, score=8.0) for number in range(1, 21)]
    low = [issue(number, score=1.0) for number in range(21, 24)]

    lines = _annotations(*high, *low, issue(24, file="", score=5.0))

    assert [line.split(" ")[0] for line in lines] == ["::error"] * 10 + ["::notice"] * 3


def test_report__appends_to_what_other_steps_wrote(tmp_path: Path) -> None:
    output, summary = tmp_path / "output", tmp_path / "summary"
    output.write_text("other=1\n")
    summary.write_text("before\n")
    reporter = ActionsReporter(output_dir="out", output=str(output), step_summary=str(summary), annotations=None)

    reporter.report(_work(issue(1)), scan_run(), sessions=NO_SESSIONS, summary="# after\n")

    assert output.read_text().startswith("other=1\ntotal_issues=0\n")
    assert output.read_text().endswith("output_dir=out\n")
    assert summary.read_text() == "before\n# after\n"


def test_report__keeps_the_summary_below_the_limit(tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    reporter = ActionsReporter(output_dir="", output="", step_summary=str(summary), annotations=None)

    reporter.report(_work(), scan_run(), sessions=NO_SESSIONS, summary="é" * (1 << 20))

    assert summary.stat().st_size == 1 << 20


def test_report__says_when_it_cannot_write(tmp_path: Path) -> None:
    reporter = ActionsReporter(output_dir="", output=str(tmp_path), step_summary="", annotations=None)

    with pytest.raises(UserError, match="cannot be written"):
        reporter.report(_work(), scan_run(), sessions=NO_SESSIONS, summary="")
