"""The notifier that posts notifications to a webhook, as those of Slack, Mattermost or Teams.

The webhook's URL is a secret, because everyone who knows it can post. It is the password of an HTTP
connection, or `secret_url` in the connection's extra. No log shows it.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from sagemaker_jobs.notifications.base import TIMEOUT_SECONDS, NotificationNotifier
from sagemaker_jobs.notifications.notification import Notification

URL_EXTRA = "secret_url"
"""The key in the connection's extra; Airflow masks the values of keys that contain `secret`."""

SHORTEST_SECRET = 12
"""Characters of a path that is masked: a shorter path may be a word that logs are full of."""

log = logging.getLogger(__name__)


class WebhookError(Exception):
    """A notification did not reach the webhook. The text does not contain the URL."""


class WebhookNotifier(NotificationNotifier):
    """Posts a notification with the proxies, certificates and headers of a connection.

    Raises `WebhookError` from `notify` if the webhook does not accept the notification.
    """

    def __init__(self, notification: Notification, http_conn_id: str) -> None:
        super().__init__(notification)
        self.http_conn_id = http_conn_id

    def notify(self, context: Any) -> None:
        """Post the notification."""
        try:
            status = self._post()
        except Exception as error:
            # The text of the error may contain the URL: requests, for example, quotes the path.
            reason = f"connection {self.http_conn_id}: {type(error).__name__}"
            raise WebhookError(reason) from None
        if status >= 400:
            raise WebhookError(f"connection {self.http_conn_id}: the webhook answered {status}")

    def _post(self) -> int:
        """Post the notification and return the HTTP status."""
        from airflow.providers.http.hooks.http import HttpHook

        # HttpHook.run is not used because it logs the text of errors.
        with HttpHook(method="POST", http_conn_id=self.http_conn_id).get_conn() as session:
            connection = HttpHook.get_connection(self.http_conn_id)
            url = _webhook_url(connection)
            # The hook sends every unknown key of the extra as a header.
            session.headers.pop(URL_EXTRA, None)
            if not connection.login:
                session.auth = None
            body = self.notification.as_json()
            return int(session.post(url, json=body, timeout=TIMEOUT_SECONDS).status_code)


def _webhook_url(connection: Any) -> str:
    """Return the webhook's URL, and mask the URL and its path in the logs of this process."""
    from airflow.sdk.log import mask_secret

    url = _secret_url(connection) or _host_url(connection)
    parts = urlsplit(url)
    for secret in (url, f"{parts.path}?{parts.query}" if parts.query else parts.path):
        if len(secret) >= SHORTEST_SECRET:
            mask_secret(secret)
    return url


def _secret_url(connection: Any) -> str:
    """Return the URL from the extra or the password, or an empty string."""
    if url := connection.extra_dejson.get(URL_EXTRA):
        return str(url)
    password = str(connection.password or "")
    return password if password.lower().startswith(("https://", "http://")) else ""


def _host_url(connection: Any) -> str:
    """Return the URL that schema, host and port of a connection make, as HttpHook does."""
    log.warning(
        "connection %s has the webhook's URL as its host, which Airflow shows in its UI: "
        "move the whole URL into the connection's password, and leave host and login empty",
        connection.conn_id,
    )
    host, schema = str(connection.host or ""), connection.schema or "http"
    url = host if "://" in host else f"{schema}://{host}"
    return f"{url}:{connection.port}" if connection.port else url
