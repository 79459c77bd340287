"""Messages to people: to an SNS topic, to a webhook, and always to the log.

Where they go is the installation's: the Airflow Variable `notify_sns_topic_arn` and the Airflow
connection that the Variable `notify_webhook_connection` names (type HTTP, the whole address as its
password, or as `secret_url` in its extra). A message that cannot be sent is logged, and fails
nothing. A webhook's address is a secret: whoever knows it can post. So no log shows it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

TOPIC_VARIABLE = "notify_sns_topic_arn"
WEBHOOK_VARIABLE = "notify_webhook_connection"
DEPLOYMENT_VARIABLE = "deployment"
AWS_CONNECTION = "aws_default"
ADDRESS_EXTRA = "secret_url"
"""The key in the connection's extra; Airflow masks the values of keys that say `secret`."""

LONGEST_SUBJECT = 100
"""SNS's limit; it also refuses line breaks and what is not ASCII."""

PATIENCE_SECONDS = 10
"""For one answer: callbacks share the 50 s that the DAG processor has for a file."""

SHORTEST_SECRET = 12
"""Characters of a path that is masked: a shorter one may be a word that logs are full of."""

ENDED = ("success", "failed")
"""The states of a run that is over; what it came to was told when it ended."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """One message to people.

    Attributes:
        event: Which kind: failure, success, skip, promotion, drift, stale or deadline.
        title: What happened, in one line.
        where: The address of the run or task in Airflow's UI.
        details: The reason, with its figures.
        advice: What to do; empty where nothing is to be done.
    """

    event: str
    title: str
    where: str
    details: str = ""
    advice: str = ""

    @property
    def subject(self) -> str:
        """The title as SNS takes a subject."""
        line = " ".join(self.title.split()).encode("ascii", "replace").decode()
        return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 3]}..."

    @property
    def text(self) -> str:
        """The whole message in plain text."""
        parts = (self.title, self.details, self.advice and f"What to do: {self.advice}", self.where)
        return "\n\n".join(part for part in parts if part)

    def as_json(self) -> dict[str, str]:
        """Return what a webhook gets.

        `text` is what Slack, Mattermost and Teams show: its markup is escaped, so that a class's
        name or an error of AWS's makes no link and calls nobody. The other fields are plain text,
        for programs.
        """
        return {"text": escape_markup(self.text), **asdict(self)}


class WebhookError(Exception):
    """A message did not reach the webhook; the text does not show the address."""


def escape_markup(text: str) -> str:
    """Return a text in which Slack and HTML find no markup: the three characters that begin it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def send(notice: Notice) -> list[str]:
    """Send a message everywhere that the installation names, and return where it arrived.

    Never raises: what cannot be sent is logged, with the message itself.
    """
    log.info("notice (%s): %s", notice.event, notice.text)
    ways: dict[str, Callable[[Notice], bool]] = {"SNS": _to_topic, "webhook": _to_webhook}
    return [name for name, way in ways.items() if _sent(name, way, notice)]


def page(dag_id: str, run_id: str, task_id: str = "") -> str:
    """Return the address of a run, or of one of its tasks, in Airflow's UI."""
    from urllib.parse import quote

    from airflow.sdk.configuration import conf

    base = conf.get("api", "base_url", fallback="") or "http://localhost:8080"
    run = f"{base.rstrip('/')}/dags/{quote(dag_id)}/runs/{quote(run_id, safe='')}"
    return f"{run}/tasks/{quote(task_id)}" if task_id else run


async def deadline_missed(
    context: dict[str, Any],
    title: str,
    advice: str,
    only_in: Sequence[str] = (),
    not_in: Sequence[str] = (),
) -> None:
    """Say that a run is late, unless it has ended; Airflow calls it in the triggerer.

    Args:
        context: The run and its deadline, as Airflow describes them.
        title: What happened, in one line.
        advice: What to do.
        only_in: The deployments (Airflow Variable `deployment`) that this is for; empty: any.
        not_in: The deployments that this is not for.
    """
    from asgiref.sync import sync_to_async

    run, deadline = context["dag_run"], context.get("deadline") or {}
    if only_in or not_in:
        deployment = await sync_to_async(_setting)(DEPLOYMENT_VARIABLE)
        if deployment in not_in or (only_in and deployment not in only_in):
            log.info("not for deployment %s: %s", deployment or "(not set)", title)
            return
    # Airflow forgets the deadlines of runs that succeeded in time, and of no others.
    if run.get("state") in ENDED:
        log.info(
            "not late: run %s of %s ended as %s", run["dag_run_id"], run["dag_id"], run["state"]
        )
        return
    started = run.get("start_date") or "never: it is still queued"
    notice = Notice(
        event="deadline",
        title=title,
        where=page(run["dag_id"], run["dag_run_id"]),
        details=f"Queued {run.get('queued_at')}, started {started}, state {run.get('state')}; it "
        f"should have ended by {deadline.get('deadline_time')}.",
        advice=advice,
    )
    # Connections and Variables are asked in threads, lest the triggerer's other triggers wait.
    await sync_to_async(send)(notice)


