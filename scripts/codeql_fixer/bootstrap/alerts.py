"""Wires who hears alerts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.dry_run import DryChannel
from codeql_fixer.alert_settings import AlertSettings
from codeql_fixer.app.alert import Alerter
from codeql_fixer.domain.hearing import AlertChoice
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from codeql_fixer.adapters.channels.posting import Address
    from codeql_fixer.adapters.channels.words import Words
    from codeql_fixer.app.author import Author
    from codeql_fixer.ports.channel import Channel
    from codeql_fixer.ports.index import Index
    from codeql_fixer.ports.issue_writer import IssueWriter
    from codeql_fixer.ports.ledger import Ledger


class AlertRoom(Struct, frozen=True, kw_only=True):
    """What telling alerts needs of its surroundings.

    Args:
        settings: where alerts go.
        choice: which channel hears what.
        tell: hears, for people, of what is wrong with words, and in a dry run what would be told.
        is_dry: nothing goes over any channel.
    """

    settings: AlertSettings
    choice: AlertChoice
    tell: Callable[[str], None]
    is_dry: bool = False


def alerter_of(
    room: AlertRoom, *, ledger: Ledger, index: Index, author: Author, issues: IssueWriter | None = None
) -> Alerter:
    """What tells alerts over the channels that are set up.

    Args:
        room: the surroundings.
        ledger: the outbox.
        index: knows what is in it.
        author: of the records.
        issues: the forge; None where none is set up.

    Raises:
        UserError: half of a channel is set up, or its address, secret or directory cannot be used.
    """
    channels = channels_of(room, author, issues)
    if room.is_dry:
        channels = {name: DryChannel(name, room.tell) for name in channels}
    return Alerter(ledger=ledger, index=index, channels=channels, author=author, choice=room.choice)


def channels_of(room: AlertRoom, author: Author, issues: IssueWriter | None) -> dict[str, Channel]:
    """The channels that are set up, by name; none where none is. Raises as `alerter_of`."""
    settings = room.settings
    channels: dict[str, Channel] = {}
    if settings.webhook_url or settings.webhook_secret:
        channels["webhook"] = _webhook(settings, author)
    if not (settings.slack_url or settings.github or settings.step_summary):
        return channels
    from codeql_fixer.adapters.channels.words import Words  # noqa: PLC0415

    words = Words(directory=Path(settings.templates) if settings.templates else None, warn=room.tell)
    if settings.slack_url:
        from codeql_fixer.adapters.channels.slack import Slack  # noqa: PLC0415

        channels["slack"] = Slack(address=_address(settings, settings.slack_url, "ALERT_SLACK_URL"), words=words)
    if settings.github:
        channels["github"] = _forge_issue(settings, words, issues)
    if settings.step_summary:
        from codeql_fixer.adapters.channels.job_summary import JobSummary  # noqa: PLC0415

        channels["summary"] = JobSummary(path=Path(settings.step_summary), words=words)
    return channels


def _webhook(settings: AlertSettings, author: Author) -> Channel:
    if not settings.webhook_url or not settings.webhook_secret:
        raise UserError("alerts need both ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET")
    from codeql_fixer.adapters.channels.webhook import Webhook, parse_key  # noqa: PLC0415

    address = _address(settings, settings.webhook_url, "ALERT_WEBHOOK_URL")
    return Webhook(address=address, key=parse_key(settings.webhook_secret), clock=author.clock)


def _address(settings: AlertSettings, url: str, option: str) -> Address:
    from codeql_fixer.adapters.channels.posting import Address  # noqa: PLC0415

    return Address(url=url, option=option, is_private_allowed=settings.is_private_allowed)


def _forge_issue(settings: AlertSettings, words: Words, issues: IssueWriter | None) -> Channel:
    if issues is None:
        raise UserError("ALERT_GITHUB: there is no way to write issues here; a token is needed")
    from codeql_fixer.adapters.channels.forge_issue import ForgeIssue  # noqa: PLC0415

    return ForgeIssue(issues=issues, repository=settings.github, number=settings.github_issue, words=words)
