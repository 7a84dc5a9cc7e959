"""The target's configuration: valid, wrong with its line, hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.repo_config import read_config
from codeql_fixer.adapters.source_tree import CheckoutTree
from codeql_fixer.domain.route import Complexity, TargetAgents, TargetRule
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import InputError
from codeql_fixer.policy.work_options import TargetConfig

if TYPE_CHECKING:
    from pathlib import Path

FULL = """\
severity_threshold: high
batch_size: 3
max_sessions: 5
include_paths: [src/]
exclude_paths:
  - vendor/
cwe_families:
  payments: [CWE-840, 841, "cwe-0842"]
agents:
  never: [devin]
  max_acu: 5
  rules:
    - families: [injection, payments]
      tiers: [critical, high]
      languages: [python]
      labels: ["team:shop"]
      tags: [pci]
      complexities: [simple]
      agents: [codemodder]
      max_acu: 2
    - agents: [coder]
"""


def _read(tmp_path: Path, text: str, name: str = ".codeql-fixer.yml") -> tuple[TargetConfig, tuple[str, ...]]:
    (tmp_path / name).write_text(text)
    return read_config(CheckoutTree(tmp_path))


def test_read_config__reads_every_key(tmp_path: Path) -> None:
    config, warnings = _read(tmp_path, FULL)

    assert config == TargetConfig(
        severity_threshold=SeverityTier.HIGH,
        batch_size=3,
        max_sessions=5,
        include_paths=("src/",),
        exclude_paths=("vendor/",),
        cwe_families={"payments": (840, 841, 842)},
        agents=TargetAgents(
            never=("devin",),
            max_acu=5,
            rules=(
                TargetRule(
                    families=("injection", "payments"),
                    tiers=(SeverityTier.CRITICAL, SeverityTier.HIGH),
                    languages=("python",),
                    labels=("team:shop",),
                    tags=("pci",),
                    complexities=(Complexity.SIMPLE,),
                    agents=("codemodder",),
                    max_acu=2,
                ),
                TargetRule(agents=("coder",)),
            ),
        ),
    )
    assert warnings == ()


def test_read_config__takes_a_decimal_point_as_json_schema_does(tmp_path: Path) -> None:
    text = "batch_size: 5.0\ncwe_families: {x: [79.0]}\nagents: {max_acu: 3.0, rules: [{max_acu: 2.0}]}"

    config, _ = _read(tmp_path, text)

    agents = TargetAgents(max_acu=3, rules=(TargetRule(max_acu=2),))
    assert config == TargetConfig(batch_size=5, cwe_families={"x": (79,)}, agents=agents)


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_read_config__may_be_empty(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text) == (TargetConfig(), ())


def test_read_config__is_not_needed(tmp_path: Path) -> None:
    assert read_config(CheckoutTree(tmp_path)) == (TargetConfig(), ())


def test_read_config__knows_both_names_and_any_that_is_given(tmp_path: Path) -> None:
    assert _read(tmp_path, "batch_size: 2", ".codeql-fixer.yaml")[0].batch_size == 2
    (tmp_path / "other.yml").write_text("batch_size: 4")

    assert read_config(CheckoutTree(tmp_path), "other.yml")[0].batch_size == 4


def test_read_config__warns_of_unknown_keys_with_their_line(tmp_path: Path) -> None:
    _, warnings = _read(tmp_path, "batch_size: 2\ncolour: red\n7: x\n")

    assert warnings == (
        ".codeql-fixer.yml: line 3: unknown key '7' ignored",
        ".codeql-fixer.yml: line 2: unknown key 'colour' ignored",
    )


def test_read_config__lets_no_target_define_an_agent(tmp_path: Path) -> None:
    config, warnings = _read(
        tmp_path,
        """\
agents:
  allow: [devin]
  profiles:
    mine: {kind: command, command: [sh, -c, "curl evil"]}
  rules:
    - agents: [mine]
      command: [sh]
      modes: {devin: ultra}
      colour: red
