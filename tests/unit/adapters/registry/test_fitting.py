"""What a registry says that cannot be meant: each fault with its line, its place and a remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.registry.reader import review
from tests.unit.adapters.registry.files import read, registry_of

if TYPE_CHECKING:
    from pathlib import Path

SCOPES = (
    "fleet, tag:NAME, repo:OWNER/NAME, family:NAME or agent:NAME; without :NAME each tag, repo, family or agent has it "
    "on its own"
)
NO_AGENT = "nobody is no agent; known are codemodder, devin: add it to agents.profiles"


def faults(tmp_path: Path, registry: object) -> list[str]:
    """What is wrong with it, without the file's name."""
    path = tmp_path / "repo_registry.json"
    path.write_text(json.dumps(registry, indent=1))
    return [line.partition("repo_registry.json: ")[2] for line in review(path)[0]]


def _objective(**members: object) -> dict[str, object]:
    return {"orchestrator": {"objectives": [{"name": "n", "target_severity": "high", **members}]}}


def _budget(**members: object) -> dict[str, object]:
    return {"orchestrator": {"budgets": [members]}}


def _repo(**members: object) -> dict[str, object]:
    return {"repos": [{"repo": "acme/shop", **members}]}


@pytest.mark.parametrize(
    ("registry", "fault"),
    [
        # Aliases: every name belongs to one repository.
        (
            {"repos": [{"repo": "a/b"}, {"repo": "a/c", "aliases": ["x/y", "https://github.com/A/B"]}]},
            "line 10: repos[1].aliases[1]: is a name of repos[0] already; keep one of them",
        ),
        (
            {"repos": [{"repo": "a/b", "aliases": ["x/y"]}, {"repo": "a/c", "aliases": ["X/Y"]}]},
            "line 12: repos[1].aliases[0]: is a name of repos[0] already; keep one of them",
        ),
        (
            {"repos": [{"repo": "a/b", "aliases": ["a/c"]}, {"repo": "a/c"}]},
            "line 6: repos[0].aliases[0]: is a name of repos[1] already; keep one of them",
        ),
        (_repo(aliases=["shop"]), "line 6: repos[0].aliases[0]: must be owner/name, or its address without a password"),
        # Groups have to be there, wherever they are named.
        (_repo(group="web"), "line 5: repos[0].group: is no group; known are none: add it to groups"),
        (
            {"groups": {"api": {}}, "defaults": {"group": "web"}},
            "line 6: defaults.group: is no group; known are api: add it to groups",
        ),
        (
            {"tags": {"x": {"group": "web"}}},
            "line 4: tags.x.group: is no group; known are none: add it to groups",
        ),
        (
            _repo(overrides={"group": "web"}),
            "line 6: repos[0].overrides.group: is no group; known are none: add it to groups",
        ),
        ({"groups": {"g": {"weight": 101}}}, "line 4: groups.g.weight: must be at most 100"),
        ({"groups": {"g": {"weight": 0}}}, "line 4: groups.g.weight: must be at least 1"),
        # Settings.
        (
            _repo(schedule="yearly"),
            "line 5: repos[0].schedule: must be one of biweekly, daily, hourly, monthly, never, weekly",
        ),
        (
            _repo(scan_source="upload"),
            "line 5: repos[0].scan_source: must be one of code-scanning, direct, self-reported, workflow",
        ),
        (
            {"tags": {"x": {"severity_threshold": "none"}}},
            "line 4: tags.x.severity_threshold: must be one of critical, high, low, medium",
        ),
        (_repo(default_branch="--force"), "line 5: repos[0].default_branch: must be the name of a branch"),
        (_repo(queries="-x"), "line 5: repos[0].queries: must be CodeQL query suites"),
        (_repo(include_paths="a\nb"), "line 5: repos[0].include_paths: must be globs on one line"),
        (
            _repo(exclude_paths="a, [z-a]"),
            "line 5: repos[0].exclude_paths: has what is no glob in gitignore syntax, or too many of them",
        ),
        (_repo(batch_size=51), "line 5: repos[0].batch_size: must be at most 50"),
        (_repo(max_open_prs=0), "line 5: repos[0].max_open_prs: must be at least 1"),
        (_repo(installation_id="9"), "line 5: repos[0].installation_id: must be of type integer"),
        ({"tags": {"a b": {}}}, "line 2: tags: the key 'a b' must be a label or tag"),
        # The kill switch is never in doubt.
        ({"orchestrator": {"paused": ""}}, "line 3: orchestrator.paused: must be a line of 500 characters at most"),
        ({"orchestrator": {"paused": 1}}, "line 3: orchestrator.paused: must be of type boolean"),
        # Weights.
        (
            {"orchestrator": {"triage": {"agent": "nobody"}}},
            (
                "line 4: orchestrator.triage.agent: nobody is no agent; known are codemodder, devin: "
                "add it to agents.profiles"
            ),
        ),
        (
            {"orchestrator": {"triage": {"agent": "codemodder"}}},
            "line 4: orchestrator.triage.agent: answers no questions; agents of kind devin do",
        ),
        (
            {"orchestrator": {"triage": {"weight": 1.5}}},
            "line 4: orchestrator.triage.weight: must be at most 1",
        ),
        (
            {"orchestrator": {"weights": {"importance": 0.5}}},
            "line 3: orchestrator.weights: must be 1 together, and are 1.15 with defaults for those left out",
        ),
        (
            {"orchestrator": {"weights": {"importance": 0.350002}}},
            "line 3: orchestrator.weights: must be 1 together, and are 1.000002 with defaults for those left out",
        ),
        (
            {"orchestrator": {"weights": {"sla": -0.1}}},
            "line 4: orchestrator.weights.sla: must be at least 0",
        ),
        # Objectives.
        (
            _objective(),
            "line 4: orchestrator.objectives[0]: needs exactly one of target_count, target_reduction_pct",
        ),
        (
            _objective(target_count=0, target_reduction_pct=50),
            "line 4: orchestrator.objectives[0]: needs exactly one of target_count, target_reduction_pct",
        ),
        (_objective(target_count=0, priority=0), "line 8: orchestrator.objectives[0].priority: must be at least 1"),
        (
            {"orchestrator": {"objectives": [{"name": "n", "target_severity": "low", "target_count": 1}] * 2}},
            "line 10: orchestrator.objectives[1].name: is the name of objectives[0] already",
        ),
        # Budgets.
        (
            _budget(scope="fleet", per="day"),
            "line 4: orchestrator.budgets[0]: needs exactly one of sessions, acu, open_prs, and has none",
        ),
        (
            _budget(scope="fleet", per="day", sessions=1, acu=1),
            "line 4: orchestrator.budgets[0]: needs exactly one of sessions, acu, open_prs, and has sessions, acu",
        ),
        (
            _budget(scope="fleet", acu=1),
            "line 4: orchestrator.budgets[0]: needs per, one of 15m, hour, day, month",
        ),
        (
            _budget(scope="repo", open_prs=1, per="day"),
            "line 7: orchestrator.budgets[0].per: is not for open_prs, which counts those that are open now",
        ),
        (
            _budget(scope="agent:nobody", open_prs=1),
            f"line 5: orchestrator.budgets[0].scope: {NO_AGENT}",
        ),
        (
            _budget(scope="fleet", acu=1, per="week"),
            "line 7: orchestrator.budgets[0].per: must be one of 15m, day, hour, month",
        ),
        *(
            (
                _budget(scope=scope, open_prs=1),
                f"line 5: orchestrator.budgets[0].scope: must be {SCOPES}",
            )
            for scope in ("", "fleet:x", "tag:", "repo:shop", "repo:a/b\n", "team", "family:XSS")
        ),
    ],
)
def test_review__tells_what_cannot_be_meant(tmp_path: Path, *, registry: object, fault: str) -> None:
    assert [line.partition(", in the form")[0] for line in faults(tmp_path, registry)] == [fault]


