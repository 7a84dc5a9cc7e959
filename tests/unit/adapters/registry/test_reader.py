"""The registry: what it says, in which order levels count, every fault with its place, hostile files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.adapters.registry.checks import DISAGREEMENT, faults_of
from codeql_fixer.adapters.registry.places import line_of, words_of
from codeql_fixer.adapters.registry.reader import read_registry
from codeql_fixer.adapters.registry.wire import File, registry_schema
from codeql_fixer.domain.gate import Gate, GateKind, Judging
from codeql_fixer.domain.registry import Registry, RepositoryEntry
from codeql_fixer.domain.route import CODEMODDER, AgentKind, AgentProfile, ModeTable, Route, Routing
from codeql_fixer.domain.schedule import Schedule
from codeql_fixer.errors import ConfigError, InputError
from codeql_fixer.policy.routing import route
from tests.unit.adapters.registry.files import ROOT, read
from tests.unit.policy.test_routing import facts

if TYPE_CHECKING:
    from pathlib import Path

CODER = {"kind": "command", "command": ["coder", "{prompt_file}"]}


def faults(tmp_path: Path, registry: object) -> list[str]:
    """What is wrong with it, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, registry)
    return [line.partition("repo_registry.json: ")[2] for line in str(caught.value).splitlines()]


def test_read_registry__takes_the_example() -> None:
    registry, warnings = read_registry(ROOT / "repo_registry.json")

    assert warnings == ()
    assert registry.global_session_limit == 20
    assert (registry.max_parallel_sessions, registry.max_acu_per_period) == (5, 200)
    api = registry.entry("acme/api")
    assert api.importance == 100
    assert api.tags == {"production", "pci"}
    assert [rule.name for rule in api.routing.rules] == ["pci, no codemods", "hard ones"]
    found = route(facts(longest_flow=20), api.routing, available=["devin"], has_codemod=lambda _: False)
    assert isinstance(found, Route)
    assert (found.agent, found.mode, found.max_acu) == ("devin", "ultra", 15)
    assert not registry.entry("acme/sandbox").auto_dispatch


def test_read_registry__may_be_empty(tmp_path: Path) -> None:
    registry, warnings = read(tmp_path, {})

    assert (registry, warnings) == (Registry(), ())
    assert registry.entry("acme/shop") == RepositoryEntry(repository="acme/shop")
    assert registry.entry("acme/shop").routing == Routing()


def test_read_registry__reads_every_key(tmp_path: Path) -> None:
    registry, warnings = read(
        tmp_path,
        {
            "$schema": "x",
            "version": "2.0",
            "agents": {
                "profiles": {
                    "coder": CODER | {"mode": "small", "is_paid": False, "time_limit_minutes": 30},
                    "other": CODER,
                    "devin": {"kind": "devin", "mode": {"simple": "lite"}, "max_acu": 7},
                }
            },
            "orchestrator": {
                "global_session_limit": 9,
                "global_session_limit_period_hours": 12,
                "max_parallel_sessions": 3,
                "max_acu_per_period": 100,
            },
            "repos": [
                {
                    "repo": "acme/shop",
                    "importance_score": 0,
                    "tags": ["web"],
                    "labels": ["agent:coder"],
                    "auto_dispatch": False,
                    "max_sessions_per_cycle": 2,
                    "cooldown_hours": [],
                    "max_dispatch_attempts": 1,
                    "max_acu_per_session": 4,
                    "agents": {"allow": ["coder"], "default": []},
                }
            ],
        },
    )

    command = ("coder", "{prompt_file}")
    assert warnings == ()
    assert registry == Registry(
        repositories={
            "acme/shop": RepositoryEntry(
                repository="acme/shop",
                is_listed=True,
                importance=0,
                tags=frozenset({"web"}),
                labels=frozenset({"agent:coder"}),
                auto_dispatch=False,
                max_sessions_per_cycle=2,
                cooldown_hours=(),
                auto_scan=True,
                max_attempts=1,
                routing=Routing(
                    profiles=(
                        AgentProfile(
                            name="devin", kind=AgentKind.DEVIN, is_paid=True, modes=ModeTable(simple="lite"), max_acu=7
                        ),
                        CODEMODDER,
                        AgentProfile(
                            name="coder",
                            kind=AgentKind.COMMAND,
                            is_paid=False,
                            modes="small",
                            command=command,
                            time_limit_minutes=30,
                        ),
                        AgentProfile(name="other", kind=AgentKind.COMMAND, is_paid=True, command=command),
                    ),
                    default=(),
                    allow=("coder",),
                    max_acu=4,
                ),
            )
        },
        others=registry.others,
        global_session_limit=9,
        global_session_limit_period_hours=12,
        max_parallel_sessions=3,
        max_acu_per_period=100,
        slugs={"acme/shop": "acme/shop"},
    )


