"""The notifier that posts to a webhook, and never shows the webhook's URL."""

import asyncio

import pytest

from sagemaker_jobs.notifications.dispatch import send
from sagemaker_jobs.notifications.notification import Notification
from sagemaker_jobs.notifications.webhook import WebhookError, WebhookNotifier
from tests.plugins.sagemaker_jobs.notifications.conftest import PATH, Webhook, set_connection

NOTIFICATION = Notification(
    "failure", "cars training failed", "http://ui/dags/x", "why {{ ds }}", "clear it"
)


def test_a_webhook_receives_the_text_and_the_fields(webhook: Webhook) -> None:
    assert send(NOTIFICATION) == ["webhook"]
    (received,) = webhook.received
    assert received["event"] == "failure"
    assert received["where"] == "http://ui/dags/x"
    for part in ("cars training failed", "why", "What to do: clear it", "http://ui/dags/x"):
        assert part in received["text"]


def test_a_notifier_works_in_callbacks_and_in_the_triggerer(webhook: Webhook) -> None:
    notifier = WebhookNotifier(NOTIFICATION, "team")
    notifier({})
    asyncio.run(notifier.async_notify({}))
    assert [body["details"] for body in webhook.received] == ["why {{ ds }}"] * 2


def test_a_refused_notification_raises(webhook: Webhook) -> None:
    webhook.status = 403
    with pytest.raises(WebhookError, match="connection team: the webhook answered 403"):
        WebhookNotifier(NOTIFICATION, "team").notify({})


@pytest.mark.parametrize("place", ["password", "extra", "host"])
def test_the_url_comes_from_the_connection(
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    place: str,
) -> None:
    extra = {"secret_url": webhook.url, "X-Team": "cars"}
    set_connection(monkeypatch, **{place: extra if place == "extra" else webhook.url})
    assert send(NOTIFICATION) == ["webhook"]
    (headers,) = webhook.headers
    assert headers["path"] == PATH
    assert "Authorization" not in headers
    assert "secret_url" not in headers
    assert headers.get("X-Team") == ("cars" if place == "extra" else None)
    warned = "move the whole URL into the connection's password" in caplog.text
    assert warned is (place == "host")
    assert "t0ken" not in caplog.text


def test_login_and_password_beside_a_host_are_credentials(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = webhook.server_port
    set_connection(monkeypatch, host="127.0.0.1", port=port, login="me", password="known")
    assert send(NOTIFICATION) == ["webhook"]
    (headers,) = webhook.headers
    assert headers["Authorization"].startswith("Basic ")
    assert headers["path"] == "/"


@pytest.mark.parametrize("place", ["password", "host"])
@pytest.mark.parametrize("fault", ["500", "unreachable", "malformed"])
def test_no_log_shows_the_url(
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    place: str,
    fault: str,
) -> None:
    """The error messages of the HTTP library quote the path of the URL."""
    webhook.status = 500
    url = {
        "500": webhook.url,
        "unreachable": f"http://127.0.0.1:1{PATH}",
        "malformed": f"https://[::1{PATH}",
    }[fault]
    set_connection(monkeypatch, **{place: url})
    assert send(NOTIFICATION) == []
    assert "could not be sent by webhook: connection team: " in caplog.text
    assert "t0ken" not in caplog.text
    assert all("t0ken" not in str(record.exc_info) for record in caplog.records)
