"""A message arrives at topic and webhook as a person can use it; one that cannot fails nothing."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sagemaker_jobs.notifications.notices import Notice, deadline_missed, page, send

NOTICE = Notice("failure", "cars training failed", "http://ui/dags/x", "why", "clear it")
PATH = "/services/T1/B2/t0ken-of-the-webhook"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:people"


class Webhook(HTTPServer):
    """A web server that keeps what it is sent, and answers with `status`."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.received: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.address = f"http://127.0.0.1:{self.server_port}{PATH}"


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


def connect(monkeypatch: pytest.MonkeyPatch, **parts: Any) -> None:
    """Make the HTTP connection of these parts the webhook's."""
    monkeypatch.setenv("AIRFLOW_CONN_PEOPLE", json.dumps({"conn_type": "http", **parts}))


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with Webhook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        connect(monkeypatch, password=server.address)
        monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_WEBHOOK_CONNECTION", "people")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_SNS_TOPIC_ARN", "")
    monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_WEBHOOK_CONNECTION", "")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")


def test_nothing_is_sent_where_no_place_is_named() -> None:
    assert send(NOTICE) == []


def test_a_webhook_gets_the_message_as_text_and_in_parts(webhook: Webhook) -> None:
    assert send(NOTICE) == ["webhook"]
    (received,) = webhook.received
    assert received["event"] == "failure"
    assert received["where"] == "http://ui/dags/x"
    for part in ("cars training failed", "why", "What to do: clear it", "http://ui/dags/x"):
        assert part in received["text"]


@pytest.mark.filterwarnings("default")
def test_a_topic_gets_the_message_in_its_own_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_SNS_TOPIC_ARN", TOPIC)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        from moto.sns.models import sns_backends

        boto3.client("sns", region_name="eu-west-1").create_topic(Name="people")
        assert send(NOTICE) == ["SNS"]
        (sent,) = sns_backends["123456789012"]["eu-west-1"].topics[TOPIC].sent_notifications
        assert json.loads(sent[1])["default"] == NOTICE.text
        assert sent[2] == NOTICE.subject


def test_a_place_that_refuses_is_logged_and_fails_nothing(
    webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    webhook.status = 500
    assert send(NOTICE) == []
    assert "could not be sent by webhook" in caplog.text


@pytest.mark.parametrize("where", ["password", "extra", "host"])
def test_the_address_is_taken_from_the_connections_secrets(
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: str,
) -> None:
    value = {"secret_url": webhook.address, "X-Team": "cars"} if where == "extra" else None
    connect(monkeypatch, **{where: value or webhook.address})
    assert send(NOTICE) == ["webhook"]
    (headers,) = webhook.headers
    assert headers["path"] == PATH
    assert "Authorization" not in headers
    assert "secret_url" not in headers
    assert headers.get("X-Team") == ("cars" if where == "extra" else None)
    warned = "move the whole address into the connection's password" in caplog.text
    assert warned is (where == "host")
    assert "t0ken" not in caplog.text


def test_login_and_password_beside_a_host_stay_what_they_are(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, host="127.0.0.1", port=webhook.server_port, login="me", password="known")
    assert send(NOTICE) == ["webhook"]
    (headers,) = webhook.headers
    assert headers["Authorization"].startswith("Basic ")
    assert headers["path"] == "/"


@pytest.mark.parametrize("where", ["password", "host"])
@pytest.mark.parametrize("fault", ["500", "away", "malformed"])
def test_no_log_shows_the_address(
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: str,
    fault: str,
) -> None:
    """The errors of the library that sends quote its path."""
    webhook.status = 500
    address = {
        "500": webhook.address,
        "away": f"http://127.0.0.1:1{PATH}",
        "malformed": f"https://[::1{PATH}",
    }[fault]
    connect(monkeypatch, **{where: address})
    assert send(NOTICE) == []
    assert "could not be sent by webhook: connection people: " in caplog.text
    assert "t0ken" not in caplog.text
    assert all("t0ken" not in str(record.exc_info) for record in caplog.records)


def test_the_text_has_no_markup_and_the_parts_are_as_they_were(webhook: Webhook) -> None:
    """A class's folder may have any name, and an error of AWS's any text."""
    details = "<!channel> <https://evil|click> <b>Tom & Jerry</b>"
    assert send(Notice("drift", "t", "http://ui/x?a=1&b=2", details)) == ["webhook"]
    (received,) = webhook.received
    assert "&lt;!channel&gt; &lt;https://evil|click&gt; &lt;b&gt;Tom &amp;" in received["text"]
    assert "<" not in received["text"]
    assert received["details"] == details
    assert received["where"] == "http://ui/x?a=1&b=2"


def test_a_connection_that_does_not_exist_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_NOTIFY_WEBHOOK_CONNECTION", "nobody")
    assert send(NOTICE) == []
    assert "could not be sent by webhook" in caplog.text


def test_a_subject_is_one_that_sns_takes() -> None:
    subject = Notice("drift", "Grüße\nvon " + "x" * 200, "").subject
    assert len(subject) == 100
    assert subject.isascii()
    assert "\n" not in subject


def test_a_page_is_addressed_with_what_run_ids_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow/")
    assert page("d", "manual__2026-01-01T00:00:00+00:00", "plan") == (
        "https://airflow/dags/d/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00/tasks/plan"
    )


def test_a_late_run_is_told_with_when_it_was_due(webhook: Webhook) -> None:
    """The context is what Airflow's scheduler hands to the triggerer: JSON, not objects."""
    run = {"dag_id": "d", "dag_run_id": "r", "state": "running", "queued_at": "01:00"}
    context = {"dag_run": run, "deadline": {"id": "1", "deadline_time": "03:00"}}
    asyncio.run(deadline_missed(context=context, title="d is late", advice="look"))
    (received,) = webhook.received
    assert received["event"] == "deadline"
    for part in ("d is late", "03:00", "state running", "/dags/d/runs/r", "What to do: look"):
        assert part in received["text"]


@pytest.mark.parametrize("state", ["failed", "success"])
def test_a_run_that_has_ended_is_not_late(webhook: Webhook, state: str) -> None:
    """Airflow keeps the deadline of a run that failed, of which people were told already."""
    run = {"dag_id": "d", "dag_run_id": "r", "state": state, "queued_at": "01:00"}
    asyncio.run(deadline_missed(context={"dag_run": run}, title="d is late", advice="look"))
    assert webhook.received == []


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"only_in": ["prod"]}, False),
        ({"only_in": ["here", "prod"]}, True),
        ({"not_in": ["here"]}, False),
        ({"not_in": ["prod"]}, True),
        ({"not_in": []}, True),
    ],
)
def test_a_deadline_of_another_deployment_is_not_told(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch, where: dict[str, list[str]], told: bool
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_DEPLOYMENT", "here")
    run = {"dag_id": "d", "dag_run_id": "r", "state": "running", "queued_at": "01:00"}
    asyncio.run(deadline_missed(context={"dag_run": run}, title="late", advice="look", **where))
    assert bool(webhook.received) is told
