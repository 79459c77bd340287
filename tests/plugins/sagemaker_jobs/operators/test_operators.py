"""What the tasks do around ensure_job: the request they prepare, and what they make of an end."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from botocore.stub import ANY, Stubber

from sagemaker_jobs import (
    EndpointChanged,
    EndpointInterrupted,
    EndpointNotUpdated,
    EndpointStillChanging,
    JobFailed,
    JobInterrupted,
    JobStillRunning,
    PermanentAwsError,
    SageMakerDeployEndpointOperator,
    SageMakerEndpointStatusSensor,
    SageMakerEnsureModelOperator,
    SageMakerJobSensor,
    SageMakerSubmitTrainingOperator,
    SageMakerSubmitTransformOperator,
    TrackingInterrupted,
)
from sagemaker_jobs.jobs.ensure import REQUEST_TAG
from sagemaker_jobs.jobs.identity import JobIdentity, request_digest
from sagemaker_jobs.jobs.kinds import get_kind
from tests.plugins.sagemaker_jobs.descriptions import (
    ACCOUNT,
    ENDED,
    STARTED,
    context,
    endpoint,
    training_job,
)

CONFIG = {
    "RoleArn": "arn:aws:iam::123456789012:role/service/Jobs",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/models/"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600},
}
REQUEST = {"prefix": "cars", "deployment": "here", "config": CONFIG}
IDENTITY = JobIdentity("here", "cars__training", "submit", "manual__1", -1, 0)
JOB = {
    "kind": "training",
    "job_name": IDENTITY.job_name("cars", renewal=0, attempt=1),
    "request": REQUEST,
    "identity": IDENTITY.to_dict(),
    "clear_number": 0,
}
NAME = str(JOB["job_name"])
ENDED_EVENT = {"status": "ended", "job_name": NAME, "renewal": 0}


@pytest.fixture
def use(client: Any) -> Any:
    """Give an operator the scripted client instead of one of its connection's."""

    def use_client(operator: Any) -> Any:
        class Hook:
            def get_conn(self) -> Any:
                return client

        operator.__dict__["hook"] = Hook()
        return operator

    return use_client


def missing(stubber: Stubber) -> None:
    stubber.add_client_error("describe_training_job", "ValidationException", "not found")


def found(
    stubber: Stubber, status: str, *, name: Any = NAME, tagged: bool = True, **more: Any
) -> None:
    stubber.add_response(
        "describe_training_job", training_job(name, status, **more), {"TrainingJobName": name}
    )
    if tagged:
        tag = {"Key": REQUEST_TAG, "Value": request_digest("training", CONFIG)}
        stubber.add_response("list_tags", {"Tags": [tag]})


def created(stubber: Stubber) -> None:
    arn = {"TrainingJobArn": f"{ACCOUNT}:training-job/x"}
    stubber.add_response(
        "create_training_job", arn, {**CONFIG, "TrainingJobName": ANY, "Tags": ANY}
    )


def run(operator: BaseOperator, method: str = "execute", **arguments: Any) -> Any:
    # Outside of a task runner Airflow warns about execute; the function below it is the same.
    function = getattr(type(operator), method)
    return getattr(function, "__wrapped__", function)(operator, **arguments)


def test_submit_returns_what_track_needs(sagemaker: Stubber, use: Any) -> None:
    missing(sagemaker)
    created(sagemaker)
    submit = use(SageMakerSubmitTrainingOperator(task_id="submit", request=REQUEST))
    assert run(submit, context=context()) == JOB


def test_submit_keeps_the_providers_way_with_numbers_that_templates_made_text(
    sagemaker: Stubber, use: Any
) -> None:
    missing(sagemaker)
    created(sagemaker)
    text = {**CONFIG, "StoppingCondition": {"MaxRuntimeInSeconds": "600"}}
    submit = use(
        SageMakerSubmitTrainingOperator(task_id="submit", request={**REQUEST, "config": text})
    )
    # The tracking task compares requests, so it is given the one that was sent.
    assert run(submit, context=context())["request"] == REQUEST


def test_a_request_that_lacks_something_is_told_which() -> None:
    submit = SageMakerSubmitTransformOperator(task_id="submit", request={"prefix": "cars"})
    with pytest.raises(
        ValueError, match="task submit: its request has no deployment and no config"
    ):
        run(submit, context=context())


def test_track_defers_while_the_job_runs_and_waits_as_long_as_the_job_may(
    sagemaker: Stubber, use: Any
) -> None:
    found(sagemaker, "InProgress")
    with pytest.raises(TaskDeferred) as deferred:
        run(use(SageMakerJobSensor(task_id="track", job=JOB, poll_interval=2)), context=context())
    _, arguments = deferred.value.trigger.serialize()
    assert (arguments["job_name"], arguments["pace"]["poll_interval"]) == (NAME, 2)
    assert arguments["log_pattern"] == get_kind("training").log_filter
    assert arguments["pace"]["deadline"] == pytest.approx(time.time() + 600 + 3600, abs=5)


