"""Where alerts go, as the environment says it."""

from __future__ import annotations

import pytest

from codeql_fixer.alert_settings import AlertSettings
from codeql_fixer.errors import ConfigError
from codeql_fixer.settings import FleetSettings


def _read(**environ: str) -> AlertSettings:
    return FleetSettings.from_environ({"LEDGER": "ledger", **environ}).alerts


def test_read_alerts__nobody_hears_anything_unless_it_is_said() -> None:
    assert _read(GITHUB_STEP_SUMMARY="/summary") == AlertSettings()


def test_read_alerts__reads_all_of_it() -> None:
    assert _read(
        ALERT_WEBHOOK_URL="https://a.example/x",
        ALERT_WEBHOOK_SECRET="s",  # noqa: S106 - of nobody
        ALERT_SLACK_URL="https://b.example/x",
        ALERT_GITHUB="acme/ops#7",
        ALERT_SUMMARY="true",
        ALERT_TEMPLATES="words",
        ALERT_ALLOW_PRIVATE="yes",
        GITHUB_STEP_SUMMARY="/summary",
    ) == AlertSettings(
        webhook_url="https://a.example/x",
        webhook_secret="s",  # noqa: S106 - of nobody
        slack_url="https://b.example/x",
        github="acme/ops",
        github_issue=7,
        step_summary="/summary",
        templates="words",
        is_private_allowed=True,
    )
    assert _read(ALERT_GITHUB="acme/ops").github_issue is None


@pytest.mark.parametrize("value", ["ops", "acme/ops#", "acme/ops#x", "acme/ops/7", "https://github.com/acme/ops"])
def test_read_alerts__refuses_what_is_no_repository(value: str) -> None:
    with pytest.raises(ConfigError, match=r"alert_github .ALERT_GITHUB.: must be owner/name or owner/name#number"):
        _read(ALERT_GITHUB=value)


def test_read_alerts__never_shows_a_secret_address() -> None:
    with pytest.raises(ConfigError, match="alert_slack_url") as caught:
        _read(ALERT_SLACK_URL="hooks.example/secret path")

    assert "secret path" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/workflows/1/run?api-version=1&sig=a-b_c%2F",
        "https://a.example?token=x",
        "http://localhost:9/x",
    ],
)
def test_read_alerts__takes_a_hook_with_its_secret_in_the_query(url: str) -> None:
    found = _read(ALERT_WEBHOOK_URL=url, ALERT_SLACK_URL=url)

    assert (found.webhook_url, found.slack_url) == (url, url)


@pytest.mark.parametrize(
    "url",
    ["https://me:pass@a.example/x?sig=y", "https://a.example/x?sig=me@y", "https://a.example/x#y", "ftp://a.example"],
)
def test_read_alerts__refuses_what_is_no_hook(url: str) -> None:
    with pytest.raises(ConfigError, match="without a password") as caught:
        _read(ALERT_WEBHOOK_URL=url)

    assert "sig" not in str(caught.value)