def test_read_registry__the_most_special_level_wins(tmp_path: Path) -> None:
    def rule(name: str) -> dict[str, Any]:
        return {"name": name}

    registry, _ = read(
        tmp_path,
        {
            "agents": {"rules": [rule("fleet")], "default": ["codemodder"], "allow": ["devin"]},
            "defaults": {
                "importance_score": 10,
                "tags": ["a"],
                "max_dispatch_attempts": 1,
                "cooldown_hours": [1],
                "agents": {"rules": [{}], "allow": ["codemodder"]},
            },
            "repos": [
                {
                    "repo": "acme/shop",
                    "importance": "high",
                    "tags": ["b"],
                    "max_dispatch_attempts": 2,
                    "agents": {"rules": [rule("mine"), {}]},
                    "overrides": {"tags": [], "max_dispatch_attempts": 3, "agents": {"rules": [{}], "default": []}},
                }
            ],
        },
    )

    entry, others = registry.entry("acme/shop"), registry.entry("acme/other")
    assert (entry.importance, others.importance) == (75, 10)  # a word that is nearer beats a number that is not
    assert not entry.tags
    assert others.tags == {"a"}
    assert (entry.max_attempts, others.max_attempts) == (3, 1)
    assert entry.cooldown_hours == others.cooldown_hours == (1,)
    assert [item.name for item in entry.routing.rules] == [
        "rule 1 of the overrides",
        "mine",
        "rule 2 of the repository",
        "rule 1 of the defaults",
        "fleet",
    ]
    assert (entry.routing.default, others.routing.default) == ((), ("codemodder",))
    assert entry.routing.allow == others.routing.allow == ("codemodder",)


def test_read_registry__warns_of_what_has_no_effect(tmp_path: Path) -> None:
    _, warnings = read(
        tmp_path,
        {
            "colour": 1,
            "concurrency": {},
            "agents": {
                "profiles": {"devin": {"kind": "devin", "mode": {"hard": "x"}, "token": "secret"}},
                "rules": [{"if": 1, "modes": {"devin": {"odd": "x"}}}],
            },
            "defaults": {"max_sessions": 5, "agents": {"x": 1}},
            "repos": [{"repo": "acme/shop", "max_sessions": 9, "dry_run": True, "overrides": {"objectives": 3}}],
        },
    )

    assert [warning.partition("repo_registry.json: ")[2] for warning in warnings] == [
        "line 1: the file: without effect in this version: concurrency, max_sessions, dry_run",
        "line 2: colour: unknown key, ignored",
        "line 9: agents.profiles.devin.mode.hard: unknown key, ignored",
        "line 11: agents.profiles.devin.token: unknown key, ignored",
        "line 16: agents.rules[0].if: unknown key, ignored",
        "line 19: agents.rules[0].modes.devin.odd: unknown key, ignored",
        "line 28: defaults.agents.x: unknown key, ignored",
        "line 37: repos[0].overrides.objectives: unknown key, ignored",
    ]


