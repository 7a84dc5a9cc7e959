"""The wheel, and the README's own commands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from tests.builders import result, run, write_sarif
from tests.records import scan

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the files that git knows, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    names = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


def test_wheel__holds_the_package_and_its_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {
        "codeql_fixer/playbooks/generic.devin.md",
        "codeql_fixer/adapters/prompts/templates/fix.md.j2",
        "codeql_fixer/adapters/scanners/semgrep_rules.yml",
        "codeql_fixer/adapters/index/sql/queries.sql",
        "codeql_fixer/adapters/index/sql/sqlite/0001_tables.sql",
        "codeql_fixer/adapters/index/sql/postgres/0001_tables.sql",
    } <= names
    assert not [name for name in names if "test" in name or name.startswith("scripts")]


def test_wheel__does_the_main_job(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    sarif = write_sarif(tmp_path / "a.sarif", run(result()))
    code = "import sys; from codeql_fixer.entrypoints.cli.pipeline import main; sys.exit(main())"
    options = ["--mode", "dry-run", "--target-repo", "a/b", "--output-dir", str(tmp_path / "out"), "--json"]

    done = subprocess.run(
        [sys.executable, "-c", code, *options, "--sarif", str(sarif)],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": os.environ["PATH"]},  # noqa: TID251 - tests
    )

    assert json.loads(done.stdout)["issues"] == 1
    assert (tmp_path / "out/prompts/B001.md").exists()


def test_wheel__reads_a_ledger(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    DirectoryLedger(tmp_path / "ledger").append([scan("1", 0, 1)])
    code = "import sys; from codeql_fixer.entrypoints.cli.orchestrator.main import main; sys.exit(main())"

    done = subprocess.run(
        [sys.executable, "-c", code, "status", "--ledger", "ledger", "--json"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": os.environ["PATH"]},  # noqa: TID251 - tests
    )

    assert json.loads(done.stdout)["repositories"][0]["scans"] == 1


def test_readme__its_command_works_as_it_stands(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    command, *_ = re.findall(r"^\.venv/bin/python (scripts/pipeline\.py .*)$", readme, re.MULTILINE)
    write_sarif(tmp_path / "results.sarif", run(result()))
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")

    subprocess.run([sys.executable, *command.split()], check=True, capture_output=True, cwd=tmp_path)

    assert (tmp_path / "out/run.json").exists()


def test_readme__its_workflow_passes_the_audit(tmp_path: Path) -> None:
    example = (ROOT / "README.md").read_text().partition("<!-- example: workflow -->")[2]
    example = example.partition("```yaml\n")[2].partition("```")[0]
    workflow = tmp_path / ".github/workflows/fixer.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(example.replace("@COMMIT # pin the full commit SHA of a release", f"@{'0' * 40} # v1.0.0"))
    zizmor = Path(sys.executable).with_name("zizmor")

    done = subprocess.run(
        [zizmor, "--offline", "--persona=pedantic", "--no-progress", workflow],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
