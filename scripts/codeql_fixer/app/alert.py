"""Tells alerts: what is news is recorded and claimed first, told then, and what became of that is recorded.

Nobody tells the same alert twice while whoever claimed it is alive. One that was killed between telling and recording
leaves a claim that lapses; the next attempt carries the same id, by which a receiver knows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.alert import AlertOutcome, DeliveryStatus
from codeql_fixer.domain.delivery import Delivery, News
from codeql_fixer.domain.hearing import AlertChoice
from codeql_fixer.errors import CodeqlFixerError, LedgerNotWrittenError, UpstreamError
from codeql_fixer.policy.alerting import GiveUp, Tell, next_step
from codeql_fixer.policy.digest import digested
from codeql_fixer.policy.hearing import hearings, recipients
from codeql_fixer.ports.channel import Channel
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Conflict, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codeql_fixer.domain.alert import Alert, AlertClaim
    from codeql_fixer.domain.hearing import Hearing
    from codeql_fixer.domain.kinds import AnyRecord

_TRIES = 20
_AT_ONCE = 20  # between two records of what became of attempts: so many are told again when somebody is killed
_MOST = 200  # over one channel in one cycle; the next one goes on
_FAILURES = 3  # in a row, and a channel is left alone until the next cycle
_MARGIN = timedelta(minutes=1)  # what telling one takes at most


class Lost(Struct, frozen=True):
    """A delivery that did not arrive, and why; it may be tried again."""

    channel: str
    title: str
    reason: str


class Told(Struct, kw_only=True):
    """What came of it: alerts that were noticed, deliveries that arrived, and those that did not."""

    noticed: int = 0
    delivered: int = 0
    lost: list[Lost] = []

    @property
    def problems(self) -> list[str]:
        """What people should know: a line for each reason of each channel."""
        found: dict[tuple[str, str], list[Lost]] = {}
        for one in self.lost:
            found.setdefault((one.channel, one.reason), []).append(one)
        return [
            (f"alert {lost[0].title!r}" if len(lost) == 1 else f"{len(lost)} alerts, {lost[0].title!r} the first,")
            + f" over {channel}: {reason}"
            for (channel, reason), lost in found.items()
        ]


class Alerter(Struct, frozen=True, kw_only=True):
    """Tells news over channels.

    Args:
        ledger: the outbox.
        index: knows what is in it.
        channels: by name; none when nobody is to hear anything.
        author: of the records.
        choice: which channel hears what.
    """

    ledger: Ledger
    index: Index
    channels: Mapping[str, Channel]
    author: Author
    choice: AlertChoice = AlertChoice()

    def hearings(self) -> dict[str, Hearing]:
        """What each channel wants to hear, and how far back news reach for it."""
        return hearings(self.channels, self.choice, first_heard=self.index.first_heard(), now=self.author.clock())

    def tell(self, news: Iterable[News], *, is_over: Callable[[], bool] = lambda: False) -> Told:
        """Tell what is new, and again what did not arrive.

        Args:
            news: what there is to hear, also what was told before.
            is_over: True when no more is to be told now.

        Raises:
            LedgerNotWrittenError: nothing was told that is not on record.
        """
        told = Told()
        if not self.channels:
            return told
        claimed = self._claimed({item.alert: item for item in news}, told)
        failures: Counter[str] = Counter()
        while claimed and not is_over():
            now, claimed = claimed[:_AT_ONCE], claimed[_AT_ONCE:]
            self.ledger.append([*self._deliver(now, told, failures)])
        return told

    def _claimed(self, news: Mapping[str, News], told: Told) -> list[tuple[Delivery, AlertClaim]]:
        for _ in range(_TRIES):
            self.ledger.append([])
            catch_up(self.ledger, self.index)
            tip = self.index.position().tip
            alerts = [self.author.alert(item, channels) for item, channels in self._fresh(news)]
            claimed = [*self._steps(self._due(alerts))]
            claims = [(one, claim) for one, claim in claimed if not isinstance(claim, AlertOutcome)]
            records: list[AnyRecord] = [*self._first_sight(), *alerts, *(record for _, record in claimed)]
            if not records or not isinstance(self.ledger.append(records, expected_tip=tip), Conflict):
                told.noticed = len(alerts)
                told.lost += [_lost(one, end.reason) for one, end in claimed if isinstance(end, AlertOutcome)]
                return claims
        raise LedgerNotWrittenError("others wrote to the ledger each time before an alert could be claimed")

    def _fresh(self, news: Mapping[str, News]) -> list[tuple[News, tuple[str, ...]]]:
        """What nobody recorded yet, with the channels that are to hear it; much of one kind for the same is one."""
        heard = self.hearings()
        wanted = {alert: channels for alert, one in news.items() if (channels := recipients(one, heard))}
        known = self.index.known_alerts(wanted)
        by_channels: dict[tuple[str, ...], list[News]] = {}
        for alert, channels in wanted.items():
            if alert not in known:
                by_channels.setdefault(channels, []).append(news[alert])
        return [(one, channels) for channels, found in by_channels.items() for one in digested(found)]

    def _first_sight(self) -> list[AnyRecord]:
        """A record of channels that nobody has seen before: from then on nothing is too old for them."""
        unseen = sorted(self.channels.keys() - self.index.first_heard().keys())
        return [replace(self.author.cycle("channels"), channels=tuple(unseen))] if unseen else []

    def _due(self, alerts: Iterable[Alert]) -> list[Delivery]:
        """What may be told now: over each channel the oldest first, and the channels by turns.

        What is fresh is told as it stands in its record, so that every attempt says the same.
        """
        lines = []
        for channel in sorted(self.channels):
            waiting = self.index.undelivered(channel, self.author.clock(), most=_MOST)
            first = [_delivery(alert, channel) for alert in alerts if channel in alert.channels]
            lines.append([*waiting, *first][:_MOST])
        return [one for turn in zip_longest(*lines) for one in turn if one is not None]

    def _steps(self, deliveries: Iterable[Delivery]) -> Iterator[tuple[Delivery, AlertClaim | AlertOutcome]]:
        for one in deliveries:
            step = next_step(one, self.author.clock())
            if isinstance(step, Tell):
                yield one, self.author.alert_claim(one.alert, one.channel, step.attempt)
            elif isinstance(step, GiveUp):
                last = self.author.alert_claim(one.alert, one.channel, one.attempts + 1)
                yield one, self.author.alert_outcome(last, DeliveryStatus.REFUSED, reason=step.reason)

    def _deliver(
        self, claimed: Iterable[tuple[Delivery, AlertClaim]], told: Told, failures: Counter[str]
    ) -> Iterator[AlertOutcome]:
        """Tell them; `failures` counts those in a row of each channel, so that none that hangs keeps others waiting."""
        for one, claim in claimed:
            if self.author.clock() + _MARGIN >= claim.act_before:
                return  # somebody else may tell it by then
            try:
                if failures[one.channel] >= _FAILURES:
                    raise UpstreamError(f"not tried, since {_FAILURES} in a row failed")
                url = self.channels[one.channel].tell(replace(one, attempts=claim.attempt))
            except CodeqlFixerError as error:
                failures[one.channel] += 1
                told.lost.append(_lost(one, str(error)))
                yield self.author.alert_outcome(claim, DeliveryStatus.FAILED, reason=str(error))
            else:
                failures[one.channel] = 0
                told.delivered += 1
                yield self.author.alert_outcome(claim, DeliveryStatus.DELIVERED, url=url)


def _delivery(alert: Alert, channel: str) -> Delivery:
    news = News(
        event=alert.event,
        key=alert.key,
        title=alert.title,
        text=alert.text,
        repository=alert.target_repo,
        fields=alert.fields,
    )
    return Delivery(news=news, alert=alert.id, noticed_at=alert.recorded_at, channel=channel)


def _lost(delivery: Delivery, reason: str) -> Lost:
    return Lost(delivery.channel, delivery.news.title, reason)