def test_read_registry__reads_the_first_generations_file(shared: Path) -> None:
    registry, warnings = read_registry(shared / "telemetry/predecessor-registry.json")

    assert len(warnings) == 1
    assert "without effect in this version: max_sessions, persist_logs, dry_run, concurrency" in warnings[0]
    assert registry.global_session_limit == 3
    shop = registry.entry("https://github.com/Juice-Shop/juice-shop")
    assert (shop.max_sessions_per_cycle, shop.schedule, shop.scan.languages) == (2, Schedule.WEEKLY, "javascript")


def test_read_registry__tells_all_wrong_values_at_once(tmp_path: Path) -> None:
    wrong = {
        "version": "3.0",
        "agents": {
            "profiles": {"coder": {"command": "rm -rf"}, "Bad Name": {"kind": "devin"}},
            "rules": [{"tiers": ["worst"], "max_acu": 0, "modes": {"devin": 3}, "name": "a\nb"}],
            "default": ["x"] * 101,
        },
        "orchestrator": {"global_session_limit": "lots", "global_session_limit_period_hours": 9000},
        "repos": [{"repo": "https://me:secret@github.com/a/b", "cooldown_hours": [1.5]}, {}, 5],
    }

    assert [line.partition(", in the form")[0] for line in faults(tmp_path, wrong)] == [
        "line 2: version: must be one of 2.0",
        "line 4: agents.profiles: the key 'Bad Name' must be the name of an agent",
        "line 5: agents.profiles.coder: needs kind",
        "line 6: agents.profiles.coder.command: must be of type array",
        "line 15: agents.rules[0].tiers[0]: must be one of critical, high, low, medium, none",
        "line 17: agents.rules[0].max_acu: must be at least 1",
        "line 19: agents.rules[0].modes.devin: must be of type string",
        "line 21: agents.rules[0].name: must be a line of 60 characters at most; the reason on record has it",
        "line 24: agents.default: must have at most 100 members",
        "line 129: orchestrator.global_session_limit: must be of type integer",
        "line 130: orchestrator.global_session_limit_period_hours: must be at most 8760",
        "line 134: repos[0].repo: must be owner/name, or its address without a password",
        "line 136: repos[0].cooldown_hours[0]: must be of type integer",
        "line 139: repos[1]: needs repo",
        "line 140: repos[2]: must be of type object",
    ]


def test_read_registry__tells_all_that_does_not_fit_together(tmp_path: Path) -> None:
    wrong = {
        "agents": {
            "profiles": {
                "coder": {"kind": "command", "max_acu": 3},
                "devin": {"kind": "devin", "is_paid": False, "command": ["x"]},
            },
            "rules": [{"agents": ["nobody"], "modes": {"nobody": "x"}, "languages": ["Python", "cobol"]}],
            "allow": ["nobody"],
        },
        "defaults": {"labels": ["agent:nobody"], "agents": {"default": ["nobody"]}},
        "repos": [
            {"repo": "acme/shop"},
            {"repo": "https://github.com/Acme/Shop.git", "labels": ["agent:devin", "agent:coder"]},
        ],
    }

    no_agent = "nobody is no agent; known are codemodder, coder, devin: add it to agents.profiles"
    found = faults(tmp_path, wrong)
    assert [line.replace(no_agent, "no agent") for line in found] == [
        "line 4: agents.profiles.coder: needs a command, a list of arguments such as ['coder', '{prompt_file}']",
        "line 6: agents.profiles.coder.max_acu: is for agents of kind devin only; nobody else counts ACU",
        "line 10: agents.profiles.devin.is_paid: is for agents of kind command only; what the others cost is known",
        "line 11: agents.profiles.devin.command: is for agents of kind command only",
        "line 18: agents.rules[0].agents: no agent",
        "line 21: agents.rules[0].modes: no agent",
        next(line for line in found if "languages[1]: is not known; known are actions, c, c#" in line),
        "line 30: agents.allow: no agent",
        "line 35: defaults.labels: no agent",
        "line 39: defaults.agents.default: no agent",
        "line 49: repos[1].repo: is the same repository as repos[0]; merge the two",
        "line 50: repos[1].labels: force several agents; keep one",
    ]


