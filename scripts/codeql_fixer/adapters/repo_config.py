"""Reads the target's `.codeql-fixer.yml`. Its author is a stranger, so every value is checked before use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import yaml

from codeql_fixer.domain.route import MOST_RULES, Complexity, TargetAgents
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import ConfigError, InputError
from codeql_fixer.options import BATCH_SIZES, MAX_SESSIONS, THRESHOLDS
from codeql_fixer.policy.eligibility import compiled
from codeql_fixer.policy.languages import KNOWN
from codeql_fixer.policy.work_options import TargetConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codeql_fixer.ports.source_tree import SourceTree

DEFAULT_NAMES = (".codeql-fixer.yml", ".codeql-fixer.yaml")
_MAX_CHARACTERS = 100_000
_MAX_MESSAGE = 200
_MAX_BRACKETS = 500  # the parser's time grows with the square of their nesting
_END = r"(?![\s\S])"  # `$` also matches before a last line break in Python, though not in JSON Schema
_SURROGATES = re.compile("[\ud800-\udfff]")
_GLOBS = {"type": "array", "maxItems": 1000, "items": {"type": "string", "pattern": rf"^[^\r\n]+{_END}"}}
_MAX_ACU = {"type": "integer", "minimum": 1, "maximum": 10_000}


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "maxItems": 100, "items": items}


_NAMES = _list_of({"type": "string", "pattern": rf"^[a-z][a-z0-9-]{{0,39}}{_END}"})
_LABELS = _list_of({"type": "string", "pattern": rf"^[A-Za-z0-9][A-Za-z0-9._:/-]{{0,63}}{_END}"})
_RULE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "families": _NAMES,
        "tiers": _list_of({"enum": [tier.value for tier in SeverityTier]}),
        "languages": _list_of({"enum": sorted(KNOWN)}),
        "labels": _LABELS,
        "tags": _LABELS,
        "complexities": _list_of({"enum": [level.value for level in Complexity]}),
        "agents": _NAMES,
        "max_acu": _MAX_ACU,
    },
}
_AGENTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "never": _NAMES,
        "max_acu": _MAX_ACU,
        "rules": {"type": "array", "maxItems": MOST_RULES, "items": _RULE},
    },
}
# What an operator's registry says in the same places; a target that tries gets told so.
_OPERATORS_ONLY = frozenset(
    {"profiles", "allow", "default", "command", "mode", "modes", "strategy", "deterministic_first"}
)
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": ".codeql-fixer.yml of a target repository",
    "type": "object",
    "properties": {
        "severity_threshold": {"enum": list(THRESHOLDS)},
        "batch_size": {"type": "integer", "minimum": BATCH_SIZES[0], "maximum": BATCH_SIZES[-1]},
        "max_sessions": {"type": "integer", "minimum": MAX_SESSIONS[0], "maximum": MAX_SESSIONS[-1]},
        "include_paths": _GLOBS,
        "exclude_paths": _GLOBS,
        "cwe_families": {
            "type": "object",
            "maxProperties": 100,
            "propertyNames": {"type": "string", "pattern": rf"^[a-z][a-z0-9-]{{0,39}}{_END}"},
            "additionalProperties": {
                "type": "array",
                "items": {
                    "anyOf": [
                        {"type": "integer", "minimum": 1, "maximum": 99999},
                        {"type": "string", "pattern": rf"^([Cc][Ww][Ee]-)?0*[1-9][0-9]{{0,4}}{_END}"},
                    ]
                },
            },
        },
        "agents": _AGENTS,
    },
}


def read_config(tree: SourceTree, name: str = "") -> tuple[TargetConfig, tuple[str, ...]]:
    """The target's wishes and warnings about keys that mean nothing.

    Args:
        tree: the target's checkout.
        name: path inside the checkout; "" looks for the default names and accepts that there is none.

    Raises:
        InputError: the named file is not there, is no YAML, or holds a wrong value; with the line.
    """
    for candidate in (name,) if name else DEFAULT_NAMES:
        text = tree.text(candidate)
        if text is not None:
            return _parse(text, candidate)
    if name:
        remedy = "give a path inside the target; links are not followed"
        raise InputError(name, "", "there is no such configuration file in the target", remedy=remedy)
    return TargetConfig(), ()


def _parse(text: str, name: str) -> tuple[TargetConfig, tuple[str, ...]]:
    if len(text) > _MAX_CHARACTERS:
        raise InputError(name, "", f"is longer than {_MAX_CHARACTERS} characters")
    if text.count("[") + text.count("{") > _MAX_BRACKETS:
        raise InputError(name, "", f"has more than {_MAX_BRACKETS} brackets", remedy="write lists with dashes")
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            _refuse_tricks(event, name)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = {} if node is None else yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "nested too deeply or damaged"
        raise InputError(name, place, f"is not YAML: {problem}") from error
    faults = sorted(
        jsonschema.Draft202012Validator(SCHEMA).iter_errors(data), key=lambda fault: list(map(str, fault.path))
    )
    if faults:
        fault = faults[0]
        place = f"line {_line_of(node, fault.absolute_path)}"
        key = ".".join(map(str, fault.absolute_path)) or "the file"
        more = f"; {len(faults) - 1} more faults" if len(faults) > 1 else ""
        raise InputError(name, place, f"{key}: {_shortened(fault.message)}{more}")
    for key in ("include_paths", "exclude_paths"):
        _check_globs(data.get(key, []), f"line {_line_of(node, [key])}", name)
    return _typed(data), tuple(f"{name}: {warning}" for warning in _unknown_keys(data, node))


def _unknown_keys(data: dict[str, Any], node: yaml.Node | None) -> Iterator[str]:
    """What means nothing here, with its line: such a key is left out, whatever it asks for."""
    agents = data.get("agents", {})
    places: list[tuple[tuple[str | int, ...], Any, dict[str, Any]]] = [
        ((), data, SCHEMA),
        (("agents",), agents, _AGENTS),
    ]
    places += [(("agents", "rules", number), rule, _RULE) for number, rule in enumerate(agents.get("rules", ()))]
    for path, found, schema in places:
        for key in sorted(str(key) for key in found if key not in schema["properties"]):
            line = f"line {_line_of(node, [*path, key])}"
            if path and key in _OPERATORS_ONLY:
                yield f"{line}: key {key!r} ignored: only the operator's registry sets it"
            else:
                yield f"{line}: unknown key {key!r:.60} ignored"


def _shortened(message: str) -> str:
    """Start and end: what is wrong stands first, or after the value itself, which may be long."""
    return message if len(message) <= _MAX_MESSAGE else f"{message[:120]} ... {message[-75:]}"


def _refuse_tricks(event: yaml.Event, name: str) -> None:
    """Refuse what no wish here needs and what the parser or a later writer cannot bear.

    An alias may repeat its anchor without end; a tag such as `!!bool x` makes the parser fail in ways it does not
    announce; half a character (a lone surrogate) cannot be written to any file.
    """
    trick = ""
    if isinstance(event, yaml.AliasEvent):
        trick = "aliases"
    elif getattr(event, "tag", None):
        trick = "tags"
    elif isinstance(event, yaml.ScalarEvent) and _SURROGATES.search(event.value):
        trick = "escapes of half a character (surrogates)"
    if trick:
        place = f"line {event.start_mark.line + 1}" if event.start_mark else ""
        raise InputError(name, place, f"uses YAML {trick}, which are not accepted here")


def _check_globs(globs: list[str], place: str, name: str) -> None:
    try:
        if globs:
            compiled(globs)
    except ConfigError as error:
        raise InputError(name, place, str(error)) from error


def _typed(data: dict[str, Any]) -> TargetConfig:
    families = {family: tuple(map(_number, cwes)) for family, cwes in data.get("cwe_families", {}).items()}
    numbers = {key: _number(data[key]) for key in ("batch_size", "max_sessions") if key in data}
    known = {key: data[key] for key in SCHEMA["properties"] if key in data}
    agents = _agents(data.get("agents", {}))
    return msgspec.convert({**known, **numbers, "cwe_families": families, "agents": agents}, TargetConfig)


def _agents(data: dict[str, Any]) -> TargetAgents:
    """The known keys only, so that nothing else can reach the routing."""
    parts = {key: data[key] for key in _AGENTS["properties"] if key in data}
    rules = [
        _with_number({key: rule[key] for key in _RULE["properties"] if key in rule}) for rule in data.get("rules", ())
    ]
    return msgspec.convert(_with_number({**parts, "rules": rules}), TargetAgents)


def _with_number(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "max_acu": _number(data["max_acu"])} if "max_acu" in data else data


def _number(value: float | str) -> int:
    """A whole number, which for JSON Schema 5.0 is too, or the one in `CWE-79`."""
    return int(re.sub(r"\D", "", value)) if isinstance(value, str) else int(value)


def _line_of(node: yaml.Node | None, path: Iterable[object]) -> int:
    """The line, from 1, of the value at a path; where the path ends early, the line of its last known part."""
    for step in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
        if found is None:
            break
        node = found
    return node.start_mark.line + 1 if node else 1
