"""Checks an order for a session beyond its shape, the same for both versions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from codeql_fixer.twin.devin.problems import invalid
from codeql_fixer.twin.devin.structured_output import fault_of
from codeql_fixer.twin.wire import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.twin.devin.session import Session
    from codeql_fixer.twin.devin.state import State

MAX_TAGS = 50
Tags = Annotated[list[str], Meta(max_length=MAX_TAGS)]
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/]")
_LINE = re.compile(r'^ATTACHMENT:"([^"\n]+)"\s*$', re.MULTILINE)


class SessionSecret(Struct, frozen=True, kw_only=True):
    """A secret for one session."""

    key: Annotated[str, Meta(min_length=1, max_length=256)]
    value: Annotated[str, Meta(max_length=65_536)]
    sensitive: bool = True


AttachmentUrl = Annotated[str, Meta(min_length=1, max_length=2083)]


def check_schema(schema: dict[str, Any] | None) -> None:
    """Refuse a schema that the service would not take.

    Raises:
        Problem: 422; the reference does not say whether it is that or 400.
    """
    if schema is not None and (fault := fault_of(schema)):
        raise invalid(fault, "body", "structured_output_schema")


def check_addresses(addresses: Iterable[str] | None) -> None:
    """Refuse what is no address.

    Raises:
        Problem: 422.
    """
    for place, address in enumerate(addresses or ()):
        if not _ADDRESS.match(address):
            raise invalid("Input should be a valid URL", "body", "attachment_urls", place, kind="url_parsing")


def check_playbook(state: State, playbook_id: str | None) -> dict[str, Any] | None:
    """The schema of the output that a playbook asks for.

    Raises:
        Problem: 404, there is no such playbook.
    """
    if playbook_id is None:
        return None
    playbook = state.playbooks.get(playbook_id)
    if playbook is None:
        raise Problem(404, "Playbook not found")
    return playbook.output_schema


def attached(session: Session) -> list[str]:
    """The addresses of what a user attached: members of the request, or lines of the prompt."""
    return list(dict.fromkeys([*session.order.attachment_urls, *_LINE.findall(session.order.prompt)]))