""",
    )

    assert config == TargetConfig(agents=TargetAgents(rules=(TargetRule(agents=("mine",)),)))
    assert warnings == (
        ".codeql-fixer.yml: line 2: key 'allow' ignored: only the operator's registry sets it",
        ".codeql-fixer.yml: line 4: key 'profiles' ignored: only the operator's registry sets it",
        ".codeql-fixer.yml: line 9: unknown key 'colour' ignored",
        ".codeql-fixer.yml: line 7: key 'command' ignored: only the operator's registry sets it",
        ".codeql-fixer.yml: line 8: key 'modes' ignored: only the operator's registry sets it",
    )


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("batch_size: 0", "line 1", "batch_size: 0 is less than the minimum of 1"),
        ("\nbatch_size: 51", "line 2", "51 is greater than the maximum of 50"),
        ("batch_size: 2.5", "line 1", "2.5 is not of type 'integer'"),
        ("batch_size: true", "line 1", "True is not of type 'integer'"),
        ("batch_size: '5'", "line 1", "'5' is not of type 'integer'"),
        ("severity_threshold: [high]", "line 1", "is not one of"),
        ("exclude_paths: vendor/", "line 1", "is not of type 'array'"),
        ("exclude_paths:\n  - a\n  - 3", "line 3", "exclude_paths.1: 3 is not of type 'string'"),
        ('exclude_paths:\n  - "a\\nbatch_size=9999"', "line 2", "does not match"),
        ("cwe_families:\n  Bad Name: [1]", "line 2", "does not match"),
        ("cwe_families:\n  x: [abc]", "line 2", "is not valid under any of the given schemas"),
        ("- a\n- b", "line 1", "the file: ['a', 'b'] is not of type 'object'"),
        ("batch_size: 0\nmax_sessions: 0", "line 1", "; 1 more faults"),
        ("a: [", "line 1", "is not YAML"),
        ("a: &x [1]\nb: *x", "line 2", "aliases"),
        ("a: !!python/object:os.system {}", "line 1", "uses YAML tags"),
        ("batch_size: !!bool x", "line 1", "uses YAML tags"),  # the parser would stop with a KeyError
        ('a: 1\nb: "\\ud800"', "line 2", "half a character"),
        ("x: 2026-13-40", "", "is not YAML"),
        ("x: " + "9" * 5000, "", "is not YAML"),
        ("\x07: 1", "", "special characters are not allowed"),
        ("cwe_families:\n  1: [79]", "line 2", "1 is not of type 'string'"),
        ('cwe_families: {"x\\n": [79]}', "line 1", "does not match"),
        ('exclude_paths: ["x\\n"]', "line 1", "does not match"),
        ("agents: [devin]", "line 1", "is not of type 'object'"),
        ("agents:\n  never: devin", "line 2", "is not of type 'array'"),
        ("agents:\n  never: ['rm -rf']", "line 2", "does not match"),
        ("agents:\n  rules:\n    - devin", "line 3", "agents.rules.0: 'devin' is not of type 'object'"),
        ("agents:\n  rules:\n    - max_acu: 0", "line 3", "0 is less than the minimum of 1"),
        ("agents:\n  rules:\n    - tiers: [worst]", "line 3", "'worst' is not one of"),
        ("agents:\n  rules:\n    - languages: [cobol]", "line 3", "'cobol' is not one of"),
        ("agents:\n  rules:\n" + "    - max_acu: 1\n" * 201, "line 3", "is too long"),
        ("batch_size: 1\nexclude_paths:\n  - '[z-a]'", "line 3", "'[z-a]' is no glob in gitignore syntax"),
        ("[" * 501, "", "has more than 500 brackets"),
        ("[" * 400, "line 1", "is not YAML"),
        ("x: " + "y" * 200_000, "", "is longer than"),
    ],
)
def test_read_config__names_the_line_of_what_is_wrong(tmp_path: Path, *, text: str, place: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        _read(tmp_path, text)

    assert caught.value.source == ".codeql-fixer.yml"
    assert caught.value.place == place
    assert problem in caught.value.problem


@pytest.mark.parametrize("name", ["missing.yml", "../outside.yml", "/etc/hostname", "link.yml"])
def test_read_config__refuses_a_file_that_is_not_in_the_target(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.yml").write_text("batch_size: 2")
    target = tmp_path / "target"
    target.mkdir()
    (target / "link.yml").symlink_to(tmp_path / "outside.yml")

    with pytest.raises(InputError, match="no such configuration file in the target"):
        read_config(CheckoutTree(target), name)