def test_read_registry__shows_no_value(tmp_path: Path) -> None:
    secret = "cog_" + "s" * 52
    wrong = {
        "agents": {"profiles": {"coder": {"kind": secret, "command": [secret, ""], "mode": f"-{secret}"}}},
        "repos": [{"repo": f"https://{secret}@github.com/a/b", "importance": secret, "tags": [f"\n{secret}"]}],
    }

    assert secret not in "\n".join(faults(tmp_path, wrong))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1, column 1: is not JSON: Expecting value"),
        ('{\n  "a": 1,\n}', "line 3, column 1: is not JSON"),
        ('{"a": NaN}', "is not JSON"),
        ('{"version": "\\ud800"}', "is not JSON"),
        ('{"a": ' + "9" * 5000 + "}", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"repos": [], "repos": []}', "the key 'repos' is there twice in one object"),
        ('{"version": "2.0\\u0000"}', "line 1: version: must be one of 2.0"),
        ("[]", "line 1: the file: must be of type object"),
        ("null", "line 1: the file: must be of type object"),
        (" " * 10_000_001, "is larger than 10000000 bytes"),
        ('{"repos": [' + ",".join(['{"repo": "a/b"}'] * 20_001) + "]}", "repos: must have at most 20000 members"),
        ('{"repos": [' + ",".join(["{}"] * 1000) + "]}", "repo_registry.json: and more"),
        ('{"agents": {"rules": [{"languages": ["' + "y" * 10**6 + '"]}]}}', "languages[0]: must be a language"),
    ],
    ids=lambda value: value[:20],
)
def test_read_registry__refuses_what_it_cannot_trust(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises((InputError, ConfigError)) as caught:
        read(tmp_path, text)

    assert problem in str(caught.value)
    assert len(str(caught.value)) < 20_000


def test_read_registry__takes_a_byte_order_mark_and_tabs(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_bytes(b'\xef\xbb\xbf{\n\t"repos":\t[]}')

    assert read_registry(tmp_path / "r.json") == (Registry(), ())


def test_read_registry__names_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.json").write_bytes(b'{"\xff": 1}')

    for name, problem in (("none.json", "No such file"), ("", "Is a directory"), ("latin.json", "is not UTF-8")):
        with pytest.raises(InputError, match=problem):
            read_registry(tmp_path / name)


def test_read_registry__is_fast_enough_for_a_large_fleet(tmp_path: Path) -> None:
    fleet = {"repos": [{"repo": f"acme/service-{number}", "tags": ["production"]} for number in range(20_000)]}

    registry, _ = read(tmp_path, fleet)

    assert len(registry.repositories) == 20_000


def test_schema__is_valid_and_takes_the_example() -> None:
    jsonschema.Draft202012Validator.check_schema(registry_schema())
    jsonschema.Draft202012Validator(registry_schema()).validate(json.loads((ROOT / "repo_registry.json").read_text()))


_members = st.sampled_from(["repo", "tags", "max_acu", "agents", "rules", "modes", "devin", "kind", "version", "repos"])
_fleet_members = st.sampled_from(
    [
        "weight",
        "schedule",
        "scope",
        "sessions",
        "acu",
        "open_prs",
        "per",
        "importance",
        "sla",
        "name",
        "target_severity",
        "target_count",
        "priority",
        "languages",
        "queries",
        "include_paths",
        "installation_id",
        "aliases",
        "group",
    ]
)
_scalars = st.sampled_from(
    [
        "fleet",
        "tag:a",
        "day",
        "weekly",
        "high",
        "-x",
        0.5,
        1e300,
        "devin",
        "acme/shop",
        "2.0",
        "",
        "x\n",
        1,
        0,
        -1,
        1.5,
        2.0,
        10**30,
        True,
        None,
    ]
)
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_members, inner, max_size=4), max_leaves=12
)

