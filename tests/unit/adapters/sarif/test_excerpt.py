"""The excerpt of a batch: read again it says the same, it is SARIF, and hostile text stays text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codeql_fixer.adapters.findings_csv import CsvReader
from codeql_fixer.adapters.sarif.excerpt import excerpt_of
from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.prepare import prepare
from codeql_fixer.errors import InputError
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.work_options import WorkOptions
from tests.builders import place, result, run, write_sarif
from tests.security.injections import ATTEMPTS

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.batch import Batch
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.ports.findings_reader import FindingsReader

OPTIONS = WorkOptions(run_id="1", filters=FilterOptions(), batch_size=50, max_sessions=100, families=FamilyTable())
TOOL = {
    "driver": {
        "name": "CodeQL",
        "semanticVersion": "2.20.1",
        "rules": [
            {
                "id": "py/sql-injection",
                "shortDescription": {"text": "short [x](1)"},
                "help": {"text": "help"},
                "defaultConfiguration": {"level": "error"},
                "properties": {"tags": ["security", "external/cwe/cwe-089"], "security-severity": "8.8"},
            }
        ],
    }
}


def _batches(reader: FindingsReader) -> tuple[Batch, ...]:
    return prepare(reader, NoCheckout(), OPTIONS).batching.batches


def _said(issue: Issue) -> tuple[object, ...]:
    finding = issue.finding
    return (
        *(issue.identity, finding.rule.id, finding.level, finding.message, finding.locations, finding.snippet),
        *(issue.severity, issue.family, finding.rule.cwes, finding.scan.tool, finding.scan.tool_version),
    )


def _read_again(batch: Batch, folder: Path) -> list[Issue]:
    path = folder / "excerpt.sarif"
    path.write_bytes(excerpt_of(batch))
    return list(prepare(SarifReader([path]), NoCheckout(), OPTIONS).issues)


RESULTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "fingerprints of the tool": {
        "partialFingerprints": {"primaryLocationLineHash": "39fa2ee980eb94b0:1", "other/v1": "abcdef0123456789"}
    },
    "fingerprint of another tool": {"fingerprints": {"matchBasedId/v1": "0123456789abcdef"}},
    "snippet": {
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "a.py"},
                    "region": {"startLine": 3, "snippet": {"text": "  execute(sql)\n"}},
                }
            }
        ]
    },
    "snippet without a line": {
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "a.py"},
                    "region": {"charOffset": 7, "snippet": {"text": "execute(sql)"}},
                }
            }
        ]
    },
    "brackets and backslashes": {"message": {"text": r"a \\[0\\] and [a link](1) and C:\\\\temp \[x\](2) {0}"}},
    "arguments": {"message": {"text": "Use of {0} in [{1}](1).", "arguments": ["[x](3)", "{0}"]}},
    "no message": {"message": {"text": ""}},
    "a name with everything": {"locations": [place("src/a%20b%23c%25d%3Fe/%C3%A9%5B1%5D.py", 2)]},
    "outside of the repository": {"locations": [place("file:///usr/lib/python3/x.py", 2), place("a.py", 1)]},
    "no place": {"locations": []},
    "only words": {"locations": [{"message": {"text": "somewhere"}}]},
    "a whole file": {"locations": [place("a.py")]},
    "several places": {"locations": [place("a.py", 1), place("b.py", 2), place("a.py", 1)]},
    "level of its own": {"level": "note", "properties": {"security-severity": "2.5"}},
    "rule that nobody described": {"ruleId": "py/unknown/sub"},
}


@pytest.mark.parametrize("members", RESULTS.values(), ids=RESULTS)
def test_excerpt__read_again_says_the_same(tmp_path: Path, members: dict[str, Any]) -> None:
    [batch] = _batches(SarifReader([write_sarif(tmp_path / "in.sarif", run(result(**members), tool=TOOL))]))

    [issue] = _read_again(batch, tmp_path)

    assert _said(issue) == _said(batch.issues[0])


def test_excerpt__names_issue_and_fingerprint_and_shows_the_way(tmp_path: Path) -> None:
    step = {"location": {**place("web.py", 1), "message": {"text": "user input [1]"}}}
    flow = {"threadFlows": [{"locations": [step, {"location": place("shop/app.py", 10)}]}]}
    flows = [{"threadFlows": [{"locations": [{"location": place(f"web{n}.py", n)}]}]} for n in range(1, 9)]
    found = result(codeFlows=[flow, *flows])
    [batch] = _batches(SarifReader([write_sarif(tmp_path / "in.sarif", run(found, tool=TOOL))]))

    [written] = json.loads(excerpt_of(batch))["runs"][0]["results"]
    [again] = _read_again(batch, tmp_path)

    issue = batch.issues[0]
    assert written["properties"] == {
        "issue": issue.id,
        "fingerprint": issue.identity.fingerprint,
        "family": "injection",
    }
    assert again.trace().flows == issue.trace().flows[:3]


def test_excerpt__keeps_tools_apart(tmp_path: Path) -> None:
    runs = [
        run(result(), tool={"driver": {"name": name, "version": version}}) for name, version in (("a", "1"), ("b", "2"))
    ]
    [batch] = _batches(SarifReader([write_sarif(tmp_path / "in.sarif", *runs)]))

    again = _read_again(batch, tmp_path)

    assert sorted((issue.finding.scan.tool, issue.finding.scan.tool_version) for issue in again) == [
        ("a", "1"),
        ("b", "2"),
    ]


def test_excerpt__of_findings_from_csv_is_sarif_too(shared: Path, tmp_path: Path) -> None:
    findings = tmp_path / "findings.csv"
    findings.write_text(
        "finding_id,scanner,category,severity,title,description,service_name,repo_url,file_path,line_number\n"
        "1,snyk,sql_injection,critical,SQL,desc [x](1),shop,https://github.com/acme/shop,src/a b.py,3\n"
    )
    [batch] = _batches(CsvReader(findings, "acme/shop"))

    _validate(shared, excerpt_of(batch))
    [issue] = _read_again(batch, tmp_path)

    assert issue.identity == batch.issues[0].identity


@pytest.mark.parametrize("text", ATTEMPTS.values(), ids=ATTEMPTS)
def test_excerpt__hostile_text_stays_text(tmp_path: Path, text: str) -> None:
    rule = {
        "id": "py/x",
        "shortDescription": {"text": text},
        "properties": {"tags": [text], "security-severity": "8.8"},
    }
    found = result(ruleId="py/x", message={"text": text}, partialFingerprints={"id": text})
    tool = {"driver": {"name": text or "x", "rules": [rule]}}
    [batch] = _batches(SarifReader([write_sarif(tmp_path / "in.sarif", run(found, tool=tool))]))

    [issue] = _read_again(batch, tmp_path)

    assert _said(issue) == _said(batch.issues[0])
    assert issue.finding.rule.short_description == batch.issues[0].finding.rule.short_description


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    message=st.text(st.characters(codec="utf-8"), max_size=30) | st.text(r"\[]()01{}a", max_size=30),
    name=st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), min_size=1, max_size=20),
)
def test_excerpt__any_words_and_any_name_come_back(tmp_path: Path, message: str, name: str) -> None:
    found = result(message={"text": message}, locations=[place(name, 3)])
    [batch] = _batches(SarifReader([write_sarif(tmp_path / "in.sarif", run(found, tool=TOOL))]))

    [issue] = _read_again(batch, tmp_path)

    before = batch.issues[0]
    assert (issue.identity, issue.finding.message, issue.finding.file) == (
        before.identity,
        before.finding.message,
        before.finding.file,
    )


def _validate(shared: Path, content: bytes) -> None:
    schema = json.loads((shared / "sarif/sarif-2.1.0.schema.json").read_text())
    jsonschema.Draft4Validator(schema).validate(json.loads(content))


def test_excerpt__of_the_corpus_is_sarif_and_gives_the_same_fingerprints(shared: Path, tmp_path: Path) -> None:
    schema = json.loads((shared / "sarif/sarif-2.1.0.schema.json").read_text())
    validator = jsonschema.Draft4Validator(schema)
    checked = 0
    for path in sorted((shared / "sarif/public").rglob("*.sarif")):
        if path.stat().st_size > 300_000:
            continue
        try:
            batches = _batches(SarifReader([path]))
        except InputError:
            continue
        for batch in batches[:3]:
            content = excerpt_of(batch)
            again = {issue.identity.fingerprint for issue in _read_again(batch, tmp_path)}
            # Which of several alike an issue is can be told only where all of them are at hand.
            wanted = {issue.identity.fingerprint for issue in batch.issues if issue.identity.occurrence == 1}
            assert not list(validator.iter_errors(json.loads(content))), path
            assert wanted <= again, path
            checked += len(wanted)
    assert checked > 500
