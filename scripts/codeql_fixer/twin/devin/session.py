"""One session of the twin: what was ordered, what has happened to it, and what it looks like at a moment."""

from __future__ import annotations

import random
import re
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

from msgspec import Struct

from codeql_fixer.twin.devin.known_members import Facts
from codeql_fixer.twin.devin.structured_output import output_of
from codeql_fixer.twin.devin.timeline import Course, Outcome, Step, acu_at, begun, step_at

ACU_LAG_SECONDS = 30.0  # accounting is behind; seen live: still 0.0 when the session was done
_NOTED, _NOTED_SECONDS = "I have read your message and keep it in mind.", 3.0
_TITLE = 80  # characters of the prompt that make a title
_ISSUE = re.compile(r"^\s*Fixes-Finding: \S+ (\S+)\s*$|^### (\S+): ", re.MULTILINE)
_ASKED = re.compile(r"^## ([0-9a-f]{20})$", re.MULTILINE)
_FILE = re.compile(r"(?<![\w/.:-])(?:[\w-]+/)*[\w-]+\.(?:py|js|ts|jsx|tsx|java|go|rb|php|cs|c|cpp|kt|swift)\b")
_FILES = 3
_REPOSITORY = re.compile(
    r"github\.com/([\w-]+/[\w.-]*[\w-])|\b(?:in|repository:?) `?([\w-]+/[\w.-]*[\w-])`?(?=[\s.,]|$)"
)


class Order(Struct, frozen=True, kw_only=True):
    """What a client asked for, the same for both versions of the API. Values of secrets are not kept."""

    version: Literal["v1", "v3"]
    prompt: str
    title: str = ""
    tags: tuple[str, ...] = ()
    repos: tuple[str, ...] = ()
    playbook_id: str | None = None
    snapshot_id: str | None = None
    knowledge_ids: tuple[str, ...] | None = None
    secret_ids: tuple[str, ...] | None = None
    secret_keys: tuple[str, ...] = ()
    attachment_urls: tuple[str, ...] = ()
    max_acu_limit: int | None = None
    devin_mode: str | None = None
    output_schema: dict[str, Any] | None = None
    is_idempotent: bool = False


class Message(Struct, frozen=True, kw_only=True):
    """A message; `number` counts from 1, `is_agent` is False for what users wrote."""

    id: str
    number: int
    at: float
    text: str
    is_agent: bool


