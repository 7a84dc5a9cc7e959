"""What a new session is ordered with: the part that both generations of the API take in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from codeql_fixer.adapters.devin.output_schema import output_schema, triage_schema

if TYPE_CHECKING:
    from codeql_fixer.domain.session import SessionRequest

_MAX_TAGS = 50  # documented limit


class Choices(Struct, frozen=True, kw_only=True):
    """What sessions get beside their request.

    `playbooks` maps names of playbooks to ids; a name that is not there is left out, since prompts hold the playbook's
    text, too. For knowledge and secrets of the organization None means all of them and () none.
    """

    playbooks: Mapping[str, str] = {}
    knowledge_ids: tuple[str, ...] | None = None
    secret_ids: tuple[str, ...] | None = None


def order_of(request: SessionRequest, choices: Choices, **more: object) -> dict[str, Any]:
    """The order as JSON; what is None is left to the service's default."""
    secrets = [{"key": key, "value": value, "sensitive": True} for key, value in request.secrets.items()]
    content = {
        "prompt": request.prompt,
        "title": request.title,
        # The intent's first, so that it never falls to the limit.
        "tags": list(dict.fromkeys((request.tag, *request.tags)))[:_MAX_TAGS],
        "playbook_id": choices.playbooks.get(request.playbook),
        "max_acu_limit": request.max_acu,
        # Who only says how much issues matter needs nobody's secrets.
        "knowledge_ids": () if request.is_triage else choices.knowledge_ids,
        "secret_ids": () if request.is_triage else choices.secret_ids,
        "session_secrets": secrets or None,
        "structured_output_schema": triage_schema() if request.is_triage else output_schema(),
        **more,
    }
    return {name: value for name, value in content.items() if value is not None}
