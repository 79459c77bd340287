"""`send` reaches every receiver of the installation, and never raises."""

import pytest

from sagemaker_jobs.notifications.dispatch import send
from sagemaker_jobs.notifications.notification import Notification
from tests.plugins.sagemaker_jobs.notifications.conftest import Webhook

NOTIFICATION = Notification("failure", "cars training failed", "http://ui/dags/x", "why")


def test_without_receivers_a_notification_is_logged_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert send(NOTIFICATION) == []
    assert "notification (failure): cars training failed" in caplog.text


def test_an_error_of_a_receiver_is_logged(
    webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    webhook.status = 500
    assert send(NOTIFICATION) == []
    assert "could not be sent by webhook" in caplog.text


def test_an_error_of_one_receiver_does_not_affect_the_other(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_SNS_TOPIC_ARN", "arn:aws:sns:eu-west-1:1:team")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "{}}")
    assert send(NOTIFICATION) == ["webhook"]
    assert "could not be sent by SNS" in caplog.text


def test_a_missing_connection_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_WEBHOOK_CONNECTION", "missing")
    assert send(NOTIFICATION) == []
    assert "could not be sent by webhook" in caplog.text
