"""`registry`: the operator's list of repositories, shown as it is meant, checked and changed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.adapters.registry.editor import add_discovered, add_repository, remove_repository
from codeql_fixer.adapters.registry.reader import read_registry, review
from codeql_fixer.bootstrap.hosting import github
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import aligned, cell
from codeql_fixer.errors import ConfigError, UserError
from codeql_fixer.options import BY_NAME, REGISTRY_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.registry import Registry, RepositoryEntry

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")
_SCORE = re.compile(r"[0-9]{1,9}")
_FOR_ADD = ("importance", "tag", "schedule", "alias")


def run(flags: Mapping[str, str], own: Mapping[str, str | list[str] | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the action is unknown, the file is wrong, or it is not to be changed like that.
    """
    option = BY_NAME["registry"]
    path = Path(flags.get(option.name) or os.environ.get(option.variable) or REGISTRY_FILE)
    action, repository = own["action"], str(own["repository"] or "")
    if action != "add" and (given := [f"--{name}" for name in _FOR_ADD if own[name]]):
        raise UserError(f"{', '.join(given)}: for add only")
    match action:
        case "show":
            _show(path, repository, is_json=is_json)
        case "validate":
            _validate(path, is_json=is_json)
        case "add":
            name = add_repository(path, repository, _settings(own))
            _tell(f"{path}: {name} added", {"added": name}, is_json=is_json)
        case "remove":
            name = remove_repository(path, repository)
            _tell(f"{path}: {name} removed", {"removed": name}, is_json=is_json)
        case "discover":
            _discover(path, repository, flags, is_json=is_json)
        case _:
            raise UserError(f"{action!r:.60}: must be show, validate, add, remove or discover")


def _discover(path: Path, owner: str, flags: Mapping[str, str], *, is_json: bool) -> None:
    """List what an organization or user has on GitHub, but for forks and archived repositories."""
    if not _OWNER.fullmatch(owner):
        raise UserError(f"{owner!r:.60}: discover needs the name of an organization or user")
    option = BY_NAME["github_api_url"]
    address = flags.get(option.name) or os.environ.get(option.variable, "")
    host = github(os.environ.get("GITHUB_TOKEN", ""), address, state=None)
    found = list(host.repositories(owner))
    wanted = [one.name for one in found if not one.is_fork and not one.is_archived]
    added, known = add_discovered(path, wanted)
    left_out = len(found) - len(wanted)
    text = f"{path}: {len(added)} of {owner} added, {len(known)} known, {left_out} forks or archived left out"
    _tell(text, {"added": list(added), "known": list(known), "left_out": left_out}, is_json=is_json)


def _settings(own: Mapping[str, str | list[str] | None]) -> dict[str, object]:
    """The members of a new entry that were given, as the file calls them."""
    importance = str(own["importance"] or "")
    score = int(importance) if _SCORE.fullmatch(importance) else None
    given = {
        "importance_score": score,
        "importance": importance if score is None else None,
        "schedule": own["schedule"],
        "tags": own["tag"],
        "aliases": own["alias"],
    }
    return {key: value for key, value in given.items() if value not in (None, "")}


def _tell(text: str, document: Mapping[str, object], *, is_json: bool) -> None:
    say(text)
    if is_json:
        print(json.dumps(document))


def _validate(path: Path, *, is_json: bool) -> None:
    faults, warnings = review(path)
    for warning in warnings:
        say(f"warning: {warning}")
    if faults:
        raise ConfigError("\n".join(faults))
    _tell(f"{path}: valid", {"valid": True, "warnings": warnings}, is_json=is_json)


def _show(path: Path, repository: str, *, is_json: bool) -> None:
    registry, warnings = read_registry(path)
    for warning in warnings:
        say(f"warning: {warning}")
    entries = [registry.entry(repository)] if repository else list(registry.repositories.values())
    if is_json:
        print(json.dumps({"paused": registry.paused, "repositories": [entry_document(entry) for entry in entries]}))
        return
    if registry.paused:
        print(f"paused: {cell(registry.paused)}\n")
    print(_details(entries[0]) if repository else _table(registry))


def entry_document(entry: RepositoryEntry) -> dict[str, object]:
    """What holds for a repository, under the keys of the file. Commands of agents are left out."""
    return {
        "repo": entry.repository,
        "is_listed": entry.is_listed,
        "enabled": entry.is_enabled,
        "importance_score": entry.importance,
        "tags": sorted(entry.tags),
        "labels": sorted(entry.labels),
        "group": entry.group,
        "aliases": list(entry.aliases),
        "installation_id": entry.installation_id,
        "schedule": entry.schedule,
        "auto_scan": entry.auto_scan,
        "scan_source": entry.scan_source,
        "adaptive_commit_threshold": entry.adaptive_commit_threshold,
        "default_branch": entry.default_branch,
        "languages": entry.scan.languages,
        "queries": entry.scan.queries,
        "severity_threshold": entry.scan.severity_threshold,
        "include_paths": entry.scan.include_paths,
        "exclude_paths": entry.scan.exclude_paths,
        "batch_size": entry.batch_size,
        "auto_dispatch": entry.auto_dispatch,
        "max_sessions_per_cycle": entry.max_sessions_per_cycle,
        "max_open_prs": entry.max_open_prs,
        "cooldown_hours": list(entry.cooldown_hours),
        "max_dispatch_attempts": entry.max_attempts,
        "max_acu_per_session": entry.routing.max_acu,
        "agents": {
            "allow": None if entry.routing.allow is None else list(entry.routing.allow),
            "default": list(entry.routing.default),
            "rules": [rule.name for rule in entry.routing.rules],
        },
    }


def _details(entry: RepositoryEntry) -> str:
    """One repository, a line for each key."""
    return "\n".join(aligned([(key, _words(value)) for key, value in entry_document(entry).items()]))


def _words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value)) or "-"
        case dict():
            return "; ".join(f"{key}: {_words(one)}" for key, one in value.items())
        case _:
            return "-" if value in (None, "") else str(value)


def _table(registry: Registry) -> str:
    """All repositories, a line for each."""
    head = ("REPOSITORY", "IMPORTANCE", "GROUP", "TAGS", "SCHEDULE", "SCANS FROM", "SCANS", "SESSIONS")
    rows = [
        (
            cell(entry.repository),
            str(entry.importance),
            cell(entry.group) or "-",
            cell(", ".join(sorted(entry.tags))) or "-",
            entry.schedule.value,
            entry.scan_source.value,
            _automatic(entry, is_on=entry.auto_scan),
            _automatic(entry, is_on=entry.auto_dispatch),
        )
        for entry in registry.repositories.values()
    ]
    return "\n".join(aligned([head, *rows])) if rows else "no repositories"


def _automatic(entry: RepositoryEntry, *, is_on: bool) -> str:
    if not entry.is_enabled:
        return "disabled"
    return "automatic" if is_on else "on demand"
