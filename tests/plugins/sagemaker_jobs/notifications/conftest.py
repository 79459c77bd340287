"""A webhook that keeps the requests that it receives, and an installation without receivers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

PATH = "/services/T1/B2/t0ken-of-the-webhook"


class Webhook(HTTPServer):
    """A web server that keeps the requests that it receives, and answers with `status`."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.received: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}{PATH}"


class Receiver(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.received.append(json.loads(self.rfile.read(length)))
        self.server.headers.append({"path": self.path, **dict(self.headers.items())})
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


def set_connection(monkeypatch: pytest.MonkeyPatch, **parts: Any) -> None:
    """Give the webhook's HTTP connection these parts."""
    monkeypatch.setenv("AIRFLOW_CONN_TEAM", json.dumps({"conn_type": "http", **parts}))


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with Webhook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        set_connection(monkeypatch, password=server.url)
        monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_WEBHOOK_CONNECTION", "team")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_SNS_TOPIC_ARN", "")
    monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_WEBHOOK_CONNECTION", "")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
