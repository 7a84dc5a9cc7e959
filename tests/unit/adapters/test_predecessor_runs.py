"""What the first generation left, as records: nothing is guessed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.predecessor_runs import PredecessorRuns
from codeql_fixer.domain.cycle import Cycle, PullRequestState
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.verification import Verdict, Verification
from codeql_fixer.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord

FINGERPRINT = "4be89e0fbf4569e1"


def _issue(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "id": "CQLF-ALL-R7-0001",
        "fingerprint": FINGERPRINT,
        "rule_id": "js/request-forgery",
        "severity_tier": "critical",
        "cwe_family": "ssrf",
        "file": "routes/profile.ts",
        "start_line": 24,
        **members,
    }


def _run(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "target_repo": "https://github.com/acme-forks/shop.git",
        "fork_url": "https://github.com/acme-forks/shop",
        "run_number": 7,
        "run_id": "2100",
        "run_url": "",
        "run_label": "run-7-2026-02-09-071046",
        "timestamp": "2026-02-09T07:11:26.896976+00:00",
        "issues_found": 1,
        "severity_breakdown": {"critical": 1},
        "category_breakdown": {"ssrf": 1},
        "batches_created": 1,
        "sessions": [],
        "issue_fingerprints": [_issue()],
        **members,
    }


def _session(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "session_id": "devin-1",
        "session_url": "https://app.devin.ai/sessions/1",
        "batch_id": 1,
        "status": "created",
        "issue_ids": ["CQLF-R7-0001"],
        **members,
    }


def _records(tmp_path: Path, *raws: dict[str, Any], upstream: str = "") -> list[AnyRecord]:
    for number, raw in enumerate(raws):
        (tmp_path / f"{number}.json").write_text(json.dumps(raw))
    found = PredecessorRuns(tmp_path, {"Acme-Forks/Shop": upstream} if upstream else {}).read()
    return [record for _, records in found for record in records]


def _only(records: list[AnyRecord], kind: type) -> Any:  # noqa: ANN401 - of that kind
    [found] = [record for record in records if isinstance(record, kind)]
    return found


def test_read__a_scan_proves_presence_and_never_absence(tmp_path: Path) -> None:
    run = _only(_records(tmp_path, _run()), ScanRun)

    assert (run.target_repo, run.run_id, run.fingerprint_version) == ("acme-forks/shop", "2100", 0)
    assert run.scans[0].rule_ids == ()
    assert run.set_aside is None
    [issue] = run.issues
    assert (issue.fingerprint, issue.evidence, issue.severity_score) == (FINGERPRINT, Evidence.UNKNOWN, None)


def test_read__a_fork_is_its_upstream_where_somebody_says_so(tmp_path: Path) -> None:
    run = _only(_records(tmp_path, _run(), upstream="acme/shop"), ScanRun)

    assert (run.target_repo, run.scanned_repo, run.id) == ("acme/shop", "acme-forks/shop", "scan_run/acme/shop/2100")


def test_read__a_run_without_an_id_is_known_by_its_number(tmp_path: Path) -> None:
    run = _only(_records(tmp_path, _run(run_id=None)), ScanRun)

    assert run.run_id == "7"


def test_read__a_run_that_wrote_no_issues_down_says_so(tmp_path: Path) -> None:
    raw = _run(issues_found=78)
    del raw["issue_fingerprints"]

    run = _only(_records(tmp_path, raw), ScanRun)

    assert (run.counts.results_read, run.counts.issues, run.exclusions) == (78, 0, {"not_recorded": 78})
    assert not run.scans[0].has_results


def test_read__a_dispatch_is_no_scan(tmp_path: Path) -> None:
    raw = _run(
        run_label="orchestrator_dispatch_2026-02-26T01-20-42.029090+00-00_1",
        issues_found=0,
        sessions=[_session(issue_ids=["CQLF-ALL-R7-0001"])],
        issue_fingerprints=[_issue(file="", start_line=0)],
    )

    records = _records(tmp_path, raw)

    assert {record.kind for record in records} == {"dispatch_intent", "dispatch_outcome", "cycle"}
    assert _only(records, DispatchIntent).fingerprints == (FINGERPRINT,)


def test_read__a_session_that_nobody_polled_is_queued(tmp_path: Path) -> None:
    records = _records(tmp_path, _run(sessions=[_session()]))

    assert _only(records, DispatchOutcome).status is DispatchStatus.CREATED
    assert [seen.state for seen in _only(records, Cycle).sessions] == [SessionState.QUEUED]


def test_read__a_session_that_was_refused_costs_nothing(tmp_path: Path) -> None:
    records = _records(tmp_path, _run(sessions=[_session(session_id="", status="error: 429 Too Many Requests")]))

    outcome = _only(records, DispatchOutcome)
    assert (outcome.status, outcome.reason) == (DispatchStatus.REFUSED, "error: 429 Too Many Requests")
    assert not [record for record in records if isinstance(record, Cycle)]


def test_read__a_pull_request_was_open_when_it_was_noted(tmp_path: Path) -> None:
    url = "https://github.com/acme-forks/shop/pull/7"
    records = _records(tmp_path, _run(sessions=[_session(status="finished", pr_url=url)]))

    [seen] = _only(records, Cycle).pull_requests
    assert (seen.target_repo, seen.number, seen.state, seen.url) == ("acme-forks/shop", 7, PullRequestState.OPEN, url)


def test_read__a_session_without_issues_belongs_to_none(tmp_path: Path) -> None:
    records = _records(tmp_path, _run(sessions=[_session(issue_ids=["", ""])]))

    assert [record.kind for record in records] == ["scan_run"]


def test_read__attempts_are_counted_in_time(tmp_path: Path) -> None:
    later = _run(timestamp="2026-02-10T07:00:00+00:00", run_id="2101", run_label="b", sessions=[_session()])
    earlier = _run(sessions=[_session()])

    records = _records(tmp_path, later, earlier)

    attempts = [(record.recorded_at.day, record.attempt) for record in records if isinstance(record, DispatchIntent)]
    assert attempts == [(9, 1), (10, 2)]


def test_read__a_claim_to_have_fixed_is_no_proof(tmp_path: Path) -> None:
    raw = {
        "verified_at": "2026-02-09T07:16:57+00:00",
        "pr_url": "https://github.com/acme-forks/shop/pull/96",
        "session_id": "2324fa",
        "verified_fixed": [{"fingerprint": "7" * 20}],
        "still_present": [{"fingerprint": "8" * 20}],
    }

    record = _only(_records(tmp_path, raw, upstream="acme/shop"), Verification)

    assert (record.target_repo, record.pull_request) == ("acme/shop", 96)
    assert [verdict.verdict for verdict in record.verdicts] == [Verdict.UNKNOWN, Verdict.STILL_PRESENT]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"target_repo": 7}', json.dumps(_run(target_repo="nowhere")), json.dumps(_run(timestamp="soon"))],
)
def test_read__names_the_file_that_is_something_else(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)

    with pytest.raises(InputError, match=r"bad\.json: is no record of the first generation"):
        list(PredecessorRuns(tmp_path, {}).read())


def test_read__names_the_directory_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: cannot be read"):
        list(PredecessorRuns(tmp_path / "nowhere", {}).read())
