"""The chat, the forge and the job's summary as channels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.channels.forge_issue import ForgeIssue
from codeql_fixer.adapters.channels.job_summary import JobSummary
from codeql_fixer.adapters.channels.posting import Address
from codeql_fixer.adapters.channels.slack import Slack
from codeql_fixer.adapters.channels.words import Words
from codeql_fixer.errors import UpstreamError
from tests.pull_requests import MemoryPullRequests, pull_at
from tests.receiver import receiver
from tests.unit.adapters.channels.deliveries import DELIVERY, HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

WORDS = Words(directory=None, warn=pytest.fail)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_slack__says_it_and_nothing_of_its_address() -> None:
    with receiver() as chat:
        address = Address(url=chat.url, option="ALERT_SLACK_URL", is_private_allowed=True)
        slack = Slack(address=address, words=WORDS)
        slack.tell(DELIVERY)
    with receiver(404) as gone:
        address = Address(url=gone.url, option="ALERT_SLACK_URL", is_private_allowed=True)
        with pytest.raises(UpstreamError, match=r"^127\.0\.0\.1 answered 404$"):
            Slack(address=address, words=WORDS).tell(DELIVERY)

    [heard] = chat.requests
    said = json.loads(heard.body)
    assert said["text"].startswith("*py/xss in acme/shop missed its deadline*\n")
    assert (said["unfurl_links"], heard.headers["content-type"]) == (False, "application/json")
    assert "secret-path" not in repr(slack)


def test_forge_issue__opens_one_for_each_alert() -> None:
    forge = MemoryPullRequests()
    channel = ForgeIssue(issues=forge, repository="acme/ops", number=None, words=WORDS)
    hostile = replace(DELIVERY, alert="sla_breach-2", news=replace(DELIVERY.news, title=HOSTILE * 50))

    first, again, other = channel.tell(DELIVERY), channel.tell(DELIVERY), channel.tell(hostile)

    assert (first, again, other) == ("https://github.com/acme/ops/issues/1",) * 2 + (
        "https://github.com/acme/ops/issues/2",
    )
    assert forge.issues["acme/ops", 1].title == "py/xss in acme/shop missed its deadline"
    title = forge.issues["acme/ops", 2].title
    assert ("\n" in title, len(title) < 250) == (False, True)


def test_forge_issue__or_comments_at_one() -> None:
    forge = MemoryPullRequests({("acme/ops", 7): pull_at("acme/ops", 7)})
    channel = ForgeIssue(issues=forge, repository="acme/ops", number=7, words=WORDS)

    channel.tell(DELIVERY)
    channel.tell(DELIVERY)

    assert [one.marker for one in forge.thread("acme/ops", 7).said] == [DELIVERY.alert]


def test_job_summary__has_each_alert_once(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("## Earlier\n")
    channel = JobSummary(path=path, words=WORDS)

    channel.tell(DELIVERY)
    channel.tell(DELIVERY)
    channel.tell(replace(DELIVERY, alert="sla_breach-2", news=replace(DELIVERY.news, title=HOSTILE)))

    text = path.read_text()
    assert text.startswith("## Earlier\n\n<!-- sla_breach-00000000000000000001 -->\n\n#### py&#47;xss in acme")
    assert (text.count("sla_breach-00000000000000000001"), text.count("\n#### "), text.count("<script")) == (1, 2, 0)


def test_job_summary__that_is_full_or_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * (1 << 20))

    with pytest.raises(UpstreamError, match="the job's summary is full"):
        JobSummary(path=path, words=WORDS).tell(DELIVERY)
    with pytest.raises(UpstreamError, match="the job's summary cannot be written: Is a directory"):
        JobSummary(path=tmp_path, words=WORDS).tell(DELIVERY)
