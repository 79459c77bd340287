"""The callback that reports a late run."""

import asyncio

import pytest

from sagemaker_jobs.notifications.deadlines import deadline_missed
from tests.plugins.sagemaker_jobs.notifications.conftest import Webhook

RUN = {"dag_id": "d", "dag_run_id": "r", "state": "running", "queued_at": "01:00"}


def test_a_late_run_is_reported_with_its_deadline(webhook: Webhook) -> None:
    """The context is JSON, as Airflow's scheduler passes it to the triggerer."""
    context = {"dag_run": RUN, "deadline": {"id": "1", "deadline_time": "03:00"}}
    asyncio.run(deadline_missed(context=context, title="d is late", advice="look"))
    (received,) = webhook.received
    assert received["event"] == "deadline"
    for part in ("d is late", "03:00", "state running", "/dags/d/runs/r", "What to do: look"):
        assert part in received["text"]


@pytest.mark.parametrize("state", ["failed", "success"])
def test_a_finished_run_is_not_late(webhook: Webhook, state: str) -> None:
    """Airflow keeps the deadline of a run that failed, which was already reported."""
    context = {"dag_run": {**RUN, "state": state}}
    asyncio.run(deadline_missed(context=context, title="d is late", advice="look"))
    assert webhook.received == []


@pytest.mark.parametrize(
    ("deployments", "reported"),
    [
        ({"only_in": ["prod"]}, False),
        ({"only_in": ["staging", "prod"]}, True),
        ({"not_in": ["staging"]}, False),
        ({"not_in": ["prod"]}, True),
        ({"not_in": []}, True),
    ],
)
def test_only_the_named_deployments_are_notified(
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    deployments: dict[str, list[str]],
    reported: bool,
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_DEPLOYMENT", "staging")
    late = deadline_missed(context={"dag_run": RUN}, title="late", advice="look", **deployments)
    asyncio.run(late)
    assert bool(webhook.received) is reported
