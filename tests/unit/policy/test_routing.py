"""Routing: who gets a batch and why; what a target can never obtain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.domain.batch import Batch
from codeql_fixer.domain.finding import Location, Trace
from codeql_fixer.domain.route import (
    CODEMODDER,
    DEVIN,
    AgentKind,
    AgentProfile,
    BatchFacts,
    Complexity,
    ModeTable,
    NoRoute,
    Route,
    RouteRule,
    Routing,
    Strategy,
    TargetAgents,
    TargetRule,
)
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.routing import facts_of, narrowed, route
from tests.builders import issue

COMMAND = AgentProfile(name="coder", kind=AgentKind.COMMAND, is_paid=True, command=("coder",), modes="small")
OTHER = AgentProfile(name="other", kind=AgentKind.COMMAND, is_paid=False, command=("other",))
FLEET = Routing(profiles=(replace(DEVIN, modes=ModeTable(complex="ultra"), max_acu=10), CODEMODDER, COMMAND, OTHER))
NAMES = tuple(profile.name for profile in FLEET.profiles)
FACTS = BatchFacts(
    family="injection",
    families=frozenset({"injection"}),
    tier=SeverityTier.HIGH,
    rule_ids=frozenset({"py/sql-injection"}),
    files=frozenset({"shop/app.py"}),
    issues=1,
)


def facts(**members: Any) -> BatchFacts:  # noqa: ANN401 - passed on
    """One high injection in one Python file; members given replace those."""
    if "family" in members:
        members.setdefault("families", frozenset({members["family"]}))
    return replace(FACTS, **members)


def routed(
    batch: BatchFacts = FACTS,
    routing: Routing = FLEET,
    *,
    available: tuple[str, ...] = NAMES,
    codemods: tuple[str, ...] = (),
    turn: int = 0,
) -> Route | NoRoute:
    """The route where `codemods` are the rules that have one."""
    return route(batch, routing, available=available, has_codemod=codemods.__contains__, turn=turn)


def agent_of(found: Route | NoRoute) -> str:
    """The agent, "" for none."""
    return found.agent if isinstance(found, Route) else ""


def test_route__gives_the_default_agent_when_no_rule_matches() -> None:
    rule = RouteRule(families=("xss",), agents=("coder",))

    assert routed(routing=replace(FLEET, rules=(rule,))) == Route(
        agent="devin",
        mode="",
        max_acu=10,
        complexity=Complexity.SIMPLE,
        reason="no rule matches; simple: 1 file, 0 steps, 1 issue",
        counts_acu=True,
    )


def test_route__works_without_any_configuration() -> None:
    assert agent_of(routed(routing=Routing(), available=("devin",))) == "devin"
    assert agent_of(routed(routing=Routing(), codemods=("py/sql-injection",))) == "codemodder"


@pytest.mark.parametrize(
    ("conditions", "batch", "matches"),
    [
        ({}, {}, True),
        ({"families": ("xss", "injection")}, {}, True),
        ({"families": ("xss",)}, {}, False),
        ({"tiers": (SeverityTier.HIGH,)}, {}, True),
        ({"tiers": (SeverityTier.LOW,)}, {}, False),
        ({"languages": ("py",)}, {}, True),
        ({"languages": ("go",)}, {}, False),
        ({"languages": ("python",)}, {"files": frozenset({"a.py", "b.go"})}, False),  # all must be listed
        ({"languages": ("python", "go")}, {"files": frozenset({"a.py", "b.go"})}, True),
        ({"languages": ("python",)}, {"files": frozenset({"a.py", ""})}, False),  # not known
        ({"labels": ("urgent",)}, {}, False),
        ({"labels": ("urgent", "new")}, {"labels": frozenset({"urgent", "old"})}, True),
        ({"tags": ("pci",)}, {}, False),
        ({"tags": ("pci", "web")}, {"tags": frozenset({"pci"})}, True),
        ({"complexities": (Complexity.SIMPLE,)}, {}, True),
        ({"complexities": (Complexity.COMPLEX,)}, {}, False),
        ({"complexities": (Complexity.COMPLEX,)}, {"longest_flow": 20}, True),
        ({"families": ("injection",), "tiers": (SeverityTier.LOW,)}, {}, False),  # each condition has to hold
    ],
)
def test_route__takes_a_rule_whose_conditions_all_hold(
    *, conditions: dict[str, Any], batch: dict[str, Any], matches: bool
) -> None:
    rule = RouteRule(agents=("coder",), **conditions)

    found = routed(facts(**batch), replace(FLEET, rules=(rule,)))

    assert agent_of(found) == ("coder" if matches else "devin")


def test_route__takes_the_first_rule_that_matches_and_names_it() -> None:
    rules = (
        RouteRule(tiers=(SeverityTier.LOW,), agents=("devin",)),
        RouteRule(agents=("other",)),
        RouteRule(name="all", agents=("coder",)),
    )

    assert routed(routing=replace(FLEET, rules=rules)).reason.startswith("rule 2; simple")
    assert routed(routing=replace(FLEET, rules=rules[::-1])).reason.startswith("all; simple")


def test_route__prefers_a_codemod_for_every_issue() -> None:
    rules = frozenset({"a", "b"})

    some = routed(facts(rule_ids=rules), codemods=("a",))
    every = routed(facts(rule_ids=rules), codemods=("a", "b"))

    assert agent_of(some) == "devin"
    assert isinstance(every, Route)
    assert (every.agent, every.max_acu, every.fallbacks) == ("codemodder", None, ("devin",))
    assert every.reason == "no rule matches; a codemod for every issue; simple: 1 file, 0 steps, 1 issue"


def test_route__a_rule_can_forbid_the_codemod() -> None:
    rule = RouteRule(deterministic_first=False)
    listed = RouteRule(deterministic_first=False, agents=("coder", "codemodder"))

    assert agent_of(routed(routing=replace(FLEET, rules=(rule,)), codemods=("py/sql-injection",))) == "devin"
    found = routed(routing=replace(FLEET, rules=(listed,)), codemods=("py/sql-injection",))
    assert isinstance(found, Route)
    assert (found.agent, found.fallbacks) == ("coder", ("codemodder",))


def test_route__says_why_a_codemodder_that_was_named_is_passed_over() -> None:
    rule = RouteRule(name="r", agents=("codemodder", "devin"))

    found = routed(routing=replace(FLEET, rules=(rule,)))

    assert found.reason.startswith("r; codemodder has no codemod for py/sql-injection; simple")


def test_route__passes_over_who_is_not_available_or_not_allowed() -> None:
    rule = RouteRule(name="r", agents=("devin", "coder", "other"))
    routing = replace(FLEET, rules=(rule,), allow=("devin", "other"))

    found = routed(routing=routing, available=("coder", "other"))

    assert isinstance(found, Route)
    assert (found.agent, found.fallbacks) == ("other", ())
    assert found.reason.startswith("r; devin is not available; coder is not offered for this repository; simple")


@pytest.mark.parametrize(
    ("failed", "order"),
    [
        ((), ["codemodder", "devin", "coder"]),
        (("codemodder",), ["devin", "coder"]),  # it would do the same again
        (("codemodder", "devin"), ["coder", "devin"]),
        (("devin",), ["codemodder", "coder", "devin"]),
        (("codemodder", "devin", "coder"), ["devin", "coder"]),
        (("codemodder", "devin", "coder", "devin"), ["coder", "devin"]),
    ],
)
def test_route__goes_on_with_the_agent_that_failed_least(*, failed: tuple[str, ...], order: list[str]) -> None:
    routing = replace(FLEET, rules=(RouteRule(agents=("devin", "coder")),))

    found = routed(facts(failed_agents=failed), routing, codemods=("py/sql-injection",))

    assert isinstance(found, Route)
    assert [found.agent, *found.fallbacks] == order
    assert ("failed attempt" in found.reason) == bool(failed)


def test_route__takes_turns() -> None:
    rule = RouteRule(agents=("devin", "coder", "other"), strategy=Strategy.ROUND_ROBIN)
    routing = replace(FLEET, rules=(rule,))

    found = [agent_of(routed(routing=routing, turn=turn)) for turn in range(7)]

    assert found == ["devin", "coder", "other", "devin", "coder", "other", "devin"]
    assert agent_of(routed(routing=routing, turn=1, codemods=("py/sql-injection",))) == "codemodder"
    assert agent_of(routed(facts(failed_agents=("coder",)), routing, turn=1)) == "other"


def test_route__may_have_nobody_left_to_take_a_turn() -> None:
    rule = RouteRule(name="r", agents=("codemodder",), strategy=Strategy.ROUND_ROBIN)

    found = routed(routing=replace(FLEET, rules=(rule,)))

    assert found == NoRoute(reason="r; codemodder has no codemod for py/sql-injection", is_final=True)


def test_route__a_label_forces_an_agent_before_any_rule() -> None:
    rule = RouteRule(agents=("devin",), modes={"coder": "large"})
    routing = replace(FLEET, rules=(rule,))

    found = routed(facts(labels=frozenset({"agent:coder"})), routing, codemods=("py/sql-injection",))

    assert isinstance(found, Route)
    assert (found.agent, found.mode, found.fallbacks) == ("coder", "large", ())
    assert found.reason.startswith("label agent:coder; simple")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"agent:nobody"}, "label agent:nobody; nobody is not offered for this repository"),
        ({"agent:codemodder"}, "label agent:codemodder; codemodder has no codemod for py/sql-injection"),
        ({"agent:coder", "agent:devin"}, "labels force several agents: coder, devin"),
    ],
)
def test_route__never_replaces_an_agent_that_a_label_forces(labels: set[str], reason: str) -> None:
    assert routed(facts(labels=frozenset(labels))) == NoRoute(reason=reason, is_final=True)


def test_route__a_label_decides_the_complexity() -> None:
    found = routed(facts(labels=frozenset({"complexity:medium", "complexity:complex", "complexity:odd"})))

    assert isinstance(found, Route)
    assert (found.complexity, found.mode) == ("complex", "ultra")
    assert found.reason == "no rule matches; complex: a label says so"


def test_route__nobody_is_final_unless_somebody_may_come_back() -> None:
    assert routed(available=()) == NoRoute(reason="no rule matches; devin is not available", is_final=False)
    assert routed(routing=replace(FLEET, allow=())) == NoRoute(
        reason="no rule matches; devin is not offered for this repository", is_final=True
    )
    assert routed(routing=replace(FLEET, default=())) == NoRoute(
        reason="no rule matches; no agent is named", is_final=True
    )


@pytest.mark.parametrize(
    ("profile_modes", "rule_modes", "mode"),
    [
        ("", {}, ""),
        ("fast", {}, "fast"),
        (ModeTable(simple="lite"), {}, "lite"),
        (ModeTable(complex="ultra"), {}, ""),
        ("fast", {"devin": "normal"}, "normal"),
        ("fast", {"devin": ModeTable(simple="lite")}, "lite"),
        ("fast", {"devin": ModeTable(medium="lite")}, ""),  # the rule says all there is
        ("fast", {"coder": "large"}, "fast"),
    ],
)
def test_route__takes_the_mode_of_the_rule_else_of_the_agent(*, profile_modes: Any, rule_modes: Any, mode: str) -> None:  # noqa: ANN401 - modes as they come
    routing = Routing(profiles=(replace(DEVIN, modes=profile_modes),), rules=(RouteRule(modes=rule_modes),))

    found = routed(routing=routing)

    assert isinstance(found, Route)
    assert found.mode == mode


@pytest.mark.parametrize(
    ("profile", "rule", "cap", "target", "wish", "max_acu"),
    [
        (None, None, None, None, None, None),
        (10, None, None, None, None, 10),
        (10, 20, None, None, None, 20),  # the rule is the operator's, too
        (10, 20, 15, None, None, 15),
        (None, None, 15, None, None, 15),
        (10, None, None, 5, None, 5),
        (10, None, None, 50, 60, 10),
        (None, None, None, 5, 4, 4),
    ],
)
def test_route__the_least_limit_holds(
    *, profile: int | None, rule: int | None, cap: int | None, target: int | None, wish: int | None, max_acu: int | None
) -> None:
    routing = Routing(
        profiles=(replace(DEVIN, max_acu=profile),),
        rules=(RouteRule(max_acu=rule),),
        max_acu=cap,
        target=TargetAgents(max_acu=target, rules=(TargetRule(max_acu=wish),)),
    )

    found = routed(routing=routing)

    assert isinstance(found, Route)
    assert found.max_acu == max_acu


def test_route__the_target_chooses_among_what_is_offered() -> None:
    rule = RouteRule(name="r", agents=("devin", "coder", "other"), strategy=Strategy.ROUND_ROBIN)
    wish = TargetRule(families=("injection",), agents=("other", "devin"))
    routing = replace(FLEET, rules=(rule,), target=TargetAgents(rules=(wish,)))

    chosen = routed(routing=routing)
    elsewhere = routed(facts(family="xss"), routing)

    assert isinstance(chosen, Route)
    assert (chosen.agent, chosen.fallbacks) == ("other", ("devin",))
    assert chosen.reason.startswith("r; coder is not what the target chose")
    assert agent_of(elsewhere) == "devin"


def test_route__the_target_may_leave_nobody() -> None:
    only = replace(FLEET, target=TargetAgents(rules=(TargetRule(agents=("codemodder",)),)))
    never = replace(FLEET, target=TargetAgents(never=("devin",)))

    assert routed(routing=only) == NoRoute(reason="no rule matches; devin is not what the target chose", is_final=True)
    assert routed(routing=never) == NoRoute(reason="no rule matches; devin is refused by the target", is_final=True)
    assert agent_of(routed(facts(labels=frozenset({"agent:devin"})), never)) == ""
    assert agent_of(routed(facts(labels=frozenset({"agent:devin"})), only)) == "devin"  # the operator insists


@pytest.mark.parametrize(
    ("families", "agent", "reason"),
    [
        ({"auth"}, "other", "kept; simple"),  # by whatever name the target calls it
        ({"xss"}, "devin", "no rule matches; simple"),
        ({"auth", "crypto"}, "other", "kept; simple"),
        ({"auth", "xss"}, "", "its issues fall under several rules: kept, no rule matches"),
    ],
)
def test_route__a_target_escapes_no_rule_by_naming_families(*, families: set[str], agent: str, reason: str) -> None:
    rules = (RouteRule(name="kept", families=("auth", "crypto"), agents=("other",)), RouteRule(families=("mine",)))
    routing = replace(FLEET, rules=rules)

    found = routed(facts(family="mine", families=frozenset(families)), routing)

    assert agent_of(found) == agent
    assert found.reason.startswith(reason)


def test_route__a_target_may_use_its_own_names_in_its_own_rules() -> None:
    batch = facts(family="mine", families=frozenset({"auth"}))

    for name in ("mine", "auth"):
        wish = TargetRule(families=(name,), agents=("codemodder",))
        assert agent_of(routed(batch, replace(FLEET, target=TargetAgents(rules=(wish,))))) == ""


def test_route__cleans_what_strangers_wrote_into_its_reason() -> None:
    rule = RouteRule(name="r", agents=("codemodder",))
    hostile = facts(rule_ids=frozenset({"evil\n::error::\u202e" + "x" * 500}))

    found = routed(hostile, replace(FLEET, rules=(rule,)))

    assert "\n" not in found.reason
    assert "\u202e" not in found.reason
    assert len(found.reason) <= 200


def test_facts_of__reads_files_rules_and_the_longest_flow() -> None:
    step = Location("shop/app.py", 1)
    other = issue(2, file="shop/b.py", rule="py/other", cwes=(352,))
    longest = replace(other, finding=replace(other.finding, trace_source=_Flows((step,) * 7)))
    named = replace(issue(3), finding=replace(issue(3).finding, family="xss"))
    batch = Batch("B001", "injection", (issue(1), longest, named))

    found = facts_of(batch, labels=["urgent"], tags=["pci"], failed_agents=["devin"])

    assert found == BatchFacts(
        family="injection",
        families=frozenset({"injection", "csrf", "xss"}),
        tier=SeverityTier.HIGH,
        rule_ids=frozenset({"py/sql-injection", "py/other"}),
        files=frozenset({"shop/app.py", "shop/b.py"}),
        issues=3,
        longest_flow=7,
        labels=frozenset({"urgent"}),
        tags=frozenset({"pci"}),
        failed_agents=("devin",),
    )
    assert facts_of(Batch("B001", "injection", (issue(1),))).longest_flow == 0


class _Flows:
    def __init__(self, flow: tuple[Location, ...]) -> None:
        self._flow = flow

    def trace(self) -> Trace:
        return Trace(flows=(self._flow[:2], self._flow))


def test_narrowed__says_what_goes_beyond_the_offer() -> None:
    routing = replace(FLEET, allow=("devin", "other"), max_acu=10)
    wishes = TargetAgents(
        max_acu=50,
        rules=(TargetRule(agents=("codemodder", "other", "other")), TargetRule(agents=("nobody",)), TargetRule()),
    )

    narrow, warnings = narrowed(routing, wishes)

    assert warnings == (
        "agents.max_acu 50 ignored: the operator allows 10",
        "agents.rules.0.agents: codemodder ignored: not offered for this repository",
        "agents.rules.1.agents: nobody ignored: not offered for this repository",
    )
    assert [rule.agents for rule in narrow.target.rules] == [("other",), (), ()]


def test_narrowed__has_nothing_to_say_about_smaller_wishes() -> None:
    assert narrowed(replace(FLEET, max_acu=10), TargetAgents(max_acu=10, never=("nobody",)))[1] == ()
    assert narrowed(FLEET, TargetAgents(max_acu=999, rules=(TargetRule(agents=("coder",)),)))[1] == ()


names = st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(tuple)
most_names = st.lists(st.sampled_from(NAMES), min_size=3, unique=True).map(tuple)
limits = st.none() | st.integers(1, 30)
conditions: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {},
    optional={
        "families": st.lists(st.sampled_from(["injection", "xss", "mine"]), max_size=2).map(tuple),
        "tiers": st.lists(st.sampled_from(list(SeverityTier)), max_size=3).map(tuple),
        "languages": st.lists(st.sampled_from(["python", "go"]), max_size=2).map(tuple),
        "labels": st.just(("urgent",)),
        "tags": st.just(("pci",)),
        "complexities": st.lists(st.sampled_from(list(Complexity)), max_size=2).map(tuple),
    },
)
rules = st.builds(
    lambda held, **members: RouteRule(**held, **members),
    conditions,
    agents=names | most_names,
    max_acu=limits,
    strategy=st.sampled_from(list(Strategy)),
    deterministic_first=st.booleans(),
)
wishes_of_target = st.builds(
    TargetAgents,
    never=st.just(()) | names.map(lambda found: found[:1]),
    max_acu=limits,
    rules=st.lists(
        st.builds(
            lambda held, agents, max_acu: TargetRule(**held, agents=agents, max_acu=max_acu),
            st.just({}) | conditions,
            st.lists(st.sampled_from([*NAMES, "nobody"]), max_size=3).map(tuple),
            limits,
        ),
        max_size=3,
    ).map(tuple),
)
operators = st.builds(
    lambda **members: replace(FLEET, **members),
    rules=st.lists(rules, max_size=3).map(tuple),
    default=most_names,
    allow=st.none() | most_names,
    max_acu=limits,
)
batches = st.builds(
    facts,
    family=st.sampled_from(["injection", "xss", "mine"]),
    families=st.frozensets(st.sampled_from(["injection", "xss", "other"]), min_size=1, max_size=2),
    tier=st.sampled_from(list(SeverityTier)),
    rule_ids=st.frozensets(st.sampled_from(["a", "b"]), min_size=1),
    files=st.frozensets(st.sampled_from(["a.py", "b.go", ""]), min_size=1),
    issues=st.integers(1, 10),
    longest_flow=st.integers(0, 30),
    labels=st.frozensets(st.sampled_from(["urgent", "agent:devin", "agent:coder", "complexity:medium"])),
    tags=st.frozensets(st.sampled_from(["pci"])),
    failed_agents=names,
)
cases = st.fixed_dictionaries(
    {
        "available": names | most_names | st.just(NAMES),
        "codemods": st.sampled_from([(), ("a",), ("a", "b")]),
        "turn": st.integers(0, 10**30),
    }
)


@given(batches, operators, cases)
def test_route__is_total_and_gives_only_what_may_and_can(
    batch: BatchFacts, routing: Routing, case: dict[str, Any]
) -> None:
    found = routed(batch, routing, **case)

    assert found.reason
    assert found.reason.isprintable()
    assert len(found.reason) <= 200
    if isinstance(found, Route):
        everybody = (found.agent, *found.fallbacks)
        assert len(set(everybody)) == len(everybody)
        assert set(everybody) <= set(case["available"]) & set(routing.offered())
        assert "codemodder" not in everybody or batch.rule_ids <= set(case["codemods"])
        assert routing.max_acu is None or found.agent != "devin" or (found.max_acu or 99) <= routing.max_acu


@given(batches, st.tuples(operators, wishes_of_target), cases)
def test_route__a_target_obtains_nothing_that_it_would_not_have_without_wishes(
    batch: BatchFacts, decided: tuple[Routing, TargetAgents], case: dict[str, Any]
) -> None:
    routing, wishes = decided
    within = routed(batch, narrowed(routing, wishes)[0], **case)
    if isinstance(within, NoRoute):
        return
    without = routed(batch, routing, **case)
    alone = routed(batch, replace(routing, allow=(within.agent,)), **case)

    assert isinstance(without, Route)
    assert isinstance(alone, Route)
    assert within.agent not in wishes.never
    assert {within.agent, *within.fallbacks} <= {without.agent, *without.fallbacks}
    assert (within.mode, within.complexity) == (alone.mode, alone.complexity)
    assert alone.max_acu is None or (within.max_acu or 99) <= alone.max_acu


@given(
    batches,
    operators,
    cases,
)
def test_route__a_target_gains_nothing_by_the_name_of_a_family(
    batch: BatchFacts, routing: Routing, case: dict[str, Any]
) -> None:
    assert routed(batch, routing, **case) == routed(replace(batch, family="mine"), routing, **case)


@given(batches, st.permutations(NAMES), st.integers(0, 10**30))
def test_route__every_agent_has_its_turn_once_in_a_round(batch: BatchFacts, order: list[str], start: int) -> None:
    rule = RouteRule(agents=tuple(order[:3]), strategy=Strategy.ROUND_ROBIN, deterministic_first=False)
    quiet = replace(batch, labels=frozenset(), failed_agents=())
    routing = replace(FLEET, rules=(rule,))

    found = [agent_of(routed(quiet, routing, codemods=("a", "b"), turn=turn)) for turn in range(start, start + 3)]

    assert sorted(found) == sorted(rule.agents)