def test_track_returns_at_once_when_the_job_is_done(sagemaker: Stubber, use: Any) -> None:
    found(sagemaker, "Completed")
    summary = run(use(SageMakerJobSensor(task_id="track", job=JOB)), context=context())
    assert (summary["job_name"], summary["status"]) == (NAME, "Completed")


def test_a_retry_of_track_starts_the_next_attempt(sagemaker: Stubber, use: Any) -> None:
    found(sagemaker, "Stopped")
    missing(sagemaker)
    created(sagemaker)
    with pytest.raises(TaskDeferred) as deferred:
        run(use(SageMakerJobSensor(task_id="track", job=JOB)), context=context())
    second = IDENTITY.job_name("cars", renewal=0, attempt=2)
    assert deferred.value.trigger.serialize()[1]["job_name"] == second


def resume(use: Any, event: dict[str, Any], task_context: Any = None) -> Any:
    track = use(SageMakerJobSensor(task_id="track", job=JOB, aws_conn_id=None))
    event = {"job_name": NAME, "renewal": 0, **event}
    return run(track, "resume", context=task_context or context(), event=event)


@pytest.fixture
def job_log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines = ["loading", "KeyError: 'label'"]
    monkeypatch.setattr("sagemaker_jobs.sensors.job.last_lines", lambda *_: lines)
    return lines


@pytest.mark.usefixtures("job_log")
@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        ("Failed", "AlgorithmError: exit code 1", JobFailed),
        ("Failed", "CapacityError: none", JobInterrupted),
        ("Stopped", "stopped", JobInterrupted),
    ],
)
def test_resume_raises_by_the_reason_and_prints_the_logs_end(
    sagemaker: Stubber,
    use: Any,
    log_lines: Callable[[Any], list[str]],
    status: str,
    reason: str,
    error: type[Exception],
) -> None:
    found(sagemaker, status, tagged=False, FailureReason=reason)
    track = use(SageMakerJobSensor(task_id="track", job=JOB, aws_conn_id=None))
    lines = log_lines(track)
    event = {"status": "ended", "job_name": NAME, "renewal": 0}
    with pytest.raises(error, match=reason):
        run(track, "resume", context=context(), event=event)
    assert lines == ["loading", "KeyError: 'label'"]


@pytest.mark.usefixtures("job_log")
def test_a_job_that_failed_before_it_was_tracked_has_its_log_printed_too(
    sagemaker: Stubber, use: Any, log_lines: Callable[[Any], list[str]]
) -> None:
    found(sagemaker, "Failed", FailureReason="AlgorithmError: exit code 1")
    track = use(SageMakerJobSensor(task_id="track", job=JOB, aws_conn_id=None))
    lines = log_lines(track)
    with pytest.raises(JobFailed, match=NAME):
        run(track, context=context())
    assert lines == ["loading", "KeyError: 'label'"]


@pytest.mark.usefixtures("job_log")
@pytest.mark.parametrize(
    ("method", "status", "error"),
    [
        ("execute", "Failed", JobFailed),
        ("resume", "Failed", JobFailed),
        ("resume", "Stopped", JobInterrupted),
    ],
)
def test_a_job_that_did_not_complete_leaves_its_summary_all_the_same(
    sagemaker: Stubber, use: Any, method: str, status: str, error: type[Exception]
) -> None:
    """People see what a failure took and cost without asking SageMaker."""
    times = {"TrainingStartTime": STARTED, "TrainingEndTime": ENDED}
    end = {"FailureReason": "why", "BillableTimeInSeconds": 60, **times}
    found(sagemaker, status, tagged=method == "execute", **end)
    track = use(
        SageMakerJobSensor(task_id="track", job=JOB, aws_conn_id=None, cost_usd=half_a_dollar)
    )
    event = {} if method == "execute" else {"event": ENDED_EVENT}
    where = context()
    with pytest.raises(error):
        run(track, method, context=where, **event)
    summary = where["pushed"]["summary"]
    assert summary == json.loads(json.dumps(summary))
    assert (summary["status"], summary["failure_reason"]) == (status, "why")
    assert (summary["seconds"], summary["billable_seconds"]) == (90.0, 120)
    assert summary["cost_usd"] == 0.5


def half_a_dollar(summary: Mapping[str, Any]) -> float:
    assert summary["instance_type"] == "ml.c5.xlarge"
    return 0.5


def unknown_cost(_: Mapping[str, Any]) -> float:
    raise LookupError("no such price file")


