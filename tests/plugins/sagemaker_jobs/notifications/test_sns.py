"""The notifier that publishes to an SNS topic."""

import json

import boto3
import pytest
from moto import mock_aws

from sagemaker_jobs.notifications.dispatch import send
from sagemaker_jobs.notifications.notification import Notification
from sagemaker_jobs.notifications.sns import SnsTopicNotifier, topic_region

TOPIC = "arn:aws:sns:eu-west-1:123456789012:team"
NOTIFICATION = Notification("failure", "{{ ds }} failed", "http://ui/dags/x", "{{ conn.x }}")


@pytest.mark.filterwarnings("default")
def test_a_topic_receives_the_notification_in_its_own_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_SNS_TOPIC_ARN", TOPIC)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        from moto.sns.models import sns_backends

        boto3.client("sns", region_name="eu-west-1").create_topic(Name="team")
        assert send(NOTIFICATION) == ["SNS"]
        (sent,) = sns_backends["123456789012"]["eu-west-1"].topics[TOPIC].sent_notifications
        assert json.loads(sent[1])["default"] == NOTIFICATION.text
        assert sent[2] == NOTIFICATION.subject


def test_a_notification_is_no_template() -> None:
    notifier = SnsTopicNotifier(NOTIFICATION, TOPIC)
    notifier.render_template_fields({})
    assert notifier.message == NOTIFICATION.text
    assert notifier.subject == NOTIFICATION.subject


def test_a_value_that_is_no_topic_arn_has_no_region() -> None:
    assert topic_region("team") is None
