"""News of what happened at a moment: the words, and the key by which each is told once.

All that is said of it came from strangers, so it is cleaned here and escaped where a channel shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import News
from codeql_fixer.policy.plain_text import counted, one_line

if TYPE_CHECKING:
    from codeql_fixer.domain.occurrence import Occurrence

MOST_VALUE = 200
_MOST_URL = 500  # as long as a field of a record may be; half an address is none
_ENDED = {"finished": "is finished", "failed": "failed", "stopped": "was stopped", "budget_stop": "ran out of budget"}


def happened(event: AlertEvent, one: Occurrence) -> News:
    """An occurrence as news of an event; those of states are made in policy/news.py."""
    title, text = _words(event, one)
    url = one.url if len(one.url) <= _MOST_URL else ""
    return News(
        event=event,
        key=one.identity,
        title=title,
        text=text,
        repository=one.repository,
        at=one.at,
        fields={
            name: value
            for name, value in {
                "subject": _short(one.subject),
                "place": _short(one.place),
                "tier": one.tier,
                "detail": _short(one.detail),
                "at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}",
                "url": url,
            }.items()
            if value
        },
    )


def _words(event: AlertEvent, one: Occurrence) -> tuple[str, str]:  # noqa: PLR0911 - one row per event
    repository, subject, place = one.repository or "the fleet", _short(one.subject), _short(one.place)
    where = f" in {place}" if place else ""
    match event:
        case AlertEvent.SCAN_STARTED:
            return f"A scan of {repository} was asked for", ""
        case AlertEvent.SCAN_COMPLETED:
            found = counted(int(one.detail), "issue") if one.detail.isdigit() else "results"
            return f"A scan of {repository} has come in", f"It found {found}."
        case AlertEvent.SESSION_CREATED:
            return f"A session of {subject} works on {repository}", f"It is for {place}." if place else ""
        case AlertEvent.SESSION_FINISHED:
            end = _ENDED.get(one.detail, "is over")
            return f"The session for {subject or 'some issues'} in {repository} {end}", ""
        case AlertEvent.PR_OPENED:
            return f"Pull request #{place} is open in {repository}", ""
        case AlertEvent.FIX_VERIFIED:
            text = f"A scan no longer finds {subject}{where}, and our pull request was merged before it."
            return f"The fix of {subject} in {repository} is verified", text
        case AlertEvent.SLA_BREACH:
            return f"{subject} in {repository} missed its deadline", f"It is of tier {one.tier} and open{where}."
        case _:
            return f"{subject} in {repository} needs a person", f"{_short(one.detail)}{where}.".lstrip(" .")


def _short(text: str) -> str:
    return one_line(text, MOST_VALUE)
