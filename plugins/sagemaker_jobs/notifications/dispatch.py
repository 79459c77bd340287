"""Sends notifications to the receivers that an installation names in its Airflow Variables."""

from __future__ import annotations

import logging
from collections.abc import Callable

from airflow.sdk import BaseNotifier

from sagemaker_jobs.notifications.log import LogNotifier
from sagemaker_jobs.notifications.notification import Notification
from sagemaker_jobs.notifications.webhook import WebhookError, WebhookNotifier

TOPIC_VARIABLE = "notify_sns_topic_arn"
WEBHOOK_VARIABLE = "notify_webhook_connection"

NotifierFactory = Callable[[Notification], BaseNotifier | None]

log = logging.getLogger(__name__)


def send(notification: Notification) -> list[str]:
    """Log a notification, and send it to the SNS topic and the webhook of the installation.

    Never raises: an error is logged, and the other receiver still gets the notification.

    Returns:
        The receivers that accepted it: ``SNS``, ``webhook``.
    """
    LogNotifier(notification).notify({})
    receivers: dict[str, NotifierFactory] = {"SNS": _sns_notifier, "webhook": _webhook_notifier}
    return [name for name, create in receivers.items() if _try_send(name, create, notification)]


def get_setting(name: str) -> str:
    """Return an Airflow Variable without surrounding spaces, or an empty string."""
    from airflow.sdk import Variable

    return str(Variable.get(name, default="") or "").strip()


def _try_send(name: str, create: NotifierFactory, notification: Notification) -> bool:
    try:
        notifier = create(notification)
        if notifier is None:
            return False
        notifier.notify({})
    except WebhookError as error:  # Without a traceback, whose lines may contain the URL.
        log.error(
            "the notification %r could not be sent by %s: %s", notification.title, name, error
        )
        return False
    except Exception:
        log.exception("the notification %r could not be sent by %s", notification.title, name)
        return False
    return True


def _sns_notifier(notification: Notification) -> BaseNotifier | None:
    topic = get_setting(TOPIC_VARIABLE)
    if not topic:
        return None
    # Imports botocore, which the DAG processor should not do for every DAG file.
    from sagemaker_jobs.notifications.sns import SnsTopicNotifier

    return SnsTopicNotifier(notification, topic)


def _webhook_notifier(notification: Notification) -> BaseNotifier | None:
    connection = get_setting(WEBHOOK_VARIABLE)
    return WebhookNotifier(notification, connection) if connection else None
