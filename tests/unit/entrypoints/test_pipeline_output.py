"""What the command shows to people."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.domain.batch import Batch, Batching
from codeql_fixer.domain.finding import Reading, SetAside
from codeql_fixer.domain.fix_work import FixWork
from codeql_fixer.domain.sessions import NO_SESSIONS
from codeql_fixer.entrypoints.cli.pipeline_output import counts_document, describe, progress
from tests.builders import issue, scan_run

if TYPE_CHECKING:
    from codeql_fixer.domain.issue import Issue


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _work(*issues: Issue) -> FixWork:
    batches = (Batch("B001", "injection", issues),) if issues else ()
    return FixWork(
        reading=Reading([], [], 0, SetAside(), []),
        issues=issues,
        batching=Batching(batches, ()),
        counts=scan_run().counts,
        exclusions={},
    )


def test_describe__fits_long_names_into_columns() -> None:
    text = describe(_work(issue(1, file="a/" * 60 + "end.py")), scan_run(), "out")

    [row] = [line for line in text.splitlines() if line.startswith("CQLF")]
    assert row.endswith("end.py:10")
    assert "..." in row
    assert len(row) < 120


def test_describe__shows_ten_issues_and_says_how_many_more() -> None:
    text = describe(_work(*(issue(number) for number in range(1, 14))), scan_run(), "out")

    assert "... and 3 more" in text
    assert text.count("CQLF-R1-") == 10


def test_describe__shows_ten_warnings_and_where_the_rest_is() -> None:
    text = describe(_work(), replace(scan_run(), warnings=tuple(f"w{number}" for number in range(13))), "out")

    assert text.count("warning: w") == 10
    assert "warning: 3 more in out/run.json" in text
    assert "0 issues (none) in 0 batches" in text


def test_counts_document__has_the_promised_names() -> None:
    assert set(counts_document(_work(), scan_run(), NO_SESSIONS)) >= {
        *("results_read", "suppressed", "duplicates", "below_threshold", "excluded", "issues", "batches", "left_out"),
        *("run_id", "run_label", "target_repo", "mode", "exclusions"),
    }


def test_progress__is_silent_where_nobody_watches() -> None:
    stream = io.StringIO()

    with progress(stream) as on_step:
        on_step("Reading")

    assert stream.getvalue() == ""


def test_progress__shows_the_step_on_a_terminal() -> None:
    stream = _Terminal()

    with progress(stream) as on_step:
        on_step("Reading findings")

    assert stream.getvalue()
