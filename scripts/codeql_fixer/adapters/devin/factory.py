"""Chooses the generation of the API by the key: each takes only its own."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.devin.agent import DevinAgent
from codeql_fixer.adapters.devin.library import Library
from codeql_fixer.adapters.devin.shelves import Knowledge, Notes, Playbooks
from codeql_fixer.adapters.devin.v1 import V1Api
from codeql_fixer.adapters.devin.v3 import V3Api
from codeql_fixer.errors import UserError
from codeql_fixer.transport.http import Endpoint, HttpClient, Limits
from codeql_fixer.transport.retry import Timing

if TYPE_CHECKING:
    from codeql_fixer.adapters.devin.order import Choices

DEFAULT_URL = "https://api.devin.ai"
_V3_KEY, _V1_KEY = "cog_", "apk_"
_ORG_ID = re.compile(r"[A-Za-z0-9_-]+")
_DIGEST = 12  # hex digits
_NAME = 200  # characters, which is what the ledger takes


class Account(Struct, frozen=True, kw_only=True):
    """A way to one organization's Devin, for its agent and its library; `org_id` is "" for keys of v1.

    `name` says which organization that is, in the same words on every machine.
    """

    name: str
    client: HttpClient
    timing: Timing
    threads: int
    org_id: str = ""

    def agent(self, choices: Choices | None = None) -> DevinAgent:
        """The agent.

        Args:
            choices: what sessions get beside their request.
        """
        api = V3Api(self.client, self.org_id) if self.org_id else V1Api(self.client)
        return DevinAgent(api, choices, account=self.name, threads=self.threads, timing=self.timing)

    def library(self, folder_id: str = "") -> Library:
        """Its playbooks and notes; new notes go into the folder."""
        base = f"/v3/organizations/{self.org_id}" if self.org_id else "/v1"
        notes = (
            Notes(self.client, f"{base}/knowledge/notes")
            if self.org_id
            else Knowledge(self.client, f"{base}/knowledge")
        )
        return Library(Playbooks(self.client, f"{base}/playbooks"), notes, sleep=self.timing.sleep, folder_id=folder_id)


def devin_account(
    api_key: str,
    *,
    org_id: str = "",
    base_url: str = "",
    limits: Limits | None = None,
    timing: Timing | None = None,
) -> Account:
    """The account that a key opens.

    Args:
        api_key: cog_... for v3, apk_... for v1.
        org_id: the organization, which v3 needs to know.
        base_url: of the service or of its twin; "" for the public one.
        limits: `connections` is how many calls are made at a time, too.
        timing: how time passes between tries.

    Raises:
        UserError: with this key, organization or address nothing can be called. The key is not in the message.
    """
    key, url = api_key.strip(), base_url.strip().rstrip("/").removesuffix("/v1").removesuffix("/v3") or DEFAULT_URL
    if not key.startswith((_V3_KEY, _V1_KEY)):
        raise UserError(f"DEVIN_API_KEY is no key of Devin: those begin with {_V3_KEY} (API v3) or {_V1_KEY} (API v1)")
    is_v3, org_id = key.startswith(_V3_KEY), org_id.strip()
    if is_v3 and not _ORG_ID.fullmatch(org_id):
        raise UserError(
            f"DEVIN_ORG_ID is {'not set' if not org_id else 'no id of an organization'}: keys that begin with "
            f"{_V3_KEY} need it; Devin shows it in the settings of the organization (org-...)"
        )
    limits, timing = limits or Limits(), timing or Timing()
    endpoint = Endpoint(base_url=url, bearer=key)
    return Account(
        # A key of v1 does not say whose it is. Nothing is known of a key by a part of its digest.
        name=_name(endpoint.host, org_id if is_v3 else _digest(key)),
        client=HttpClient(endpoint, limits, timing=timing),
        timing=timing,
        threads=limits.connections,
        org_id=org_id if is_v3 else "",
    )


def _name(host: str, owner: str) -> str:
    name = f"{host}/{owner}"
    return name if len(name) <= _NAME else f"{name[: _NAME - _DIGEST - 1]}~{_digest(name)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
