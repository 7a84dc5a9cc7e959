"""The guides say what the code does: examples are decided, tables compared, promises kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from codeql_fixer.adapters.prompts.playbooks import Playbooks
from codeql_fixer.adapters.prompts.renderer import JinjaRenderer
from codeql_fixer.adapters.registry.reader import read_registry
from codeql_fixer.adapters.registry.wire import registry_schema
from codeql_fixer.adapters.repo_config import SCHEMA, read_config
from codeql_fixer.adapters.source_tree import CheckoutTree
from codeql_fixer.app.brief import BriefWriter
from codeql_fixer.domain.allowance import ScopeKind, Unit, Window
from codeql_fixer.domain.batch import Batch
from codeql_fixer.domain.learning import Learning, Sharing
from codeql_fixer.domain.registry import COOLDOWN_HOURS
from codeql_fixer.domain.route import AgentKind, Conditions, NoRoute
from codeql_fixer.domain.schedule import ScanSource
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.options import OPTIONS
from codeql_fixer.policy.budget import UNLIMITED
from codeql_fixer.policy.complexity import complexity_of
from codeql_fixer.policy.routing import route
from tests.builders import issue
from tests.unit.policy.test_routing import facts

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs/guides"
ROUTING = (GUIDES / "routing.md").read_text()
REGISTRY = (GUIDES / "registry.md").read_text()
BATCHES: dict[str, dict[str, Any]] = {
    "1 file": {},
    "3 files": {"files": frozenset({"a.py", "b.py", "c.py"})},
    "flow of 20 steps": {"longest_flow": 20},
    "codemods for all": {},
    "coder failed once": {"failed_agents": ("coder",)},
}


def _rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table after some text, without its head."""
    table = re.search(r"(?:^\|.*\n)+", page.partition(heading)[2], re.MULTILINE)
    assert table, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


def _example(page: str, name: str) -> str:
    """The block after a marker."""
    return page.partition(f"<!-- example: {name} -->")[2].partition("```json\n")[2].partition("```")[0]


def test_routing_guide__decides_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "registry.json").write_text(_example(ROUTING, "registry"))
    registry, warnings = read_registry(tmp_path / "registry.json")

    assert warnings == ()
    for repository, batch, agent, mode, acu, reason in _rows(ROUTING, "<!-- example: decisions -->"):
        tier, *parts = batch.split(", ")
        members = {key: value for part in parts for key, value in BATCHES[part].items()}
        entry = registry.entry(repository)
        found = route(
            facts(tier=SeverityTier(tier), labels=entry.labels, tags=entry.tags, **members),
            entry.routing,
            available=["devin", "codemodder", "coder"],
            has_codemod=lambda _, parts=parts: "codemods for all" in parts,  # type: ignore[misc]
        )
        assert found.reason == reason
        if isinstance(found, NoRoute):
            assert agent == "nobody"
        else:
            assert [found.agent, found.mode, str(found.max_acu or "")] == [agent, mode, acu]


def test_registry_guide__merges_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "registry.json").write_text(_example(REGISTRY, "levels"))
    registry, warnings = read_registry(tmp_path / "registry.json")

    assert warnings == ()
    for repository, *wanted, _ in _rows(REGISTRY, "<!-- example: entries -->"):
        entry = registry.entry(repository)
        found = [entry.importance, entry.schedule, entry.max_open_prs or "", "yes" if entry.auto_scan else "no"]
        assert list(map(str, found)) == wanted, repository
    assert registry.group_weights == {"backend": 3, "frontend": 1}
    assert {row[0].strip("`") for row in _rows(REGISTRY, "## Where scans come from")} == set(ScanSource)


def test_budgets_guide__has_an_example_that_is_read(tmp_path: Path) -> None:
    page = (GUIDES / "keys-and-budgets.md").read_text()
    (tmp_path / "registry.json").write_text(_example(page, "budgets"))

    registry, warnings = read_registry(tmp_path / "registry.json")

    assert warnings == ()
    assert len(registry.allowances) == 6
    assert {allowance.unit for allowance in registry.allowances} == set(Unit)
    assert {allowance.kind for allowance in registry.allowances} == set(ScopeKind)
    assert all(f"`{window}`" in page for window in Window)


def test_learning_guide__has_a_cap_that_is_read_and_names_every_way_of_sharing(tmp_path: Path) -> None:
    page = (GUIDES / "learning-and-cost.md").read_text()
    (tmp_path / "registry.json").write_text(_example(page, "monthly cap"))

    registry, warnings = read_registry(tmp_path / "registry.json")

    assert warnings == ()
    [cap] = registry.allowances
    assert (cap.kind, cap.unit, cap.limit, cap.window) == (ScopeKind.FLEET, Unit.ACU, 500, Window.MONTH)
    assert registry.learning == Learning(examples=Sharing.OWNER)
    assert {row[0].strip("`") for row in _rows(page, "Private code does not travel")} == set(Sharing)
    assert f"`learning.probe_days` ({Learning().probe_after.days})" in page
    assert f"one of {UNLIMITED} ACU" in page


