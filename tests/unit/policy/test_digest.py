"""One alert for much of a kind."""

from __future__ import annotations

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import News
from codeql_fixer.policy.digest import FEW, MOST_COVERED, digested
from tests.records import at


def _missed(number: int, repository: str = "acme/shop") -> News:
    return News(
        event=AlertEvent.SLA_BREACH, key=str(number), title=f"{number} is late", repository=repository, at=at(number)
    )


def test_digested__few_are_told_one_by_one() -> None:
    few = [_missed(number) for number in range(FEW)]

    assert digested(few) == few


def test_digested__many_of_an_event_are_one_that_covers_them() -> None:
    many = [_missed(number, f"acme/{number % 10}") for number in range(75)]
    other = News(event=AlertEvent.FAMILY_STOPPED, key="xss", title="stopped")

    one, rest = digested([*many[:30], other, *many[30:]])

    assert (one.title, one.repository, one.at) == ("75 issues missed their deadlines", "", at(74))
    assert one.covers == tuple(sorted(news.alert for news in many))
    assert one.text.splitlines()[0].startswith("acme/0: 8, acme/1: 8, ")
    assert one.text.splitlines()[0].endswith(", and 2 more repositories")
    assert one.text.splitlines()[2::7] == ["- 0 is late", "- 7 is late"] or one.text.endswith("- 7 is late\n- ...")
    assert (rest, one.fields) == (other, {"count": "75", "repositories": "10"})


def test_digested__the_same_ones_make_the_same_one() -> None:
    many = [_missed(number) for number in range(9)]

    [one], [again], [more] = digested(many), digested(many[::-1]), digested([*many, _missed(9)])

    assert one.alert == again.alert != more.alert
    assert one.repository == "acme/shop"


def test_digested__of_the_fleet_has_no_time() -> None:
    families = [News(event=AlertEvent.FAMILY_STOPPED, key=str(n), title=f"{n} is stopped") for n in range(FEW + 1)]

    [one] = digested(families)

    assert (one.at, one.repository, one.text.splitlines()[0]) == (None, "", "the fleet: 6")
    assert one.text.endswith("- 5 is stopped")


def test_digested__covers_as_many_as_a_record_can_hold() -> None:
    [one] = digested(_missed(number) for number in range(MOST_COVERED + 1))

    assert len(one.covers) == MOST_COVERED


def test_digested__every_event_has_words() -> None:
    for event in AlertEvent:
        [one] = digested(News(event=event, key=str(n), title="t") for n in range(FEW + 1))
        assert one.title.startswith("6 ")
