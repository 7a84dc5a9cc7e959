"""Finds the rule of a result: by index, by reference or by id, in the driver and in the extensions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from codeql_fixer.adapters.sarif import wire
from codeql_fixer.domain.finding import Rule
from codeql_fixer.domain.severity import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codeql_fixer.adapters.sarif.faults import Faults

MessageStrings: TypeAlias = dict[str, wire.MultiformatMessage] | None

_CWE = re.compile(r"\bcwe[\s:/_-]*0*([1-9]\d{0,4})\b", re.IGNORECASE)
_REFERENCE = msgspec.json.Decoder(wire.RuleReference)
# CodeQL's problem severities, as its own SARIF writer maps them to levels.
_PROBLEM_LEVELS = {"error": Level.ERROR, "warning": Level.WARNING, "recommendation": Level.NOTE}
LEVELS = {level.value: level for level in Level}
UNKNOWN_RULE = "unknown-rule"
_MAX_SCORE = 10.0


class RuleBook:
    """The rules of one run. Answers are cached per way of naming a rule, of which a run has few."""

    def __init__(self, tool: wire.Tool | None, faults: Faults, place: str) -> None:
        self._driver = _Component((tool.driver if tool else None) or wire.ToolComponent())
        self._extensions = [_Component(component) for component in (tool.extensions if tool else None) or []]
        self._cache: dict[tuple[str | None, int, bytes], tuple[Rule, MessageStrings]] = {}
        self._faults, self._place = faults, place

    def find(self, result: wire.Result) -> tuple[Rule, MessageStrings]:
        """The rule of a result and its message strings; a rule the file does not describe has an id only."""
        reference = result.rule
        key = (result.rule_id, result.rule_index, b"" if reference is UNSET else bytes(reference))
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._find(result, self._reference(reference))
        return found

    def ids(self) -> tuple[str, ...]:
        """Ids of all rules that the run describes, sorted."""
        return tuple(sorted({rule.id for part in self._components() for rule in part.rules if rule.id}))

    def disabled(self, invocations: Iterable[wire.Invocation]) -> tuple[str, ...]:
        """Ids of rules that are described and were not run, sorted; what an invocation says counts (3.20.5)."""
        enabled = {
            rule.id: rule.default_configuration.enabled is not False
            for part in self._components()
            for rule in part.rules
            if rule.id and rule.default_configuration
        }
        for invocation in invocations:
            for override in invocation.rule_configuration_overrides or ():
                rule_id = self._named(override.descriptor)
                if rule_id and override.configuration and override.configuration.enabled is not None:
                    enabled[rule_id] = override.configuration.enabled
        return tuple(sorted(rule_id for rule_id, is_enabled in enabled.items() if not is_enabled))

    def _named(self, reference: wire.RuleReference | None) -> str:
        if reference is None:
            return ""
        found = self._home(reference.tool_component).at(reference.index, reference.id)
        return reference.id or (found.id if found else "") or ""

    def described(self) -> int:
        """How many rules the run describes, in driver and extensions; the same id may be described twice."""
        return sum(len(part.rules) for part in self._components())

    def _components(self) -> Iterator[_Component]:
        yield self._driver
        yield from self._extensions

    def _reference(self, raw: Raw | UnsetType) -> wire.RuleReference:
        if raw is UNSET:
            return wire.RuleReference()
        try:
            return _REFERENCE.decode(raw)
        except wire.UNREADABLE as error:
            self._faults.add(f"rule reference ignored: {error}", self._place)
            return wire.RuleReference()

    def _find(self, result: wire.Result, reference: wire.RuleReference) -> tuple[Rule, MessageStrings]:
        rule_id = result.rule_id or reference.id
        index = reference.index if reference.index >= 0 else result.rule_index
        home = self._home(reference.tool_component)
        descriptor = home.at(index, rule_id) or (self._by_id(rule_id, home) if rule_id else None)
        if descriptor is None:
            if not rule_id:
                self._faults.add("result names no rule", self._place)
            return Rule(id=rule_id or UNKNOWN_RULE), None
        return self._rule(descriptor, rule_id), descriptor.message_strings

    def _home(self, component: wire.ToolComponentReference | None) -> _Component:
        """The component a reference names: by index, else by guid, else by name; the driver when it names none."""
        if component is None:
            return self._driver
        if 0 <= component.index < len(self._extensions):
            return self._extensions[component.index]
        for part in self._components():
            if (component.guid and part.guid == component.guid) or (component.name and part.name == component.name):
                return part
        return self._driver

    def _by_id(self, rule_id: str, home: _Component) -> wire.ReportingDescriptor | None:
        """Look an id up, then its parents: `CA1000/1` is a sub-rule of `CA1000` (section 3.5.4)."""
        while rule_id:
            for part in (home, *self._components()):
                if found := part.by_id.get(rule_id):
                    return found
            rule_id = rule_id.rpartition("/")[0]
        return None

    def _rule(self, descriptor: wire.ReportingDescriptor, rule_id: str | None) -> Rule:
        bag = descriptor.properties or wire.Properties()
        level = descriptor.default_configuration.level if descriptor.default_configuration else None
        return Rule(
            id=rule_id or descriptor.id or descriptor.name or UNKNOWN_RULE,
            name=descriptor.name or "",
            short_description=_text(descriptor.short_description),
            full_description=_text(descriptor.full_description),
            help=(descriptor.help.markdown or descriptor.help.text or "") if descriptor.help else "",
            tags=tuple(bag.tags or ()),
            cwes=_cwes(descriptor, bag),
            security_severity=security_severity(bag, self._faults, self._place),
            level=LEVELS.get(level or "") or _PROBLEM_LEVELS.get(bag.problem_severity or ""),
            precision=bag.precision or "",
        )


class _Component:
    """The driver or an extension with its rules by id; of two rules with one id the first counts."""

    def __init__(self, component: wire.ToolComponent) -> None:
        self.name, self.guid = component.name, component.guid
        self.rules = component.rules or []
        self.by_id = {rule.id: rule for rule in reversed(self.rules) if rule.id}

    def at(self, index: int, rule_id: str | None) -> wire.ReportingDescriptor | None:
        """The rule at an index, unless its id contradicts the result's: several tools write wrong indices."""
        if not 0 <= index < len(self.rules):
            return None
        rule = self.rules[index]
        return rule if rule_id is None or rule.id is None or rule_id == rule.id else None


