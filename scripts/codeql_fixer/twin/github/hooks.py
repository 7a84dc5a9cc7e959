"""Webhooks: what happens in repositories is told to an address, signed; on time, late, twice or out of turn by script.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
"""

from __future__ import annotations

import hmac
import threading
import uuid
from collections import deque
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from codeql_fixer.twin.github import shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.twin.clock import TwinClock
    from codeql_fixer.twin.github.model import Repository

_NAMES = uuid.UUID(int=0)
_ANSWER_SECONDS = 10.0  # after which GitHub gives up
_LOOK_SECONDS = 0.02


class Hook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it is told, by whose secret it is signed, and which events; none means all."""

    url: Annotated[str, Meta(pattern="^http://(127\\.0\\.0\\.1|localhost)[:/]")]
    secret: str = ""
    events: tuple[str, ...] = ()


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the next event of a kind, "" for any: told so much later, after so many others, so many times.

    `times` 0 is never. `delay_seconds` are the twin's.
    """

    event: str = ""
    delay_seconds: Annotated[float, Meta(ge=0)] = 0.0
    holds: Annotated[int, Meta(ge=0)] = 0
    times: Annotated[int, Meta(ge=0, le=10)] = 1


class Delivery(Struct, kw_only=True):
    """An event on its way, the `turn`th of all; `answers` are what came back, 0 for nothing."""

    turn: int
    guid: str
    event: str
    content: bytes
    due_at: float
    holds: int
    left: int
    answers: list[int]


class Hooks:
    """Tells events. `tell` is called under the twin's lock; what is due is sent by a thread that needs none of it.

    Args:
        seed: GUIDs are drawn from it.
    """

    def __init__(self, seed: int) -> None:
        self._seed, self._lock = seed, threading.Lock()
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """No hook, no script, nothing under way."""
        with self._lock:
            self._hook: Hook | None = None
            self._plans: deque[Plan] = deque()
            self._deliveries: list[Delivery] = []

    def set(self, hook: Hook) -> None:
        """From now on, tell that address."""
        with self._lock:
            self._hook = hook

    def plan(self, plans: list[Plan]) -> None:
        """More of the script; each plan is for one event."""
        with self._lock:
            self._plans.extend(plans)

    def tell(self, repository: Repository, event: str, payload: Mapping[str, object], *, now: float) -> None:
        """Something happened; `sender` of the payload did it, or the owner where it names nobody."""
        with self._lock:
            if self._hook is None or (self._hook.events and event not in self._hook.events):
                return
            plan = next((plan for plan in self._plans if plan.event in {"", event}), Plan())
            if plan in self._plans:
                self._plans.remove(plan)
            turn = 2 * len(self._deliveries)
            for held in self._deliveries:
                if held.holds:
                    held.holds -= 1
                    # Just after this one.
                    held.turn, held.due_at = turn + 1, max(held.due_at, now)
            described = shapes.listed(repository, self.url)
            whole = {"sender": described["owner"], **payload, "repository": described}
            self._deliveries.append(
                Delivery(
                    turn=turn,
                    guid=str(uuid.uuid5(_NAMES, f"{self._seed} {len(self._deliveries)}")),
                    event=event,
                    content=msgspec.json.encode(whole),
                    due_at=now + plan.delay_seconds,
                    holds=plan.holds,
                    left=plan.times,
                    answers=[],
                )
            )

    def again(self, guid: str) -> bool:
        """Deliver once more, as people can ask for; False where there is no such delivery."""
        with self._lock:
            for one in self._deliveries:
                if one.guid == guid:
                    one.left += 1
                    return True
        return False

    def described(self) -> list[dict[str, Any]]:
        """All events since the hook was set, in the order in which they happened."""
        with self._lock:
            return [
                {"guid": one.guid, "event": one.event, "left": one.left, "answers": one.answers}
                for one in self._deliveries
            ]

    def run(self, clock: TwinClock) -> None:
        """Send what is due, for ever."""
        pause = threading.Event()
        while True:
            if not self._send_next(clock.now()):
                pause.wait(_LOOK_SECONDS)

    def _send_next(self, now: float) -> bool:
        with self._lock:
            due = [one for one in self._deliveries if one.left and not one.holds and one.due_at <= now]
            if not due or self._hook is None:
                return False
            one, hook = min(due, key=lambda each: (each.due_at, each.turn)), self._hook
            one.left -= 1
        answer = _sent(one, hook)
        with self._lock:
            one.answers.append(answer)
        return True


def _sent(one: Delivery, hook: Hook) -> int:
    """The status of the answer, 0 where none came."""
    parts = urlsplit(hook.url)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/twin",
        "X-GitHub-Event": one.event,
        "X-GitHub-Delivery": one.guid,
    }
    if hook.secret:
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(hook.secret.encode(), one.content, "sha256").hexdigest()
    connection = HTTPConnection(parts.netloc, timeout=_ANSWER_SECONDS)
    try:
        connection.request("POST", parts.path or "/", one.content, headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()
