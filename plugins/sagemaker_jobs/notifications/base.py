"""The base class of notifiers that send a `Notification`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseNotifier

from sagemaker_jobs.notifications.notification import Notification

TIMEOUT_SECONDS = 10
"""Limit of one request: all callbacks of a DAG file share 50 s in the DAG processor."""


class NotificationNotifier(BaseNotifier):
    """Sends a notification.

    No field is a template: a notification quotes class names and error messages, which may contain
    Jinja expressions.
    """

    template_fields: Sequence[str] = ()

    def __init__(self, notification: Notification) -> None:
        super().__init__()
        self.notification = notification

    async def async_notify(self, context: Any) -> None:
        """Send the notification from a thread, so that the triggerer's event loop goes on."""
        from asgiref.sync import sync_to_async

        await sync_to_async(self.notify)(context)
