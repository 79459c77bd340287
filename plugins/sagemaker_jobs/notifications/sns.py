"""The notifier that publishes notifications to an SNS topic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

from sagemaker_jobs.notifications.base import TIMEOUT_SECONDS
from sagemaker_jobs.notifications.notification import Notification

AWS_CONNECTION = "aws_default"


class SnsTopicNotifier(SnsNotifier):
    """Publishes a notification to an SNS topic, in the region of the topic.

    The provider's notifier has no timeout and renders the message as a Jinja template. A message
    quotes class names and error messages, so no field is a template here.
    """

    template_fields: Sequence[str] = ()

    def __init__(self, notification: Notification, target_arn: str) -> None:
        super().__init__(
            aws_conn_id=AWS_CONNECTION,
            target_arn=target_arn,
            message=notification.text,
            subject=notification.subject,
            region_name=topic_region(target_arn),
        )

    @cached_property
    def hook(self) -> SnsHook:
        """The provider's hook, with timeouts."""
        from botocore.config import Config

        config = Config(
            connect_timeout=TIMEOUT_SECONDS,
            read_timeout=TIMEOUT_SECONDS,
            retries={"total_max_attempts": 2},
        )
        return SnsHook(  # type: ignore[no-untyped-call]
            aws_conn_id=self.aws_conn_id, region_name=self.region_name, config=config
        )


def topic_region(topic_arn: str) -> str | None:
    """Return the region of a topic, which may differ from the installation's region."""
    parts = topic_arn.split(":")
    return (parts[3] or None) if len(parts) > 5 else None
