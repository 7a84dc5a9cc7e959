"""Where alerts go: the part of the settings that tells channels. Which events they hear is the registry's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from codeql_fixer.options import BY_NAME, Option

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORGE_PLACE = re.compile(r"(?P<slug>[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100})(?:#(?P<number>[0-9]{1,9}))?")
# Hooks of many services have their secret in the query, unlike addresses that something is added to.
_HOOK = re.compile(r"https?://[^\s/@?#]+(?:/[^\s@?#]*)?(?:\?[^\s@#]*)?")


class AlertSettings(Struct, frozen=True, kw_only=True):
    """Channels, each "" where it is not set up; an address often is a secret of its own.

    `github` is a repository that gets an issue for each alert, or with `github_issue` a comment at that one.
    `step_summary` is the file of the job's summary. `is_private_allowed` lets alerts go to addresses inside a network.
    """

    webhook_url: str = ""
    webhook_secret: str = ""
    slack_url: str = ""
    github: str = ""
    github_issue: int | None = None
    step_summary: str = ""
    templates: str = ""
    is_private_allowed: bool = False

    def __repr__(self) -> str:
        """Nothing secret."""
        return "AlertSettings()"


class Reader(Protocol):
    """Reads options and collects what is wrong with them."""

    def text(self, name: str) -> str:
        """The value of an option."""
        ...

    def boolean(self, name: str) -> bool:
        """The same of one that is true or false."""
        ...

    def fault(self, option: Option, problem: str) -> None:
        """Note what is wrong."""
        ...


def read_alerts(reader: Reader, environ: Mapping[str, str]) -> AlertSettings:
    """The settings, with what is wrong told to the reader."""
    repository, issue = _forge_place(reader)
    step_summary = environ.get("GITHUB_STEP_SUMMARY", "") if reader.boolean("alert_summary") else ""
    return AlertSettings(
        webhook_url=_hook(reader, "alert_webhook_url"),
        webhook_secret=reader.text("alert_webhook_secret"),
        slack_url=_hook(reader, "alert_slack_url"),
        github=repository,
        github_issue=issue,
        step_summary=step_summary,
        templates=reader.text("alert_templates"),
        is_private_allowed=reader.boolean("alert_allow_private"),
    )


def _hook(reader: Reader, name: str) -> str:
    """An address that alerts are posted to; it is not shown when it is wrong."""
    value = reader.text(name)
    if value and not _HOOK.fullmatch(value):
        reader.fault(BY_NAME[name], "must be https://... or http://... without a password")
    return value


def _forge_place(reader: Reader) -> tuple[str, int | None]:
    """A repository, and the number of an issue there."""
    value = reader.text("alert_github")
    found = _FORGE_PLACE.fullmatch(value)
    if not found:
        if value:
            reader.fault(BY_NAME["alert_github"], f"must be owner/name or owner/name#number, got {value!r:.80}")
        return "", None
    return found["slug"], int(found["number"]) if found["number"] else None