def test_routing_guide__names_every_kind_and_condition() -> None:
    kinds = {row[0].strip("`") for row in _rows(ROUTING, "## Agents")}
    conditions = {name.strip("` ") for row in _rows(ROUTING, "## Rules") for name in row[0].split(",")}

    assert kinds == set(AgentKind)
    assert conditions == set(Conditions.__struct_fields__)


def test_routing_guide__has_the_floors_of_complexity() -> None:
    least = {"files": 1, "steps": 0, "issues": 1}

    for measure, medium, complex_, _ in _rows(ROUTING, "## Complexity"):
        name = measure.partition(" ")[0]
        for floor, level in ((medium, "medium"), (complex_, "complex")):
            assert complexity_of(**least | {name: int(floor)})[0] == level
            assert complexity_of(**least | {name: int(floor) - 1})[0] != level


def test_registry_page__has_every_key() -> None:
    page = (ROOT / "docs/reference/registry.md").read_text()

    for name, found in registry_schema()["$defs"].items():
        for key in found.get("properties", ()):
            assert f"| `{key}` |" in page, f"{name}.{key}"


def test_repo_config_page__shows_every_key(tmp_path: Path) -> None:
    example = (ROOT / "docs/reference/repo-config.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / ".codeql-fixer.yml").write_text(example)

    config, warnings = read_config(CheckoutTree(tmp_path))

    assert warnings == ()
    assert all(f"{key}:" in example for key in SCHEMA["properties"])
    assert config.agents.never == ("devin",)


def test_keys_and_budgets_guide__names_what_there_is() -> None:
    page = (GUIDES / "keys-and-budgets.md").read_text()
    types = registry_schema()["$defs"]
    keys = {key for found in types.values() for key in found.get("properties", ())}
    options = {option.name for option in OPTIONS}

    variables = {row[0].strip("`") for row in _rows(page, "## Keys")}
    limits = {name for row in _rows(page, "## Budgets") for name in re.findall(r"`(\w+)`", row[0])}

    assert variables <= {option.variable for option in OPTIONS}
    assert limits <= keys | options
    assert (
        set(types["Fleet"]["properties"])
        - {"paused", "weights", "objectives", "learning", "triage", "blast_radius", "clusters"}
        <= limits
    )
    rests = [row[1] for row in _rows(page, "## After a failure")]
    assert rests[: len(COOLDOWN_HOURS)] == ["24 h", "72 h", "1 week"]
    assert COOLDOWN_HOURS == (24, 72, 7 * 24)


@pytest.mark.parametrize("with_checkout", [True, False])
def test_privacy_guide__sends_no_more_of_a_file_than_it_says(tmp_path: Path, *, with_checkout: bool) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/app.py").write_text("\n".join(f"line_{number} = 1" for number in range(1, 101)))
    (tmp_path / "other.py").write_text("other_file = 1")
    (tmp_path / ".env").write_text("TOKEN=secret_value")
    tree = CheckoutTree(tmp_path if with_checkout else tmp_path / "nowhere")
    writer = BriefWriter(tree, target_repo="acme/shop", default_branch="", run_id="1")
    batch = Batch("B001", "injection", (issue(1, line=50, snippet="what the scanner quoted"),))

    prompt = JinjaRenderer(Playbooks(ROOT / "playbooks")).render(writer.write(batch))

    shown = [int(number) for number in re.findall(r"line_(\d+) = 1", prompt)]
    assert shown == (list(range(44, 57)) if with_checkout else [])
    assert ("what the scanner quoted" in prompt) is not with_checkout
    assert "other_file" not in prompt
    assert "secret_value" not in prompt


def test_privacy_guide__has_the_numbers_of_the_code() -> None:
    page = (GUIDES / "privacy.md").read_text()
    said = {
        "app/brief.py": {
            "_CONTEXT_LINES": "with 6 lines",
            "_MAX_FLAGGED_LINES": "at most 30",
            "_MAX_TESTS": "at most 5 ",
        },
        "adapters/prompts/renderer.py": {"_MAX_FLOWS": "at most 3 paths"},
    }

    for file, constants in said.items():
        source = (ROOT / "scripts/codeql_fixer" / file).read_text()
        for name, words in constants.items():
            number = re.search(r"\d+", words)
            assert words in page
            assert number
            assert re.search(rf"^{name} = {number[0]}$", source, re.MULTILINE), name
