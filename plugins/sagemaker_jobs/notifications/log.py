"""The notifier that writes notifications to the log."""

from __future__ import annotations

import logging
from typing import Any

from sagemaker_jobs.notifications.base import NotificationNotifier

log = logging.getLogger(__name__)


class LogNotifier(NotificationNotifier):
    """Writes a notification to the log of the process."""

    def notify(self, context: Any) -> None:
        """Log the notification."""
        log.info("notification (%s): %s", self.notification.event, self.notification.text)
