"""Every file of the corpus: the counts of its INDEX, or a refusal that helps."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.line_hashes import TreeLineHashes
from codeql_fixer.app.prepare import prepare
from codeql_fixer.errors import InputError
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.identity import identify
from codeql_fixer.policy.work_options import WorkOptions

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.finding import Finding

OPTIONS = WorkOptions(run_id="1", filters=FilterOptions(), batch_size=5, max_sessions=25, families=FamilyTable())


def _index(shared: Path) -> list[dict[str, str]]:
    with (shared / "sarif/public/INDEX.tsv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def test_corpus__is_read_with_the_counts_of_its_index(shared: Path) -> None:
    read = 0
    for row in _index(shared):
        if not row["results"]:
            continue
        reading = SarifReader([shared / "sarif/public" / row["file"]]).read()

        found = (len(reading.scans), reading.results_read, sum(scan.rules_read for scan in reading.scans))
        assert found == (int(row["runs"]), int(row["results"]), int(row["rules"])), row["file"]
        assert (reading.set_aside.suppressed > 0) == (row["suppressions"] == "y"), row["file"]
        assert row["valid"] == "y" or reading.warnings, f"{row['file']}: invalid, and nothing is said about it"
        read += 1
    assert read >= 340


def test_corpus__what_is_invalid_is_refused_with_file_and_reason(shared: Path) -> None:
    refused = 0
    for row in _index(shared):
        if row["results"]:
            continue
        with pytest.raises(InputError) as caught:
            SarifReader([shared / "sarif/public" / row["file"]]).read()

        assert caught.value.source.endswith(row["file"])
        assert caught.value.place or caught.value.remedy, f"{row['file']}: {caught.value}"
        refused += 1
    assert refused >= 15


def test_corpus__every_result_is_counted_once(shared: Path) -> None:
    for row in _index(shared):
        if not row["results"]:
            continue
        counts = prepare(SarifReader([shared / "sarif/public" / row["file"]]), NoCheckout(), OPTIONS).counts

        parts = counts.suppressed + counts.duplicates + counts.below_threshold + counts.excluded + counts.issues
        assert parts == counts.results_read == int(row["results"]), row["file"]


def test_corpus__distinct_findings_never_merge(shared: Path) -> None:
    """Merged are exact repetitions only, and all of those whose tool does not tell them apart."""
    for row in _index(shared):
        if not row["results"]:
            continue
        findings = SarifReader([shared / "sarif/public" / row["file"]]).read().findings
        items = identify(findings, TreeLineHashes(NoCheckout()).line_hash)

        distinct = Counter(map(_visible, findings))
        assert len(items) >= len(distinct), row["file"]
        assert Counter(_visible(item.finding) for item in items).keys() == distinct.keys(), row["file"]
        assert all(_visible(item.finding) == _visible(other) for item in items for other in item.repeats), row["file"]
        assert len({item.identity.fingerprint for item in items}) == len(items), row["file"]


def _visible(finding: Finding) -> tuple[object, ...]:
    return (finding.rule.id, finding.scan.tool, finding.message, finding.locations[:1])
