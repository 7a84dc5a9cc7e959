"""Which channels there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.alert_settings import AlertSettings
from codeql_fixer.app.author import Author
from codeql_fixer.bootstrap.alerts import AlertRoom, alerter_of
from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import News
from codeql_fixer.domain.hearing import AlertChoice
from codeql_fixer.errors import UserError
from tests.pull_requests import MemoryPullRequests
from tests.receiver import SECRET
from tests.records import PRODUCER, at

ALL = AlertSettings(
    webhook_url="https://hooks.example/secret-path",
    webhook_secret=SECRET,
    slack_url="https://chat.example/secret-path",
    github="acme/ops",
    step_summary="summary.md",
)
MET = News(event=AlertEvent.OBJECTIVE_MET, key="few", title="Objective few is met")


def _told(
    settings: AlertSettings,
    issues: MemoryPullRequests | None = None,
    *,
    is_dry: bool = False,
    choice: AlertChoice | None = None,
) -> tuple[list[str], list[str]]:
    """The channels, and what is said when something is told."""
    said: list[str] = []
    alerter = alerter_of(
        AlertRoom(settings=settings, choice=choice or AlertChoice(), tell=said.append, is_dry=is_dry),
        ledger=MemoryLedger(),
        index=SqlIndex(SqliteDatabase(Path(":memory:"))),
        author=Author(producer=PRODUCER, run_id="7", clock=lambda: at(0)),
        issues=issues,
    )
    if is_dry:
        alerter.tell([MET])
    return [*alerter.channels], said


def test_alerter_of__has_the_channels_that_are_set_up() -> None:
    assert _told(AlertSettings()) == ([], [])
    assert _told(ALL, MemoryPullRequests())[0] == ["webhook", "slack", "github", "summary"]


def test_alerter_of__a_dry_run_tells_nobody_and_says_so() -> None:
    forge = MemoryPullRequests()
    choice = AlertChoice(by_channel={"slack": frozenset()})

    _, said = _told(ALL, forge, is_dry=True, choice=choice)

    assert said == [f"would tell over {name}: Objective few is met" for name in ("github", "summary", "webhook")]
    assert forge.issues == {}


def test_alerter_of__writes_an_issue(tmp_path: Path) -> None:
    forge = MemoryPullRequests()
    alerter = alerter_of(
        AlertRoom(settings=AlertSettings(github="acme/ops"), choice=AlertChoice(), tell=pytest.fail),
        ledger=(ledger := MemoryLedger()),
        index=SqlIndex(SqliteDatabase(tmp_path / "index")),
        author=Author(producer=PRODUCER, run_id="7", clock=lambda: at(0)),
        issues=forge,
    )

    alerter.tell([MET])

    [issue] = forge.issues.values()
    assert (issue.title, issue.labels) == ("Objective few is met", ("codeql-fixer-alert",))
    assert "https://github.com/acme/ops/issues/1" in str([*ledger.read_since("").entries])


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (AlertSettings(webhook_url="https://hooks.example/x"), "alerts need both"),
        (AlertSettings(github="acme/ops"), "ALERT_GITHUB: there is no way"),
        (AlertSettings(slack_url="http://chat.example/x"), "ALERT_SLACK_URL: alerts would cross"),
        (AlertSettings(step_summary="s", templates="/no/such"), "ALERT_TEMPLATES: /no/such is no directory"),
    ],
)
def test_alerter_of__tells_what_is_wrong_before_anything_happens(settings: AlertSettings, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        _told(settings)


def test_settings__show_nothing_secret() -> None:
    assert repr(ALL) == "AlertSettings()"
