"""The command, run as a user runs it: real process, real files."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.builders import place, result, run, write_sarif

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "telemetry/schemas/scan_run.schema.json").read_text())
RULES = [
    {"id": "py/sql-injection", "properties": {"tags": ["external/cwe/cwe-089"], "security-severity": "8.8"}},
    {"id": "py/xss", "properties": {"tags": ["external/cwe/cwe-079"], "security-severity": "6.1"}},
    {"id": "py/style", "defaultConfiguration": {"level": "none"}},
]
TOOL = {"driver": {"name": "CodeQL", "semanticVersion": "2.20.1", "rules": RULES}}


def _pipeline(*arguments: str | Path, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts/pipeline.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **(environ or {})},  # noqa: TID251 - tests
    )


@pytest.fixture
def sarif(tmp_path: Path) -> Path:
    """Four results: two issues, one that repeats, one that is suppressed; and one without severity."""
    return write_sarif(
        tmp_path / "results.sarif",
        run(
            result(),
            result(),
            result(ruleId="py/xss", message={"text": "xss"}, locations=[place("web/page.py", 3)]),
            result(ruleId="py/style", message={"text": "style"}, level="none"),
            result(suppressions=[{"kind": "inSource"}]),
            tool=TOOL,
        ),
    )


def _dry_run(sarif: Path, out: Path, *more: str | Path) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
    done = _pipeline(
        "--mode", "dry-run", "--sarif", sarif, "--target-repo", "acme/shop", "--output-dir", out, "--json", *more
    )
    assert done.returncode == 0, done.stderr
    counts: dict[str, Any] = json.loads(done.stdout)
    return counts, done


def test_pipeline__counts_every_result_once(sarif: Path, tmp_path: Path) -> None:
    counts, done = _dry_run(sarif, tmp_path / "out")

    names = ["results_read", "suppressed", "duplicates", "below_threshold", "excluded", "issues", "batches", "left_out"]
    assert {name: counts[name] for name in names} == dict(zip(names, [5, 1, 1, 1, 0, 2, 2, 0], strict=True))
    assert "2 issues (1 high, 1 medium) in 2 batches" in done.stderr


def test_pipeline__writes_what_it_promises(sarif: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"

    _dry_run(sarif, out, "--run-id", "77")

    issues = json.loads((out / "issues.json").read_text())
    batches = json.loads((out / "batches.json").read_text())
    record = json.loads((out / "run.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(record)
    assert [issue["id"] for issue in issues["issues"]] == ["CQLF-R77-0001", "CQLF-R77-0002"]
    assert issues["issues"][0]["severity_tier"] == "high"
    assert issues["issues"][0]["severity_score"] == 8.8
    assert issues["issues"][0]["cwes"] == ["CWE-89"]
    assert issues["issues"][0]["locations"][0]["start_line"] == 10
    assert [issue["fingerprint"] for issue in record["issues"]] == [issue["fingerprint"] for issue in issues["issues"]]
    assert [(batch["batch_id"], batch["issue_count"]) for batch in batches["batches"]] == [("B001", 1), ("B002", 1)]
    assert sorted(path.name for path in (out / "prompts").iterdir()) == ["B001.md", "B002.md"]
    assert issues["issues"][0]["fingerprint"] in (out / "prompts/B001.md").read_text()
    assert "py/sql-injection" in (out / "summary.md").read_text()
    assert sorted(path.name for path in out.iterdir()) == [
        "batches.json",
        "issues.json",
        "prompts",
        "run.json",
        "summary.md",
    ]


def test_pipeline__gives_the_same_output_for_the_same_input(sarif: Path, tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        _dry_run(sarif, tmp_path / name, "--run-id", "1")
        texts.append({path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.*") if path.is_file()})
        for changing in ("run.json", "summary.md"):  # they hold the time
            del texts[-1][changing]

    assert texts[0] == texts[1]


def test_pipeline__mode_basic_needs_a_ledger(sarif: Path, tmp_path: Path) -> None:
    """Without one nobody could know what has been paid for; tests/integration/test_basic_mode.py has the rest."""
    done = _pipeline(
        *("--mode", "basic", "--sarif", sarif, "--target-repo", "a/b", "--output-dir", tmp_path / "o", "--json"),
        environ={"DEVIN_API_KEY": "cog_x", "DEVIN_ORG_ID": "org-x"},
    )

    assert done.returncode == 2
    assert "ledger (--ledger, LEDGER): is required" in json.loads(done.stdout)["error"]["message"]
    assert not (tmp_path / "o").exists()


def test_pipeline__takes_everything_from_the_environment(sarif: Path, tmp_path: Path) -> None:
    environ = {
        "MODE": "dry-run",
        "SARIF": str(sarif),
        "TARGET_REPO": "https://github.com/acme/shop.git",
        "OUTPUT_DIR": str(tmp_path / "out"),
        "SEVERITY_THRESHOLD": "high",
        "JSON": "true",
    }

    done = _pipeline(environ=environ)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["issues"] == 1
    assert json.loads(done.stdout)["target_repo"] == "acme/shop"


def test_pipeline__tells_the_job_in_actions(sarif: Path, tmp_path: Path) -> None:
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_RUN_ID": "4711",
        "GITHUB_RUN_ATTEMPT": "2",
        "GITHUB_SERVER_URL": "https://github.example",
    }

    done = _pipeline(
        *("--mode", "dry-run", "--sarif", sarif, "--target-repo", "acme/shop", "--output-dir", tmp_path / "out"),
        environ=environ,
    )

    outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
    assert (outputs["total_issues"], outputs["total_batches"], outputs["mode"]) == ("2", "2", "dry-run")
    assert (outputs["sessions_created"], outputs["session_urls"]) == ("0", "")
    assert outputs["run_label"].startswith("run-4711.2-20")
    assert "https://github.example/acme/shop/blob/HEAD/shop/app.py#L10" in (tmp_path / "summary").read_text()
    assert "::error file=shop/app.py,title=CQLF-R4711.2-0001 py/sql-injection,line=10" in done.stderr
    record = json.loads((tmp_path / "out/run.json").read_text())
    assert record["run_url"] == "https://github.example/acme/shop/actions/runs/4711"


def test_pipeline__one_bad_file_among_good_ones_fails_the_run(sarif: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.sarif"
    bad.write_text('{"runs": [')

    done = _pipeline("--mode", "dry-run", "--sarif", sarif, bad, "--target-repo", "a/b", "--output-dir", tmp_path / "o")

    assert done.returncode == 2
    assert f"error: {bad}: line 1, column 11: is not JSON" in done.stderr
    assert not (tmp_path / "o/run.json").exists()


def test_pipeline__names_every_wrong_option_at_once(tmp_path: Path) -> None:
    done = _pipeline("--mode", "fast", "--batch-size", "0", "--output-dir", tmp_path / "o", "--json")

    message = json.loads(done.stdout)["error"]["message"]
    assert done.returncode == 2
    for fault in (
        "mode (--mode, MODE): must be one of",
        "batch_size (--batch-size, BATCH_SIZE): must be",
        "target_repo",
    ):
        assert fault in message
    assert "exactly one of --sarif, --findings-csv and --scanner" in message


def test_pipeline__target_configuration_narrows_and_cannot_widen(sarif: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / ".codeql-fixer.yml").write_text("exclude_paths: [web/]\nmax_sessions: 50\ncolour: red\n")

    counts, done = _dry_run(sarif, tmp_path / "out", "--target-dir", target, "--max-sessions", "10")

    assert (counts["issues"], counts["excluded"], counts["exclusions"]) == (1, 1, {"excluded_by_path": 1})
    assert "max_sessions 50 ignored: the run allows 10" in done.stderr
    assert "line 3: unknown key 'colour' ignored" in done.stderr


def test_pipeline__reads_the_checkout_for_snippets_and_hashes(sarif: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "shop").mkdir(parents=True)
    (target / "shop/app.py").write_text("\n".join(f"line_{number}()" for number in range(1, 30)))

    _dry_run(sarif, tmp_path / "out", "--target-dir", target)

    issues = json.loads((tmp_path / "out/issues.json").read_text())["issues"]
    assert [issue["evidence"] for issue in issues] == ["line-hash", "message"]
    assert "> 10 | line_10()" in (tmp_path / "out/prompts/B001.md").read_text()


def test_pipeline__measures_what_depends_on_files_where_the_registry_asks_for_it(sarif: Path, tmp_path: Path) -> None:
    target, registry = tmp_path / "target", tmp_path / "registry.json"
    (target / "web").mkdir(parents=True)
    (target / "web/page.py").write_text("")
    (target / "web/site.py").write_text("from web import page\n")
    registry.write_text('{"orchestrator": {"blast_radius": true}}')

    for more, reach in (((), {}), (("--registry", registry), {"web/page.py": 1.0})):
        _dry_run(sarif, tmp_path / "out", "--target-dir", target, *more)
        record = json.loads((tmp_path / "out/run.json").read_text())
        jsonschema.Draft202012Validator(SCHEMA).validate(record)
        assert record["reach"] == reach


def test_pipeline__reads_csv_findings(tmp_path: Path) -> None:
    findings = tmp_path / "findings.csv"
    findings.write_text(
        "finding_id,scanner,category,severity,title,description,service_name,repo_url,file_path,line_number\n"
        "1,snyk,sql_injection,critical,SQL,desc,shop,https://github.com/acme/shop,src/a.py,3\n"
        "2,snyk,sql_injection,low,SQL,desc,shop,https://github.com/acme/shop,src/a.py,3\n"
        "3,snyk,nonsense,low,?,desc,shop,https://github.com/acme/shop,src/a.py,4\n"
    )

    done = _pipeline(
        *("--mode", "dry-run", "--findings-csv", findings, "--target-repo", "acme/shop", "--json"),
        *("--output-dir", tmp_path / "out"),
    )

    counts = json.loads(done.stdout)
    assert (counts["results_read"], counts["duplicates"], counts["excluded"], counts["issues"]) == (3, 1, 1, 1)
    assert "category 'nonsense' is not one of" in done.stderr


def test_pipeline__uses_the_users_template(sarif: Path, tmp_path: Path) -> None:
    template = tmp_path / "mine.j2"
    template.write_text("{{ batch.id }} of {{ target_repo }}: {{ issues[0].message }}")

    _dry_run(sarif, tmp_path / "out", "--prompt-template", template)

    text = (tmp_path / "out/prompts/B001.md").read_text()
    assert text == "B001 of acme/shop: `This query depends on a user-provided value.`\n"


def test_pipeline__an_error_of_the_users_template_names_the_line(sarif: Path, tmp_path: Path) -> None:
    template = tmp_path / "mine.j2"
    template.write_text("fine\n{{ nothing.here }}")

    done = _pipeline(
        *("--mode", "dry-run", "--sarif", sarif, "--target-repo", "a/b", "--output-dir", tmp_path / "o"),
        *("--prompt-template", template),
    )

    assert done.returncode == 2
    assert f"{template}: line 2: 'nothing' is undefined" in done.stderr


def test_pipeline__help_loads_nothing_it_does_not_need() -> None:
    """Instead of timing: what is slow to start is not imported."""
    code = (
        "import sys; sys.argv = ['pipeline.py', '--help']\n"
        "from codeql_fixer.entrypoints.cli.pipeline import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(sys.modules), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "scripts")},
    )

    loaded = set(done.stderr.strip("[]\n").replace("'", "").split(", "))
    heavy = {"msgspec", "jinja2", "yaml", "jsonschema", "pathspec", "rich", "hashlib", "subprocess", "asyncio", "http"}
    assert heavy & loaded == set()
    assert "examples:" in done.stdout


def test_pipeline__help_shows_every_option() -> None:
    done = _pipeline("--help")

    assert done.returncode == 0
    for flag in (
        "--sarif",
        "--findings-csv",
        "--scanner",
        "--target-dir",
        "--severity-threshold",
        "--run-id",
        "--json",
    ):
        assert flag in done.stdout


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_pipeline__a_cancelled_run_takes_its_scanner_along(tmp_path: Path, sent: signal.Signals) -> None:
    started = tmp_path / "started"
    os.mkfifo(started)
    scanner = tmp_path / "bin/bandit"
    scanner.parent.mkdir()
    scanner.write_text(f"#!/bin/sh\necho $$ > {started}\nsleep 600\n")
    scanner.chmod(0o755)
    options = ["--mode", "dry-run", "--scanner", "bandit", "--target-dir", str(tmp_path), "--target-repo", "a/b"]

    with subprocess.Popen(
        [sys.executable, ROOT / "scripts/pipeline.py", *options, "--output-dir", tmp_path / "out"],
        env={"PATH": f"{scanner.parent}:/usr/bin:/bin"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        pid = int(started.read_text())  # waits until the scanner runs
        handle = os.pidfd_open(pid)
        process.send_signal(sent)
        _, shown = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "interrupted" in shown
    with os.fdopen(handle) as ended:
        assert select.select([ended], [], [], 10)[0], "the scanner still runs"
    assert not (tmp_path / "out/run.json").exists()


def test_pipeline__a_disk_that_takes_no_more_is_a_clear_error(sarif: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--mode", "dry-run", "--sarif", str(sarif), "--target-repo", "a/b", "--output-dir", str(out)]

    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", sys.executable, ROOT / "scripts/pipeline.py", *options],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )

    assert done.returncode == 2
    assert "cannot be written: File too large" in done.stderr
    assert [path.name for path in out.rglob("*")] == ["prompts"]


def test_pipeline__a_run_that_fails_does_not_look_like_the_one_before(sarif: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _dry_run(sarif, out)
    sarif.write_text("{")

    done = _pipeline("--mode", "dry-run", "--sarif", sarif, "--target-repo", "a/b", "--output-dir", out)

    assert done.returncode == 2
    assert [path.name for path in out.rglob("*")] == ["prompts"]