def _sent(name: str, way: Callable[[Notice], bool], notice: Notice) -> bool:
    try:
        return way(notice)
    except WebhookError as error:  # No traceback: its lines may show the address.
        log.error("the notice %r could not be sent by %s: %s", notice.title, name, error)
    except Exception:
        log.exception("the notice %r could not be sent by %s", notice.title, name)
    return False


def _setting(name: str) -> str:
    from airflow.sdk import Variable

    return str(Variable.get(name, default="") or "").strip()


def _to_topic(notice: Notice) -> bool:
    topic = _setting(TOPIC_VARIABLE)
    if not topic:
        return False
    from airflow.providers.amazon.aws.hooks.sns import SnsHook
    from botocore.config import Config

    limits = Config(
        connect_timeout=PATIENCE_SECONDS,
        read_timeout=PATIENCE_SECONDS,
        retries={"total_max_attempts": 2},
    )
    place = {"aws_conn_id": AWS_CONNECTION, "region_name": _region(topic), "config": limits}
    hook = SnsHook(**place)  # type: ignore[no-untyped-call]
    hook.publish_to_target(target_arn=topic, message=notice.text, subject=notice.subject)
    return True


def _region(topic: str) -> str | None:
    """Return the topic's own region, which need not be the installation's."""
    parts = topic.split(":")
    return (parts[3] or None) if len(parts) > 5 else None


def _to_webhook(notice: Notice) -> bool:
    connection = _setting(WEBHOOK_VARIABLE)
    if not connection:
        return False
    try:
        status = _post(connection, notice)
    except Exception as error:
        # Its text may hold the address: requests, for one, quotes the path.
        raise WebhookError(f"connection {connection}: {type(error).__name__}") from None
    if status >= 400:
        raise WebhookError(f"connection {connection}: the webhook answered {status}")
    return True


def _post(connection: str, notice: Notice) -> int:
    """Post a message with the connection's proxies, certificates and headers; return the status."""
    from airflow.providers.http.hooks.http import HttpHook

    # Not the hook's `run`: it logs the text of errors.
    with HttpHook(method="POST", http_conn_id=connection).get_conn() as session:
        found = HttpHook.get_connection(connection)
        address = _address(found)
        session.headers.pop(
            ADDRESS_EXTRA, None
        )  # The hook takes what it does not know for headers.
        if not found.login:
            session.auth = None
        answer = session.post(address, json=notice.as_json(), timeout=PATIENCE_SECONDS)
        return int(answer.status_code)


def _address(connection: Any) -> str:
    """Return a webhook's address, and let Airflow mask it, its path included, in this process."""
    from urllib.parse import urlsplit

    from airflow.sdk.log import mask_secret

    password, extra = connection.password or "", connection.extra_dejson
    address = str(extra.get(ADDRESS_EXTRA) or "")
    if not address and password.lower().startswith(("https://", "http://")):
        address = password
    if not address:
        log.warning(
            "connection %s has the webhook's address as its host, which Airflow shows in its UI: "
            "move the whole address into the connection's password, and leave host and login empty",
            connection.conn_id,
        )
        address = _host_address(connection)
    parts = urlsplit(address)
    for secret in (address, f"{parts.path}?{parts.query}" if parts.query else parts.path):
        if len(secret) >= SHORTEST_SECRET:
            mask_secret(secret)
    return address


def _host_address(connection: Any) -> str:
    """Return the address that a connection's schema, host and port make, as HttpHook does."""
    host, schema = str(connection.host or ""), connection.schema or "http"
    address = host if "://" in host else f"{schema}://{host}"
    return f"{address}:{connection.port}" if connection.port else address
