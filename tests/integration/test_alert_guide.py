"""The guide to alerts says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.channels.posting import Address
from codeql_fixer.adapters.channels.webhook import Webhook, parse_key
from codeql_fixer.adapters.channels.words import Words
from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.adapters.registry.reader import parse_registry
from codeql_fixer.app import notice
from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.hearing import DEFAULT_EVENTS
from codeql_fixer.options import OPTIONS
from codeql_fixer.policy import alerting, digest, hearing
from tests.receiver import SECRET, receiver
from tests.unit.adapters.channels.deliveries import DELIVERY

if TYPE_CHECKING:
    from collections.abc import Callable

GUIDE = (Path(__file__).parents[2] / "docs/guides/alerts.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return str(found)


def test_guide__names_every_event_with_its_default() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| (yes|no) \|$", GUIDE, re.MULTILINE)

    assert dict(rows) == {event.value: "yes" if event in DEFAULT_EVENTS else "no" for event in AlertEvent}


def test_guide__chooses_as_it_says() -> None:
    choice = parse_registry(_block("json"), "the guide")[0].alerts

    assert choice.of("webhook") == {AlertEvent.SLA_BREACH, AlertEvent.NEEDS_HUMAN, AlertEvent.FIX_VERIFIED}
    assert choice.of("summary") == {AlertEvent.CYCLE_COMPLETED}


def test_guide__has_the_numbers_of_the_code() -> None:
    assert (digest.FEW, hearing.FIRST_LOOK.days, hearing.MEMORY.days) == (5, 1, 7)
    assert (notice.MOST, alerting.MOST_AGE.days) == (2000, 30)
    for words in ("More than five", "within the day before", "seven days", "latest 2,000", "for 30 days"):
        assert words in GUIDE


def test_guide__names_every_variable() -> None:
    assert [
        option.variable for option in OPTIONS if option.name.startswith("alert_") and option.variable not in GUIDE
    ] == []


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_guide__checks_a_signature() -> None:
    """With the very function that it tells people to use."""
    names: dict[str, Any] = {}
    exec(_block("python"), names)  # noqa: S102 - our own text
    is_ours: Callable[[str, dict[str, str], bytes], bool] = names["is_ours"]
    with receiver() as hook:
        address = Address(url=hook.url, option="x", is_private_allowed=True)
        Webhook(address=address, key=parse_key(SECRET), clock=SystemClock().now).tell(DELIVERY)

    [heard] = hook.requests
    assert is_ours(SECRET, heard.headers, heard.body)
    assert not is_ours(SECRET, heard.headers, heard.body + b" ")
    assert not is_ours(SECRET, {**heard.headers, "webhook-timestamp": "1"}, heard.body)
    assert json.loads(heard.body)["data"].keys() == json.loads(_block("http").splitlines()[-1])["data"].keys()


def test_guide__names_what_templates_can_use(tmp_path: Path) -> None:
    rows = re.findall(r"^\| (`[a-z`, ]+`) \|", GUIDE.partition("## Your own words")[2], re.MULTILINE)
    names = re.findall(r"`([a-z]+)`", " ".join(rows))
    (tmp_path / "slack.j2").write_text("".join(f"{{{{ {name} }}}}" for name in names))

    assert names == ["event", "id", "title", "text", "repository", "fields"]
    assert "sla_breach" in Words(directory=tmp_path, warn=pytest.fail).of("slack", DELIVERY, most=9999)