_fleet_values = st.dictionaries(_fleet_members, _values, max_size=5) | _values


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "version": _values,
            "agents": st.fixed_dictionaries(
                {}, optional={"rules": st.lists(_values, max_size=2), "profiles": _values, "allow": _values}
            ),
            "orchestrator": st.fixed_dictionaries(
                {},
                optional={
                    "paused": _values,
                    "weights": _fleet_values,
                    "budgets": st.lists(_fleet_values, max_size=2),
                    "objectives": st.lists(_fleet_values, max_size=2),
                    "global_session_limit": _values,
                    "min_fix_rate_pct": _values,
                    "clusters": _values,
                },
            ),
            "tags": st.dictionaries(_members, _fleet_values, max_size=2),
            "groups": st.dictionaries(_members, _fleet_values, max_size=2),
            "defaults": st.fixed_dictionaries(
                {},
                optional={
                    "tags": _values,
                    "max_dispatch_attempts": _values,
                    "cooldown_hours": _values,
                    "agents": _values,
                },
            ),
            "repos": st.lists(
                st.builds(
                    lambda entry, more: entry | more,
                    st.fixed_dictionaries({"repo": _values}, optional={"importance": _values}),
                    st.dictionaries(_fleet_members, _values, max_size=3),
                ),
                max_size=2,
            ),
        },
    )
)
def test_schema__refuses_what_the_types_refuse(raw: Any) -> None:  # noqa: ANN401 - any JSON
    try:
        msgspec.convert(raw, File)
        is_taken = True
    except msgspec.ValidationError:
        is_taken = False

    told = [problem for _, problem in faults_of(raw)]

    assert is_taken or told
    assert DISAGREEMENT not in told, "the schema let through what the types refuse"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(json_values, st.sampled_from([None, 0, 2, "\t"]), st.data())
def test_line_of__finds_every_value(value: Any, indent: int | str | None, data: st.DataObject) -> None:  # noqa: ANN401
    path: list[str | int] = []
    marked = inner = json.loads(json.dumps({"a": value}))
    path.append("a")
    while isinstance(inner[path[-1]], (list, dict)) and inner[path[-1]] and data.draw(st.booleans()):
        inner = inner[path[-1]]
        path.append(data.draw(st.sampled_from(list(inner) if isinstance(inner, dict) else list(range(len(inner))))))
    inner[path[-1]] = "the value that is looked for"

    text = json.dumps(marked, indent=indent)

    assert line_of(text, path) == text.count("\n", 0, text.index("the value that")) + 1


def test_line_of__stops_at_the_last_part_that_is_there() -> None:
    text = '{\n "a": {\n  "b": 1}}'

    assert [line_of(text, path) for path in ((), ("a",), ("a", "c"), ("a", "b", 0), ("x",))] == [1, 2, 2, 3, 1]
    assert words_of(("repos", 0, "agents", "rules", 1)) == "repos[0].agents.rules[1]"


def test_read_registry__says_how_agents_of_this_machine_are_judged(tmp_path: Path) -> None:
    gate = {"kind": "tests", "command": ["make", "test"], "repair": ["make", "fix"]}
    judged = {**CODER, "gates": [gate], "finds_gates": False, "needs_tests": True, "coverage_floor": 80}

    registry, warnings = read(tmp_path, {"agents": {"profiles": {"coder": {**judged, "sessions_at_once": 3}}}})

    assert warnings == ()
    [coder] = [profile for profile in registry.others.routing.profiles if profile.name == "coder"]
    assert coder.sessions_at_once == 3
    assert coder.judging == Judging(
        gates=(Gate(kind=GateKind.TESTS, command=("make", "test"), repair=("make", "fix")),),
        finds=False,
        needs_tests=True,
        coverage_floor=80,
    )


@pytest.mark.parametrize("key", [{"needs_tests": True}, {"sessions_at_once": 1}, {"coverage_floor": 1}])
def test_read_registry__devin_is_judged_elsewhere(tmp_path: Path, key: dict[str, object]) -> None:
    [fault] = faults(tmp_path, {"agents": {"profiles": {"devin": {"kind": "devin", **key}}}})

    assert "agents.profiles.devin: has gates or a number of sessions at once" in fault
