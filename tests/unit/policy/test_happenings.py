"""News of what happened: in words, under a key, with strangers' text made harmless."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.occurrence import Occurrence
from codeql_fixer.policy.happenings import happened
from tests.records import at

_ISSUE = Occurrence(
    at=at(1), identity="k", repository="acme/shop", subject="py/xss", place="shop/app.py", tier="high", detail="why"
)
_BARE = Occurrence(at=at(1), identity="k", repository="acme/shop", subject="devin")


@pytest.mark.parametrize(
    ("event", "one", "title", "text"),
    [
        (AlertEvent.SCAN_STARTED, _BARE, "A scan of acme/shop was asked for", ""),
        (
            AlertEvent.SCAN_COMPLETED,
            Occurrence(at=at(1), identity="k", repository="acme/shop", detail="1"),
            "A scan of acme/shop has come in",
            "It found 1 issue.",
        ),
        (AlertEvent.SCAN_COMPLETED, _BARE, "A scan of acme/shop has come in", "It found results."),
        (AlertEvent.SESSION_CREATED, _BARE, "A session of devin works on acme/shop", ""),
        (
            AlertEvent.SESSION_CREATED,
            Occurrence(at=at(1), identity="k", repository="acme/shop", subject="devin", place="xss"),
            "A session of devin works on acme/shop",
            "It is for xss.",
        ),
        (
            AlertEvent.SESSION_FINISHED,
            Occurrence(at=at(1), identity="k", repository="acme/shop", subject="xss", detail="budget_stop"),
            "The session for xss in acme/shop ran out of budget",
            "",
        ),
        (
            AlertEvent.SESSION_FINISHED,
            Occurrence(at=at(1), identity="k", repository="acme/shop", detail="word of tomorrow"),
            "The session for some issues in acme/shop is over",
            "",
        ),
        (
            AlertEvent.PR_OPENED,
            Occurrence(at=at(1), identity="k", repository="acme/shop", place="7"),
            "Pull request #7 is open in acme/shop",
            "",
        ),
        (
            AlertEvent.FIX_VERIFIED,
            _ISSUE,
            "The fix of py/xss in acme/shop is verified",
            "A scan no longer finds py/xss in shop/app.py, and our pull request was merged before it.",
        ),
        (
            AlertEvent.SLA_BREACH,
            _ISSUE,
            "py/xss in acme/shop missed its deadline",
            "It is of tier high and open in shop/app.py.",
        ),
        (AlertEvent.NEEDS_HUMAN, _ISSUE, "py/xss in acme/shop needs a person", "why in shop/app.py."),
        (AlertEvent.NEEDS_HUMAN, _BARE, "devin in acme/shop needs a person", ""),
    ],
)
def test_happened__says_what(event: AlertEvent, one: Occurrence, *, title: str, text: str) -> None:
    news = happened(event, one)

    assert (news.title, news.text, news.repository, news.at) == (title, text, "acme/shop", at(1))


def test_happened__has_fields_for_what_is_known() -> None:
    assert happened(AlertEvent.SLA_BREACH, _ISSUE).fields == {
        "subject": "py/xss",
        "place": "shop/app.py",
        "tier": "high",
        "detail": "why",
        "at": "2026-03-01T01:00:00Z",
    }


def test_happened__makes_strangers_text_one_short_line() -> None:
    hostile = Occurrence(
        at=at(1),
        identity="k",
        repository="acme/shop",
        subject="a\r\nX-Header: 1\u202e" + "x" * 5000,
        place="<!-- gone -->p",
        url="https://" + "u" * 600,
    )

    news = happened(AlertEvent.SLA_BREACH, hostile)

    assert news.title.startswith("a X-Header: 1xxx")
    assert max(map(len, (news.title, *news.fields.values()))) < 300
    assert (news.fields["place"], "url" in news.fields) == ("p", False)


def test_happened__in_no_repository_is_in_the_fleet() -> None:
    """A session whose claim is not on record."""
    news = happened(AlertEvent.SESSION_FINISHED, Occurrence(at=at(1), identity="k", repository="", detail="failed"))

    assert (news.title, news.repository) == ("The session for some issues in the fleet failed", "")