def test_review__knows_languages(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, _repo(languages="python, cobol"))

    assert fault.startswith("line 5: repos[0].languages: is not known; known are actions, c, c#")


def test_review__tells_everything_at_once_and_what_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "repo_registry.json"
    path.write_text(
        json.dumps({"colour": 1, **_repo(group="web", aliases=["a/b"]), **_budget(scope="fleet")}, indent=1)
    )

    told, warnings = review(path)

    assert [line.partition(": ")[2] for line in told] == [
        "line 6: repos[0].group: is no group; known are none: add it to groups",
        "line 14: orchestrator.budgets[0]: needs exactly one of sessions, acu, open_prs, and has none",
    ]
    assert [line.partition(": ")[2] for line in warnings] == ["line 2: colour: unknown key, ignored"]


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"importance": 0.1, "severity": 0.2, "sla": 0.3, "feasibility": 0.4, "recurrence": 0},
        {"importance": 1, "severity": 0, "sla": 0, "feasibility": 0, "recurrence": 0},
        {"importance": 0.3500009},
    ],
)
def test_registry__takes_weights_that_are_one_together(weights: dict[str, float]) -> None:
    found = registry_of({"orchestrator": {"weights": weights}}).weights

    assert all(getattr(found, name) == share for name, share in weights.items())


def test_registry__a_repository_may_name_itself_among_its_aliases() -> None:
    registry = registry_of(_repo(aliases=["Acme/Shop", "forks/shop", "forks/SHOP"]))

    assert registry.canonical("forks/shop") == "acme/shop"


def test_read_registry__warns_of_tags_that_no_repository_has(tmp_path: Path) -> None:
    raw: dict[str, Any] = {
        "defaults": {"tags": ["all"]},
        "tags": {"all": {}, "mine": {}, "over": {}, "mistyped": {}},
        "orchestrator": {
            "objectives": [{"name": "n", "target_severity": "low", "target_count": 0, "tags": ["pci", "mine"]}],
            "budgets": [{"scope": "tag:gone", "open_prs": 1}, {"scope": "tag", "open_prs": 1}],
        },
        "repos": [
            {"repo": "acme/a", "tags": ["mine"]},
            {"repo": "acme/b", "tags": ["hidden"], "overrides": {"tags": ["over"]}},
            {"repo": "acme/c"},
        ],
    }

    _, warnings = read(tmp_path, raw)

    assert [warning.partition("repo_registry.json: ")[2] for warning in warnings] == [
        "line 11: tags.mistyped: no repository has this tag",
        "line 20: orchestrator.objectives[0].tags[0]: no repository has this tag",
        "line 27: orchestrator.budgets[0].scope: no repository has this tag",
    ]
