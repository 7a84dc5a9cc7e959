"""Which level decides: overrides, the repository, its tags, its group, the defaults."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.schedule import Schedule
from tests.unit.adapters.registry.files import registry_of
from tests.unit.adapters.registry.settings import KEYS

_Level = dict[str, Any]
_settings = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(list(map(json.loads, key.values))) for name, key in KEYS.items()}
)
_importances = st.fixed_dictionaries(
    {},
    optional={
        "importance": st.sampled_from(["critical", "high", "medium", "low"]),
        "importance_score": st.integers(0, 100),
    },
)
_levels = st.builds(lambda one, other: one | other, _settings, _importances)
_names = st.lists(st.sampled_from(["a", "b", "c", "nowhere"]), unique=True)
_tagged = st.builds(lambda level, tags: level if tags is None else level | {"tags": tags}, _levels, st.none() | _names)
_groups = st.fixed_dictionaries(
    {name: st.fixed_dictionaries({}, optional={"schedule": st.sampled_from(list(Schedule))}) for name in "gh"}
)
_SCORES = {"critical": 100, "high": 75, "medium": 50, "low": 25}


@given(
    overrides=_tagged,
    own=_tagged,
    tags=st.permutations("abc").flatmap(lambda names: st.fixed_dictionaries(dict.fromkeys(names, _levels))),
    groups=_groups,
    defaults=_tagged,
)
def test_entry__has_what_the_most_special_level_says(
    *, overrides: _Level, own: _Level, tags: dict[str, _Level], groups: dict[str, _Level], defaults: _Level
) -> None:
    repository = {"repo": "acme/shop", **own, "overrides": overrides}

    registry = registry_of({"defaults": defaults, "tags": tags, "groups": groups, "repos": [repository]})

    for entry, special in ((registry.entry("acme/shop"), [overrides, own]), (registry.entry("acme/other"), [])):
        had: list[str] = next((level["tags"] for level in (*special, defaults) if "tags" in level), [])
        middle = [settings for name, settings in tags.items() if name in had]
        group = next((level["group"] for level in (*special, *middle, defaults) if "group" in level), "")
        levels = [*special, *middle, groups.get(group, {}), defaults]
        assert entry.tags == frozenset(had)
        assert entry.importance == _importance([*([level] for level in special), middle, [defaults]])
        for name, key in KEYS.items():
            said = next((level[name] for level in levels if name in level), None)
            wanted = key.otherwise if said is None else key.values[json.dumps(said)]
            if name in {"auto_scan", "auto_dispatch"}:
                wanted = wanted and entry.is_enabled and entry.is_listed
            assert key.look(entry) == wanted, name


def _importance(ranks: list[list[_Level]]) -> int:
    """What the nearest says that says anything; of several tags the highest."""
    for rank in ranks:
        scores = [
            level["importance_score"] if "importance_score" in level else _SCORES[level["importance"]]
            for level in rank
            if level.keys() & {"importance", "importance_score"}
        ]
        if scores:
            return max(scores)
    return 50


def test_entry__of_several_tags_the_highest_importance_and_otherwise_the_first_in_the_file() -> None:
    registry = registry_of(
        {
            "tags": {
                "production": {"importance": "high", "schedule": "daily", "max_open_prs": 3},
                "pci": {"importance": "critical", "schedule": "hourly", "batch_size": 2, "agents": {"rules": [{}]}},
            },
            "repos": [{"repo": "acme/shop", "tags": ["pci", "production"]}, {"repo": "acme/api", "tags": ["pci"]}],
        }
    )

    shop, api = registry.entry("acme/shop"), registry.entry("acme/api")
    assert (shop.importance, shop.schedule, shop.max_open_prs, shop.batch_size) == (100, Schedule.DAILY, 3, 2)
    assert (api.importance, api.schedule, api.max_open_prs) == (100, Schedule.HOURLY, None)
    assert [rule.name for rule in shop.routing.rules] == ["rule 1 of the tag pci"]
    assert registry.entry("acme/other").importance == 50


def test_entry__a_tag_names_the_group_and_the_group_the_schedule() -> None:
    registry = registry_of(
        {
            "defaults": {"schedule": "monthly"},
            "tags": {"web": {"group": "frontend"}, "hot": {"schedule": "hourly"}},
            "groups": {"frontend": {"weight": 4, "schedule": "daily"}, "backend": {}},
            "repos": [
                {"repo": "acme/web", "tags": ["web"]},
                {"repo": "acme/hot", "tags": ["web", "hot"]},
                {"repo": "acme/api", "group": "backend"},
            ],
        }
    )

    entries = [registry.entry(f"acme/{name}") for name in ("web", "hot", "api")]
    assert [entry.group for entry in entries] == ["frontend", "frontend", "backend"]
    assert [entry.schedule for entry in entries] == [Schedule.DAILY, Schedule.HOURLY, Schedule.MONTHLY]
    assert registry.group_weights == {"frontend": 4, "backend": 1}
