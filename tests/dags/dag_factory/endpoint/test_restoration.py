"""A package is rejected for a known failure of its model, not because a test could not run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from include.config import find_pipeline
from include.decisions.endpoint import smoke_test
from include.decisions.endpoint.rollback import RollbackError
from include.decisions.endpoint.smoke_test import NoAnswerError, NoSamplesError, SmokeTestError
from include.decisions.registry import packages, serving_model
from include.decisions.registry.serving_model import EndpointStatus
from sagemaker_jobs.endpoints.updates import check_replaced
from sagemaker_jobs.errors import EndpointChanged
from tests.dags.task_calls import running, task_context

PLANNED = {
    "endpoint": {"config": {"EndpointConfigName": "config-2"}},
    "previous": "config-1",
    "package": {"arn": "arn:x/2"},
}
SERVED = {"endpoint_name": "merch"}


class Serving:
    """The task functions of an endpoint update, with an endpoint that serves the new model.

    `xcoms` has the XComs of the run by task and key, `states` the states of its tasks.
    """

    def __init__(self, dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dag, self.monkeypatch = dag, monkeypatch
        self.xcoms: dict[tuple[str, str], Any] = {("plan", "return_value"): PLANNED}
        self.states = {"deploy": "success", "smoke_test": "failed"}
        self.rejected: list[str] = []
        self.status, self.reason, self.testable = "InService", "", True
        self.config = "config-2"
        self.sagemaker: Any = None
        monkeypatch.setattr("dag_factory.endpoint.smoke_test.load_test_photos", self.samples)
        monkeypatch.setattr(serving_model, "endpoint_status", self.describe)
        monkeypatch.setattr(packages, "reject", lambda *given: self.rejected.append(given[2]))

    def samples(self, *_: Any) -> list[Any]:
        if not self.testable:
            raise NoSamplesError
        return []

    def describe(self, *_: Any) -> EndpointStatus:
        return EndpointStatus("merch", self.status, self.config, self.reason)

    def call(self, task: str, *args: Any) -> Any:
        function = self.dag.get_task(task).python_callable
        pipeline = find_pipeline("merch", "local")
        run = SimpleNamespace(pipeline=pipeline, sagemaker=self.sagemaker, runtime=None)
        ti = SimpleNamespace(
            dag_id="merch__endpoint_update",
            run_id="run",
            xcom_push=lambda key, value: self.xcoms.update({(task, key): value}),
            xcom_pull=lambda task_ids, key="return_value": self.xcoms.get((task_ids, key)),
            get_task_states=lambda dag_id, run_ids: {"run": self.states},
        )
        context = task_context(ti, params={"release": None})
        with running(function, run, context, self.monkeypatch):
            return function("merch", *args)

    def test(self, error: Exception) -> None:
        """End the smoke test with an error, as its last attempt does."""

        def ask(*_: Any) -> None:
            raise error

        self.monkeypatch.setattr(smoke_test, "smoke_test", ask)
        with pytest.raises(type(error)):
            self.call("smoke_test", PLANNED["package"], SERVED, None)


@pytest.fixture
def serving(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> Serving:
    return Serving(dag_bag.dags["merch__endpoint_update"], monkeypatch)


@pytest.mark.parametrize("error", [SmokeTestError("another model"), NoAnswerError("another model")])
def test_a_model_that_fails_its_smoke_test_is_rejected_with_the_reason(
    serving: Serving, error: Exception
) -> None:
    serving.test(error)
    rejection = serving.call("withdraw")
    assert serving.call("reject_package", rejection)["package"] == "arn:x/2"
    (reason,) = serving.rejected
    assert reason == "config-2 serves and did not pass its smoke test: another model"
    assert (rejection["restore"]["go"], rejection["endpoint_config"]) == (True, "config-1")


@pytest.mark.parametrize(
    ("reason", "rejected"),
    [
        ("The primary container did not pass the ping health check.", True),
        ("CapacityError: no instances", False),
        ("a text that AWS has never sent before", False),
    ],
)
def test_only_a_failure_of_the_model_rejects_its_package(
    serving: Serving, reason: str, rejected: bool
) -> None:
    """The endpoint does not serve: the former model is restored in each case."""
    serving.status, serving.reason = "OutOfService", reason
    serving.states = {"deploy": "success", "smoke_test": "upstream_failed"}
    rejection = serving.call("withdraw")
    if rejected:
        serving.call("reject_package", rejection)
    else:
        with pytest.raises(AirflowSkipException, match=reason):
            serving.call("reject_package", rejection)
    assert len(serving.rejected) == rejected
    restored = serving.call("plan_restore", rejection)
    assert restored["config"]["EndpointConfigName"] == "config-1"


@pytest.mark.parametrize(
    ("status", "planned_over", "found", "allowed"),
    [
        ("OutOfService", "config-2", "config-2", True),
        ("UpdateRollbackFailed", "config-2", "config-2", True),
        ("OutOfService", "config-1", "config-1", True),  # its own configuration, deployed again
        ("UpdateRollbackFailed", "config-1", "config-1", True),
        ("OutOfService", "config-2", "config-1", True),  # a retry after the restore went through
        ("OutOfService", "config-2", "config-3", False),
    ],
)
def test_a_restore_replaces_only_the_failed_update(
    serving: Serving, status: str, planned_over: str, found: str, allowed: bool
) -> None:
    """Otherwise `restore`, cleared a day later, would undo another run's deployment."""
    serving.status, serving.reason = status, "CapacityError: no instances"
    serving.config = planned_over
    serving.states = {"deploy": "success", "smoke_test": "upstream_failed"}
    restored = serving.call("plan_restore", serving.call("withdraw"))
    client = boto3.client("sagemaker", region_name="us-east-1")
    described = {
        "EndpointName": "merch", "EndpointConfigName": found,
        "EndpointStatus": status if found == planned_over else "InService",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/merch",
        "CreationTime": 0, "LastModifiedTime": 0,
    }  # fmt: skip
    with Stubber(client) as stub:
        stub.add_response("describe_endpoint", described)
        if allowed:
            check_replaced(client, restored["config"], restored["replaces"])
        else:
            with pytest.raises(
                EndpointChanged, match="it serves config-3, but the plan was to replace config-2"
            ):
                check_replaced(client, restored["config"], restored["replaces"])


