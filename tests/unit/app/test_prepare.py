"""Preparing fix work with a reader that holds its findings in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.prepare import prepare
from codeql_fixer.domain.finding import Reading, SetAside
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.work_options import WorkOptions
from tests.builders import SCAN, finding

if TYPE_CHECKING:
    from codeql_fixer.domain.finding import Finding
    from codeql_fixer.domain.fix_work import FixWork

OPTIONS = WorkOptions(
    run_id="9",
    filters=FilterOptions(threshold=SeverityTier.MEDIUM, exclude_paths=(("vendor/",),)),
    batch_size=2,
    max_sessions=2,
    families=FamilyTable(),
)


class _Memory:
    """FindingsReader that has read already."""

    def __init__(self, findings: list[Finding], aside: SetAside) -> None:
        read = len(findings) + aside.suppressed + aside.repeated + sum(aside.excluded().values())
        self._reading = Reading(findings, [SCAN], read, aside, [])

    def read(self) -> Reading:
        return self._reading


def _prepare(*findings: Finding, aside: SetAside | None = None) -> FixWork:
    return prepare(_Memory(list(findings), aside or SetAside()), NoCheckout(), OPTIONS)


def test_prepare__numbers_issues_from_the_most_severe() -> None:
    work = _prepare(
        finding(file="b.py", score=5.0), finding(file="b.py", score=9.5, rule="x"), finding(file="a.py", score=5.0)
    )

    assert [(issue.id, issue.finding.file, issue.severity.score) for issue in work.issues] == [
        ("CQLF-R9-0001", "b.py", 9.5),
        ("CQLF-R9-0002", "a.py", 5.0),
        ("CQLF-R9-0003", "b.py", 5.0),
    ]


def test_prepare__says_where_everything_went() -> None:
    aside = SetAside(suppressed=3, not_failing=1, absent=2, invalid=4, other_repository=5, repeated=6)

    work = _prepare(finding(), finding(), finding(file="vendor/x.py"), finding(line=11, score=1.0), aside=aside)

    counts = work.counts
    assert (counts.suppressed, counts.duplicates, counts.below_threshold, counts.excluded) == (3, 7, 1, 13)
    assert work.exclusions == {
        "excluded_by_path": 1,
        "not_failing": 1,
        "absent": 2,
        "invalid": 4,
        "other_repository": 5,
    }
    assert (counts.issues, counts.batches, counts.left_out) == (1, 1, 0)


def test_prepare__takes_the_family_that_the_reader_knows() -> None:
    work = _prepare(finding(), replace(finding(line=11), family="pii-logging"))

    assert [issue.family for issue in work.issues] == ["injection", "pii-logging"]


findings = st.lists(
    st.builds(
        finding,
        file=st.sampled_from(["a.py", "vendor/b.py", ""]),
        line=st.integers(1, 4),
        score=st.sampled_from([9.8, 5.0, 0.5, None]),
        cwes=st.sampled_from([(89,), (79,), ()]),
        message=st.sampled_from(["m1", "m2"]),
    ),
    max_size=25,
)
asides = st.builds(SetAside, *[st.integers(0, 3)] * 6)


@given(findings, asides)
def test_prepare__counts_add_up(found: list[Finding], aside: SetAside) -> None:
    counts = _prepare(*found, aside=aside).counts

    parts = counts.suppressed + counts.duplicates + counts.below_threshold + counts.excluded + counts.issues
    assert parts == counts.results_read


@given(findings)
def test_prepare__every_issue_is_in_one_batch_or_left_out(found: list[Finding]) -> None:
    work = _prepare(*found)

    batched = sum(len(batch.issues) for batch in work.batching.batches)
    assert batched + work.counts.left_out == work.counts.issues == len({issue.id for issue in work.issues})