@pytest.mark.parametrize(
    ("cost", "dollars"), [(half_a_dollar, 0.5), (unknown_cost, None), (None, None)]
)
def test_a_cost_that_is_not_known_fails_no_job(
    sagemaker: Stubber, use: Any, cost: Any, dollars: float | None
) -> None:
    found(sagemaker, "Completed")
    track = use(SageMakerJobSensor(task_id="track", job=JOB, cost_usd=cost))
    assert run(track, context=context())["cost_usd"] == dollars


def test_resume_returns_the_summary(sagemaker: Stubber, use: Any) -> None:
    found(sagemaker, "Completed", tagged=False)
    assert resume(use, {"status": "ended"})["kind"] == "training"


def test_a_job_that_ended_while_aws_was_away_is_done_all_the_same(
    sagemaker: Stubber, use: Any
) -> None:
    found(sagemaker, "Completed", tagged=False)
    assert resume(use, {"status": "error", "message": "no answer"})["status"] == "Completed"


def test_the_longest_wait_leaves_the_job_alone_and_says_so(sagemaker: Stubber, use: Any) -> None:
    found(sagemaker, "InProgress", tagged=False)
    with pytest.raises(JobStillRunning, match=f"{NAME} still runs and was not stopped"):
        resume(use, {"status": "timeout"})


def test_an_absent_aws_is_tried_again(sagemaker: Stubber, use: Any) -> None:
    found(sagemaker, "InProgress", tagged=False)
    with pytest.raises(TrackingInterrupted, match="no answer for 120 s"):
        resume(use, {"status": "error", "message": "no answer for 120 s"})


def test_what_the_triggerer_may_not_look_at_fails_for_good(sagemaker: Stubber, use: Any) -> None:
    found(sagemaker, "InProgress", tagged=False)
    refused = {"status": "error", "message": "AccessDeniedException: no", "permanent": True}
    with pytest.raises(
        PermanentAwsError, match=f"{NAME} still runs, unwatched: AccessDenied.*the right"
    ):
        resume(use, refused)


@pytest.mark.usefixtures("job_log")
def test_a_job_that_a_clear_has_stopped_is_started_anew_in_the_same_try(
    sagemaker: Stubber, use: Any
) -> None:
    # The clear's run attached before the stop arrived; then the stopped job came back.
    found(sagemaker, "Stopped", tagged=False)
    found(sagemaker, "Stopped")
    missing(sagemaker)  # attempt 2 of before the clear
    missing(sagemaker)  # attempt 1 of after the clear
    created(sagemaker)
    cleared = context(max_tries=3, retries=2, clear_number=1)
    with pytest.raises(TaskDeferred) as deferred:
        resume(use, {"status": "ended"}, cleared)
    _, arguments = deferred.value.trigger.serialize()
    assert arguments["renewal"] == 1


@pytest.mark.usefixtures("job_log")
def test_a_clear_of_both_tasks_is_the_submitters_generation_alone(
    sagemaker: Stubber, use: Any
) -> None:
    """Else a lasting failure would be tried once more for no reason."""
    found(sagemaker, "Failed", tagged=False, FailureReason="AlgorithmError: bad data")
    both = context(max_tries=3, retries=2, clear_number=1)
    track = use(
        SageMakerJobSensor(task_id="track", job={**JOB, "clear_number": 1}, aws_conn_id=None)
    )
    event = {"status": "ended", "job_name": NAME, "renewal": 0}
    with pytest.raises(JobFailed, match="bad data"):
        run(track, "resume", context=both, event=event)


SERVED = {"endpoint_name": "cars", "endpoint_config_name": "new", "operation": "update"}
DEPLOYED = {
    **SERVED,
    "request": {"config": {"EndpointName": "cars", "EndpointConfigName": "new"}},
}


def track_endpoint(use: Any) -> Any:
    return use(SageMakerEndpointStatusSensor(task_id="track", endpoint=DEPLOYED))


def test_track_endpoint_defers_while_it_changes(sagemaker: Stubber, use: Any) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("Updating", "old"))
    with pytest.raises(TaskDeferred) as deferred:
        run(track_endpoint(use), context=context())
    assert deferred.value.trigger.serialize()[1]["endpoint_config_name"] == "new"