@pytest.mark.parametrize("family", ["endpoint_update", "endpoint_rollback"])
def test_the_former_model_is_restored_although_the_rejection_fails(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    """Otherwise a missing right would leave the failed model serving."""
    decide = packages.reject
    serving = Serving(dag_bag.dags[f"merch__{family}"], monkeypatch)
    monkeypatch.setattr(packages, "reject", decide)
    serving.sagemaker = boto3.client("sagemaker", region_name="us-east-1")
    serving.test(SmokeTestError("another model"))
    rejection = serving.call("withdraw")
    with Stubber(serving.sagemaker) as stub:
        stub.add_client_error("update_model_package", "AccessDeniedException", "no right")
        with pytest.raises(ClientError, match="no right"):
            serving.call("reject_package", rejection)
        stub.assert_no_pending_responses()
    restored = serving.call("plan_restore", rejection)
    assert restored["config"]["EndpointConfigName"] == "config-1"
    assert "reject_package" not in serving.dag.get_task("track_restore").get_flat_relative_ids(
        upstream=True
    )


def test_a_smoke_test_that_could_not_run_rejects_no_package(serving: Serving) -> None:
    """Otherwise a missing right or an outage would reject every release."""
    serving.test(PermissionError("sagemaker:InvokeEndpoint"))
    with pytest.raises(AirflowSkipException, match="was not tested"):
        serving.call("withdraw")
    assert serving.rejected == []


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ({"deploy": "success", "smoke_test": "upstream_failed"}, "was not tested"),
        ({"deploy": "upstream_failed", "smoke_test": "upstream_failed"}, "did not change"),
    ],
)
def test_xcoms_from_before_a_clear_are_ignored(
    serving: Serving, states: dict[str, str], reason: str
) -> None:
    """Airflow deletes a task's XComs when the task runs again, not when it is cleared."""
    serving.test(SmokeTestError("another model"))
    serving.states = states
    with pytest.raises(AirflowSkipException, match=reason):
        serving.call("withdraw")


def test_a_rollback_is_not_planned_during_an_update(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = Serving(dag_bag.dags["merch__endpoint_rollback"], monkeypatch)
    serving.status = "Updating"
    with pytest.raises(RollbackError, match="a change is under way"):
        serving.call("plan")


def test_a_model_without_test_photos_is_not_deployed(
    serving: Serving,
) -> None:
    """Otherwise the first endpoint serves it, and its package is rejected without a test."""
    serving.status, serving.testable = "Failed", False
    with pytest.raises(NoSamplesError):
        serving.call("ask_before", PLANNED["package"])
    assert "ask_before" in serving.dag.get_task("deploy").upstream_task_ids