class Session:
    """A session.

    Args:
        order: what was asked for.
        key: what its fate is drawn from: the same key, the same fate.
        number: counts the sessions of this twin from 1.
        at: when it was created.
    """

    def __init__(self, order: Order, *, key: str, number: int, at: float) -> None:
        self.order, self.number, self.created_at = order, number, at
        self.id = sha256(key.encode()).hexdigest()[:32]
        self.title = order.title or order.prompt.strip().partition("\n")[0].lstrip("# ")[:_TITLE]
        self.tags = list(dict.fromkeys(order.tags))
        self.requests = 0
        self.is_archived = False
        self.pull_request_number = 0
        self.outcome = Outcome.WAITING_FOR_USER
        self.steps: tuple[Step, ...] = ()
        self._key = key
        self._course = self._new_course()
        self._written = [(at, order.prompt)]
        self._noted: list[float] = []  # when messages that came while it worked are answered
        self._touched = at
        self._outputs: dict[Step, dict[str, Any] | None] = {}

    def luck(self, purpose: str) -> random.Random:
        """A generator for one purpose; the same numbers whenever it is asked for."""
        return random.Random(f"{purpose} {self._key}")  # noqa: S311 - a seeded fate, not a secret

    def _new_course(self) -> Course:
        return Course(self.luck("course"), self.order.max_acu_limit)

    # --- what happens to it

    def begin(self, outcome: Outcome) -> None:
        """Draw how it will go."""
        self.outcome = outcome
        self.steps = self._course.first(self.created_at, outcome)

    def redirect(self, outcome: Outcome, now: float) -> None:
        """Let it end otherwise, if it has not come to its end; what has happened stays."""
        if self.step(now).is_live and not self.is_archived:
            future = (step for step in self._new_course().first(self.created_at, outcome) if step.at > now)
            self.outcome, self.steps = outcome, (*begun(self.steps, now), *future)

    def write(self, text: str, now: float) -> None:
        """A user's message. It wakes a session that rests; one that works answers, and goes on."""
        self._written.append((now, text))
        last = self.step(now)
        if last.is_live:
            self._noted.append(now + _NOTED_SECONDS)
        else:
            self.steps = begun(self.steps, now) + self._course.after_message(last, now, self.outcome)

    def stop(self, now: float) -> None:
        """End it for good."""
        self._rest(now, status="exit", detail=None)

    def archive(self, now: float) -> None:
        """Put it away; one that is awake falls asleep."""
        if self.step(now).status not in {"suspended", "exit", "error"}:
            self._rest(now, status="suspended", detail="user_request")
        self.is_archived, self._touched = True, now

    def unarchive(self, now: float) -> None:
        """Take it back; it stays asleep."""
        self.is_archived, self._touched = False, now

    def retag(self, tags: list[str], now: float) -> None:
        """Replace the tags."""
        self.tags, self._touched = list(dict.fromkeys(tags)), now

    def _rest(self, now: float, *, status: str, detail: str | None) -> None:
        last = self.step(now)
        rest = Step(
            at=now,
            status=status,
            detail=detail,
            report=last.report,
            error=last.error,
            has_pull_request=last.has_pull_request,
            acu=acu_at(self.steps, now),
        )
        self.steps = (*begun(self.steps, now), rest)

    # --- what it looks like

    def step(self, now: float) -> Step:
        """What it does now."""
        return step_at(self.steps, now)

    def acus(self, now: float) -> float:
        """What the service says that it has used, which is behind by ACU_LAG_SECONDS."""
        return round(min(acu_at(self.steps, now - ACU_LAG_SECONDS), self._course.max_acu), 4)

    def updated_at(self, now: float) -> float:
        """When anything about it changed last."""
        return max(self.step(now).at, self._touched, self._written[-1][0])

    @cached_property
    def repository(self) -> str:
        """owner/name of what it is about, a made-up one when nobody says."""
        if self.order.repos:
            return self.order.repos[0]
        found = _REPOSITORY.search(self.order.prompt)
        return (found[1] or found[2]) if found else "example/repository"

    @property
    def pull_request_url(self) -> str:
        """Where its pull request is as soon as it has one."""
        return f"https://github.com/{self.repository}/pull/{self.pull_request_number}"

    def structured_output(self, now: float) -> dict[str, Any] | None:
        """What it reports in the shape that was asked for; None while there is nothing."""
        step, schema = self.step(now), self.order.output_schema
        if not step.report or schema is None:
            return None
        if step not in self._outputs:
            self._outputs[step] = output_of(schema, self._facts(step))
        return self._outputs[step]

    def _facts(self, step: Step) -> Facts:
        ids = (one or other for one, other in _ISSUE.findall(self.order.prompt))
        return Facts(
            status=step.report,
            error=step.error,
            issue_ids=tuple(dict.fromkeys(ids)),
            asked=tuple(_ASKED.findall(self.order.prompt)),
            files=tuple(dict.fromkeys(_FILE.findall(self.order.prompt)))[:_FILES],
            pull_request_url=self.pull_request_url if step.has_pull_request else "",
        )

    def messages(self, now: float) -> list[Message]:
        """All messages so far, in the order of their time."""
        said = [(step.at, step.says, True) for step in self.steps if step.says and step.at <= now]
        said += [(at, _NOTED, True) for at in self._noted if at <= now and not step_at(self.steps, at).is_over]
        written = [(at, text, False) for at, text in self._written]
        return [
            Message(id=self._event_id(number), number=number, at=at, text=text, is_agent=is_agent)
            for number, (at, text, is_agent) in enumerate(sorted([*written, *said], key=lambda one: one[0]), start=1)
        ]

    def _event_id(self, number: int) -> str:
        return f"event-{sha256(f'{self.id} {number}'.encode()).hexdigest()[:32]}"
