"""The scanners we know: how each is called so that it works offline and writes SARIF."""

from __future__ import annotations

from pathlib import Path

from codeql_fixer.adapters.scanners.command import ScannerProgram

RULES = Path(__file__).with_name("semgrep_rules.yml")


def _bandit(sarif: str) -> list[str]:
    return ["--recursive", ".", "--format", "sarif", "--output", sarif, "--exit-zero", "--quiet"]


def _semgrep(sarif: str) -> list[str]:
    offline = ["--metrics=off", "--disable-version-check"]
    # Without this flag the path of the rule file becomes part of every rule's id, and so of every fingerprint.
    stable = ["--no-rewrite-rule-ids"]
    return ["scan", *offline, *stable, "--config", str(RULES), "--sarif", "--output", sarif, "."]


PROGRAMS = {
    "bandit": ScannerProgram(name="bandit", arguments=_bandit),
    # Semgrep fetches rules unless it is given some; ours are in semgrep_rules.yml.
    "semgrep": ScannerProgram(name="semgrep", arguments=_semgrep),
}
