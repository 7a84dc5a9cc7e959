"""The reference page of repo_registry.json, made from the schema, so that a key without a meaning cannot be added."""

from __future__ import annotations

import json
from typing import Any

from codeql_fixer.adapters.registry.wire import LATER, registry_schema

_HEAD = """\
# repo_registry.json

Made by `make schemas` from `scripts/codeql_fixer/adapters/registry/wire.py`. The [guide](../guides/registry.md)
explains what it is for, [repo_registry.json](../../repo_registry.json) is an example, and
[the schema](repo-registry.schema.json) is for editors: name it in `$schema`.

The registry is the operator's: it names commands and limits. Keep it where only operators can write.

What holds for a repository is what the first of these says that says anything: its `overrides`, its own settings, its
`tags` in the order of the file, its group's `schedule`, the `defaults`, and for agents the fleet's `agents` at last.
Two things differ: of several tags the highest importance counts, and `rules` add up, in that order.

A repository is known by owner/name or by its address, in upper or lower case, and by its `aliases`. One that is not
listed has the `defaults`, and for it no scan and no session starts by itself.

A wrong value stops the run. All faults are told at once, each with its line, its path and what is wanted. Values are
not shown, since they may be secret. A key that has no meaning is a warning.
"""
_PARTS = {
    "File": "The file",
    "FleetAgents": "`agents`",
    "Profile": "`agents.profiles.NAME`",
    "GateCommand": "A gate",
    "RouteRule": "A rule",
    "ModeTable": "A mode by complexity",
    "Fleet": "`orchestrator`",
    "Learning": "`orchestrator.learning`",
    "Triage": "`orchestrator.triage`",
    "Budget": "`orchestrator.budgets`",
    "Weights": "`orchestrator.weights`",
    "Objective": "`orchestrator.objectives`",
    "Alerts": "`alerts`",
    "ChannelAlerts": "`alerts.channels.NAME`",
    "Group": "`groups.NAME`",
    "Settings": "Settings: `defaults`, `tags.NAME`, `overrides`, and each of `repos`",
    "Agents": "`agents` of a repository",
    "TaggedSettings": "Settings that no tag has",
    "Repository": "`repos`",
}
_BASES = {"TaggedSettings": ("Settings",), "Repository": ("TaggedSettings",)}
_TYPES = {"string": "text", "boolean": "`true`, `false`", "object": "object by name"}


def registry_page() -> str:
    """The page: a table for every type that has keys."""
    types = registry_schema()["$defs"]
    lines = [_HEAD]
    for name, title in _PARTS.items():
        found = types[name]
        shared = {key for base in _BASES.get(name, ()) for key in types[base]["properties"]}
        lines += [
            f"## {title}",
            "",
            found["description"],
            "",
            "| key | value | default | meaning |",
            "|---|---|---|---|",
        ]
        lines += [_row(key, value, types) for key, value in found["properties"].items() if key not in shared]
        lines.append("")
    later = ", ".join(f"`{key}`" for key in sorted(set().union(*LATER.values())))
    told = "Registries of the first generation can be read; these keys of theirs do nothing"
    lines += ["## Without effect", "", f"{told}: {later}.", ""]
    return "\n".join(lines)


def _row(key: str, value: dict[str, Any], types: dict[str, Any]) -> str:
    default = value.get("default")
    shown = f"`{json.dumps(default)}`" if default or default is False else ""
    return f"| `{key}` | {_words(value, types)} | {shown} | {value['description']} |"


def _words(value: dict[str, Any], types: dict[str, Any]) -> str:
    """What a value may be, as people say it."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return ", ".join(f"`{one}`" for one in types[name]["enum"]) if "enum" in types[name] else "object"
    if "anyOf" in value:
        return " or ".join(_words(one, types) for one in value["anyOf"] if one.get("type") != "null")
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if value["type"] in {"integer", "number"}:
        return f"{value['minimum']:,} to {value['maximum']:,}"
    if value["type"] == "array":
        return f"list: {_words(value['items'], types)}"
    return _TYPES[value["type"]]