def security_severity(bag: wire.Properties, faults: Faults, place: str) -> float | None:
    """`security-severity` as a number in (0, 10]; anything else is no score, as on GitHub."""
    raw = bag.security_severity
    if raw is None:
        return None
    try:
        score = float(raw)
    except ValueError:
        faults.add(f"security-severity {raw!r:.40} is not a number", place)
        return None
    if 0.0 < score <= _MAX_SCORE:
        return score
    if score:  # a plain 0.0 is a common way to say "none"
        faults.add(f"security-severity {score} is not between 0 and 10", place)
    return None


def _cwes(descriptor: wire.ReportingDescriptor, bag: wire.Properties) -> tuple[int, ...]:
    """CWE numbers from tags, from the `cwe` property and from taxonomy relationships, in that order."""
    texts = [*(bag.tags or ()), *([bag.cwe] if isinstance(bag.cwe, str) else bag.cwe or ())]
    for relationship in descriptor.relationships or ():
        target = relationship.target
        if target and target.id and target.tool_component and (target.tool_component.name or "").upper() == "CWE":
            texts.append(target.id if "cwe" in target.id.lower() else f"CWE-{target.id}")
    return tuple(dict.fromkeys(int(number) for text in texts for number in _CWE.findall(text)))


def _text(message: wire.MultiformatMessage | None) -> str:
    return (message.text or message.markdown or "") if message else ""