def test_track_endpoint_succeeds_on_the_wanted_configuration(sagemaker: Stubber, use: Any) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("InService", "new"))
    done = run(track_endpoint(use), "resume", context=context(), event={"status": "ended"})
    assert done == {**SERVED, "arn": f"{ACCOUNT}:endpoint/cars", "status": "InService"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (endpoint("InService", "old", FailureReason="alarm"), "rolled back: it serves old"),
        (endpoint("UpdateRollbackFailed", "new"), "is UpdateRollbackFailed"),
        (endpoint("OutOfService", "new"), "is OutOfService"),
    ],
)
def test_track_endpoint_fails_on_anything_else(
    sagemaker: Stubber, use: Any, answer: Any, told: str
) -> None:
    sagemaker.add_response("describe_endpoint", answer)
    event = {"status": "timeout", "endpoint_name": "cars"}
    with pytest.raises(EndpointNotUpdated, match=told):
        run(track_endpoint(use), "resume", context=context(), event=event)


@pytest.mark.parametrize(
    ("permanent", "error"), [(True, PermanentAwsError), (False, TrackingInterrupted)]
)
def test_an_endpoint_that_is_not_watched_on_says_why(
    sagemaker: Stubber, use: Any, permanent: bool, error: type[Exception]
) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("Updating", "old"))
    event = {"status": "error", "endpoint_name": "cars", "message": "no", "permanent": permanent}
    with pytest.raises(error, match="endpoint cars is Updating still, unwatched: no"):
        run(track_endpoint(use), "resume", context=context(), event=event)


NO_MACHINES = {"FailureReason": "Unable to provision requested ML compute capacity"}


def test_a_wait_that_is_over_blames_no_model_and_waits_on(sagemaker: Stubber, use: Any) -> None:
    """The new model may still go live, so that it has to be smoke-tested then."""
    sagemaker.add_response("describe_endpoint", endpoint("Updating", "old"))
    event = {"status": "timeout", "endpoint_name": "cars"}
    with pytest.raises(EndpointStillChanging, match="cars is Updating still, but the longest wait"):
        run(track_endpoint(use), "resume", context=context(), event=event)
    assert not issubclass(EndpointStillChanging, AirflowFailException)


def test_a_want_of_machines_is_left_to_the_next_try(sagemaker: Stubber, use: Any) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("InService", "old", **NO_MACHINES))
    with pytest.raises(EndpointInterrupted, match="next try asks for it again"):
        run(track_endpoint(use), "resume", context=context(), event={"status": "ended"})


def test_the_next_try_asks_again_for_what_had_no_machines(sagemaker: Stubber, use: Any) -> None:
    lacking = endpoint("InService", "old", **NO_MACHINES)
    sagemaker.add_response("describe_endpoint", lacking)
    sagemaker.add_response("describe_endpoint", lacking)
    asked = {"EndpointName": "cars", "EndpointConfigName": "new"}
    sagemaker.add_response("update_endpoint", {"EndpointArn": f"{ACCOUNT}:endpoint/cars"}, asked)
    sagemaker.add_response("describe_endpoint", endpoint("Updating", "old"))
    with pytest.raises(TaskDeferred):
        run(track_endpoint(use), context=context())


def test_a_model_at_fault_is_not_deployed_again(sagemaker: Stubber, use: Any) -> None:
    rolled_back = endpoint("InService", "old", FailureReason="The ping timed out")
    sagemaker.add_response("describe_endpoint", rolled_back)
    with pytest.raises(EndpointNotUpdated, match="rolled back"):
        run(track_endpoint(use), context=context())


def test_deploy_says_what_it_did(sagemaker: Stubber, use: Any) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("InService", "new"))
    config = {"EndpointName": "cars", "EndpointConfigName": "new"}
    deploy = use(SageMakerDeployEndpointOperator(task_id="deploy", request={"config": config}))
    assert run(deploy, context=context()) == {**DEPLOYED, "operation": "none"}


def test_deploy_leaves_an_endpoint_that_changed_since_it_was_planned(
    sagemaker: Stubber, use: Any
) -> None:
    """A rollback that was planned before an update landed would go back over it."""
    sagemaker.add_response("describe_endpoint", endpoint("InService", "third"))
    request = {"config": {"EndpointName": "cars", "EndpointConfigName": "new"}, "replaces": "old"}
    deploy = use(SageMakerDeployEndpointOperator(task_id="deploy", request=request))
    with pytest.raises(EndpointChanged, match="it serves third, and old was to be replaced"):
        run(deploy, context=context())


def test_ensure_model_creates_it(sagemaker: Stubber, use: Any) -> None:
    config = {"ModelName": "cars-1", "PrimaryContainer": {"ModelPackageName": "arn:package/1"}}
    sagemaker.add_client_error("describe_model", "ValidationException", "Could not find model")
    sagemaker.add_response("create_model", {"ModelArn": f"{ACCOUNT}:model/cars-1"}, config)
    ensure = use(SageMakerEnsureModelOperator(task_id="model", request={"config": config}))
    made = {"model_name": "cars-1", "arn": f"{ACCOUNT}:model/cars-1"}
    assert run(ensure, context=context()) == made
