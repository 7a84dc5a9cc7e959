"""The output directory: whole, or without run.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.artifacts.writer import OutputDirectory
from codeql_fixer.app.record import issue_records
from codeql_fixer.domain.batch import Batch, Batching, LeftOut
from codeql_fixer.domain.finding import Reading, SetAside
from codeql_fixer.domain.fix_work import Counts, FixWork
from codeql_fixer.errors import UserError
from tests.builders import issue, scan_run

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.issue import Issue


def _work(*issues: Issue) -> FixWork:
    """Fix work in which the first two issues are a batch and the others are left out."""
    rest = issues[2:]
    return FixWork(
        reading=Reading([], [], len(issues), SetAside(), []),
        issues=issues,
        batching=Batching(
            (Batch("B001", "injection", issues[:2]),), (LeftOut("injection", rest, "too many"),) if rest else ()
        ),
        counts=Counts(
            results_read=len(issues),
            suppressed=0,
            duplicates=0,
            below_threshold=0,
            excluded=0,
            issues=len(issues),
            batches=1,
            left_out=len(rest),
        ),
        exclusions={},
    )


def _save(folder: Path, work: FixWork, prompts: dict[str, str] | None = None) -> None:
    directory, records = OutputDirectory(folder), issue_records(work)
    directory.clear()
    directory.save(work, scan_run(), issues=records, prompts=prompts or {"B001": "é"}, summary="# s\n")


def test_save__writes_what_belongs_together(tmp_path: Path) -> None:
    work = _work(issue(1, line_hash="abc:1"), issue(2, file="b.py"), issue(3))

    _save(tmp_path, work)

    issues = json.loads((tmp_path / "issues.json").read_text())
    batches = json.loads((tmp_path / "batches.json").read_text())
    record = json.loads((tmp_path / "run.json").read_text())
    assert [(item["id"], item["batch_id"]) for item in issues["issues"]] == [
        ("CQLF-R1-0001", "B001"),
        ("CQLF-R1-0002", "B001"),
        ("CQLF-R1-0003", ""),
    ]
    assert issues["issues"][0]["partial_fingerprints"] == {"primaryLocationLineHash": "abc:1"}
    assert [rule["id"] for rule in issues["rules"]] == ["py/sql-injection"]
    assert [item["batch_id"] for item in record["issues"]] == ["B001", "B001", ""]
    [batch] = batches["batches"]
    assert (batch["issue_count"], batch["file_count"], batch["files"]) == (2, 2, ["shop/app.py", "b.py"])
    assert batch["issues"][0]["trace"] == {}
    assert batches["left_out"] == [
        {"reason": "too many", "cwe_family": "injection", "issue_count": 1, "issue_ids": ["CQLF-R1-0003"]}
    ]
    assert (tmp_path / "prompts/B001.md").read_text(encoding="utf-8") == "é"
    assert (tmp_path / "summary.md").read_text() == "# s\n"


def test_save__replaces_an_earlier_run_and_leaves_strange_files_alone(tmp_path: Path) -> None:
    _save(tmp_path, _work(issue(1)), {"B001": "old", "B002": "old"})
    (tmp_path / "prompts/notes.md").write_text("mine")

    _save(tmp_path, _work(issue(1)), {"B001": "new"})

    assert sorted(path.name for path in (tmp_path / "prompts").iterdir()) == ["B001.md", "notes.md"]
    assert (tmp_path / "prompts/B001.md").read_text() == "new"
    assert not list(tmp_path.rglob("*.partial"))


def test_save__is_whole_after_a_run_that_was_killed(tmp_path: Path) -> None:
    _save(tmp_path, _work(issue(1)))
    (tmp_path / "run.json").unlink()  # taken away first, put back last
    for name in (".run.json.partial", ".issues.json.partial", "prompts/.B001.md.partial"):
        (tmp_path / name).write_text("half of it")

    _save(tmp_path, _work(issue(2)))

    assert json.loads((tmp_path / "run.json").read_text())["issues"][0]["id"] == "CQLF-R1-0002"
    assert not [path for path in tmp_path.rglob("*") if "partial" in path.name]


def test_save__that_fails_leaves_no_record_behind(tmp_path: Path) -> None:
    directory, work = OutputDirectory(tmp_path), _work(issue(1))
    directory.clear()
    (tmp_path / "batches.json").mkdir()

    with pytest.raises(UserError, match=r"batches\.json.*cannot be written: Is a directory"):
        directory.save(work, scan_run(), issues=issue_records(work), prompts={}, summary="")

    assert not (tmp_path / "run.json").exists()
    assert not list(tmp_path.rglob("*.partial"))


def test_clear__takes_the_earlier_run_away_before_the_next_one_can_fail(tmp_path: Path) -> None:
    _save(tmp_path, _work(issue(1)))

    OutputDirectory(tmp_path).clear()

    assert [path.name for path in tmp_path.rglob("*")] == ["prompts"]


def test_output__follows_no_link_that_the_author_of_a_checkout_left_in_it(tmp_path: Path) -> None:
    secret, out = tmp_path / "secret", tmp_path / "out"
    secret.write_text("untouched")
    (out / "prompts").mkdir(parents=True)
    names = ["run.json", ".run.json.partial", ".issues.json.partial", "summary.md", "prompts/.B001.md.partial"]
    for name in (*names, "prompts/B001.md"):
        (out / name).symlink_to(secret)

    _save(out, _work(issue(1)))

    assert secret.read_text() == "untouched"
    assert not [path for path in out.rglob("*") if path.is_symlink()]


def test_save__follows_no_link_that_appears_later(tmp_path: Path) -> None:
    directory, work = OutputDirectory(tmp_path / "out"), _work(issue(1))
    directory.clear()
    (tmp_path / "out/.summary.md.partial").symlink_to(tmp_path / "secret")

    with pytest.raises(UserError, match=r"summary\.md\.partial: cannot be written: File exists"):
        directory.save(work, scan_run(), issues=issue_records(work), prompts={}, summary="")

    assert not (tmp_path / "secret").exists()


def test_clear__refuses_a_link_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "prompts").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UserError, match="prompts: is a link"):
        OutputDirectory(tmp_path).clear()


def test_save__needs_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(UserError, match="cannot be written"):
        _save(tmp_path / "file", _work(issue(1)))


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500])
def test_save__writes_any_number_of_issues(tmp_path: Path, count: int) -> None:
    _save(tmp_path, _work(*(issue(number) for number in range(1, count + 1))))

    for name in ("issues.json", "run.json"):
        entries = json.loads((tmp_path / name).read_text())["issues"]
        assert [entry["id"] for entry in entries] == [f"CQLF-R1-{number:04d}" for number in range(1, count + 1)]


def test_save__keeps_both_rules_of_one_id(tmp_path: Path) -> None:
    _save(tmp_path, _work(issue(1, rule="r", score=8.0), issue(2, rule="r", score=9.5)))

    rules = json.loads((tmp_path / "issues.json").read_text())["rules"]
    assert [rule["security_severity"] for rule in rules] == [8.0, 9.5]
