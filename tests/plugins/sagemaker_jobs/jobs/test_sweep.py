"""`sweep` stops running jobs that no task waits for. The jobs run on the local AWS."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from sagemaker_jobs.errors import JobNotStopped
from sagemaker_jobs.jobs.ensure import ensure_job
from sagemaker_jobs.jobs.identity import JobIdentity
from sagemaker_jobs.jobs.kinds import KINDS, get_kind
from sagemaker_jobs.jobs.orphans import GRACE_PERIOD
from sagemaker_jobs.jobs.ownership import TASK_TAG, Owner
from sagemaker_jobs.jobs.sweep import sweep
from tests.include.local_aws.local_server import BUCKET, IMAGE, ROLE, LocalServer
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, STARTED, training_job

OWN = {"deployment": "here"}
AFTER_GRACE_PERIOD = STARTED + GRACE_PERIOD
States = dict[str, str | None]


def waiting(owner: Owner) -> States:
    return {owner.task_id: "success", str(owner.sensor_task_id): "deferred"}


def given_up(owner: Owner) -> States:
    return {owner.task_id: "success", str(owner.sensor_task_id): "failed"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A running server with slots for all jobs of a test."""
    server = LocalServer(tmp_path_factory.mktemp("local_aws"), jobs=16)
    server.start()
    server.s3.create_bucket(Bucket=BUCKET)
    server.s3.put_object(Bucket=BUCKET, Key="data/a.txt", Body=b"a")
    yield server
    assert server.stop() == 0


@pytest.fixture
def start(aws: LocalServer) -> Iterator[Callable[..., str]]:
    """Return a function that starts a sleeping job for a task and returns the job's name."""
    started: list[tuple[str, str]] = []

    def start(kind: str, deployment: str, run_id: str, generation: int = 0) -> str:
        config = {**CONFIGS[kind](aws), "Tags": [{"Key": "deployment", "Value": deployment}]}
        identity = JobIdentity(deployment, "cars__x", "submit_x", run_id, -1, generation)
        request = {"prefix": "x", "config": config}
        job = ensure_job(
            aws.sagemaker, get_kind(kind), request, identity, sensor_task_id="wait_for_x"
        )
        started.append((kind, job.name))
        return job.name

    yield start
    for kind, name in started:
        if status(aws, kind, name) == "InProgress":
            KINDS[kind].stop_call(aws.sagemaker)(**{KINDS[kind].name_field: name})
        aws.wait_for_job(kind, name)


def _training(aws: LocalServer) -> dict[str, Any]:
    request = aws.training_request(f"s3://{BUCKET}/data", sleep="300")
    del request["TrainingJobName"]
    return dict(request)


def _processing(aws: LocalServer) -> dict[str, Any]:
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
    return {
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": IMAGE, "ContainerArguments": ["sleep"]},
        "ProcessingResources": {"ClusterConfig": cluster},
    }


def _transform(aws: LocalServer) -> dict[str, Any]:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data/"}}
    return {
        "ModelName": aws.model(START_DELAY="300"),
        "TransformInput": {"DataSource": source},
        "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/answers"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }


CONFIGS: dict[str, Callable[[LocalServer], dict[str, Any]]] = {
    "training": _training,
    "processing": _processing,
    "transform": _transform,
}


def status(aws: LocalServer, kind: str, name: str) -> str:
    description = KINDS[kind].describe(aws.sagemaker, name)
    assert description is not None
    return KINDS[kind].status(description)


def later() -> datetime:
    return datetime.now(UTC) + GRACE_PERIOD + timedelta(minutes=1)


@pytest.mark.parametrize("kind", KINDS)
def test_only_an_orphan_is_stopped(aws: LocalServer, start: Callable[..., str], kind: str) -> None:
    orphan, owned = start(kind, "here", "given-up"), start(kind, "here", "waiting")
    foreign, deleted = start(kind, "other", "given-up"), start(kind, "here", "deleted")

    def states(owner: Owner) -> States:
        return {"given-up": given_up, "waiting": waiting}.get(owner.run_id, lambda _: {})(owner)

    done = sweep(aws.sagemaker, OWN, states, later())
    assert {where: [entry["job"] for entry in entries] for where, entries in done.items()} == {
        "stopped": [orphan],
        "left": [owned],
        "unassigned": [deleted],
    }
    (entry,) = done["stopped"]
    assert entry["task"] == "cars__x/submit_x/given-up"
    assert entry["reason"] == "no task waits for it: submit_x is success, wait_for_x is failed"
    aws.wait_for_job(kind, orphan)
    assert status(aws, kind, orphan) == "Stopped"
    assert {status(aws, kind, name) for name in (owned, foreign, deleted)} == {"InProgress"}


def test_a_new_job_is_left(aws: LocalServer, start: Callable[..., str]) -> None:
    name = start("processing", "here", "given-up")
    done = sweep(aws.sagemaker, OWN, given_up, datetime.now(UTC))
    assert [entry["job"] for entry in done["left"]] == [name]
    assert status(aws, "processing", name) == "InProgress"


def test_the_former_of_two_jobs_of_a_task_is_stopped(
    aws: LocalServer, start: Callable[..., str]
) -> None:
    """A user cleared the task while the triggerer was down, and the run goes on."""
    former = start("processing", "here", "manual__1")
    present = start("processing", "here", "manual__1", generation=1)
    done = sweep(aws.sagemaker, OWN, waiting, later())
    assert [entry["job"] for entry in done["stopped"]] == [former]
    assert [entry["job"] for entry in done["left"]] == [present]


def test_a_job_without_the_tag_of_a_task_is_ignored(aws: LocalServer) -> None:
    name = aws.process("sleep", source=f"s3://{BUCKET}/data", target=f"s3://{BUCKET}/copy")
    description = aws.sagemaker.describe_processing_job(ProcessingJobName=name)
    aws.sagemaker.add_tags(
        ResourceArn=description["ProcessingJobArn"],
        Tags=[{"Key": "deployment", "Value": "here"}],
    )
    done = sweep(aws.sagemaker, OWN, given_up, later())
    assert done == {"stopped": [], "left": [], "unassigned": []}
    assert status(aws, "processing", name) == "InProgress"
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    aws.wait_for_job("processing", name)


def lists(sagemaker: Stubber, *names: str) -> None:
    """Stub one page for each training job, and no jobs of the other kinds."""
    for number, name in enumerate(names, 1):
        summary = {
            "TrainingJobName": name,
            "TrainingJobArn": f"{ACCOUNT}:training-job/{name}",
            "CreationTime": STARTED,
            "TrainingJobStatus": "InProgress",
        }
        token = {"NextToken": str(number)} if number < len(names) else {}
        parameters = {"StatusEquals": "InProgress"}
        if number > 1:
            parameters["NextToken"] = str(number - 1)
        sagemaker.add_response(
            "list_training_jobs", {"TrainingJobSummaries": [summary], **token}, parameters
        )
        tags = {"deployment": "here", TASK_TAG: f"d/submit_train/{name}"}
        found = [{"Key": key, "Value": value} for key, value in tags.items()]
        # The tags have pages, too.
        arn = {"ResourceArn": summary["TrainingJobArn"]}
        sagemaker.add_response("list_tags", {"Tags": found[:1], "NextToken": "2"}, arn)
        sagemaker.add_response("list_tags", {"Tags": found[1:]}, {**arn, "NextToken": "2"})
    sagemaker.add_response("list_processing_jobs", {"ProcessingJobSummaries": []})
    sagemaker.add_response("list_transform_jobs", {"TransformJobSummaries": []})


def test_every_page_is_read_and_an_error_does_not_affect_other_jobs(
    sagemaker: Stubber, client: Any
) -> None:
    """The task fails, so that the users are notified, and its retry tries again."""
    lists(sagemaker, "first", "second")
    sagemaker.add_client_error("stop_training_job", "AccessDeniedException", "may not stop")
    sagemaker.add_response("describe_training_job", training_job("first"))
    sagemaker.add_response("stop_training_job", {}, {"TrainingJobName": "second"})
    with pytest.raises(JobNotStopped, match="training job first: may not stop") as raised:
        sweep(client, OWN, given_up, AFTER_GRACE_PERIOD)
    assert "Stopped in this try: training job second" in str(raised.value)
    assert [entry["job"] for entry in raised.value.done["stopped"]] == ["second"]


def test_a_job_whose_states_are_unknown_does_not_affect_other_jobs(
    sagemaker: Stubber, client: Any
) -> None:
    lists(sagemaker, "first", "second")
    sagemaker.add_response("stop_training_job", {}, {"TrainingJobName": "second"})

    def states(owner: Owner) -> States:
        if owner.run_id == "first":
            raise ConnectionError("the API server does not answer")
        return given_up(owner)

    with pytest.raises(JobNotStopped, match="job first: the API server does not answer") as raised:
        sweep(client, OWN, states, AFTER_GRACE_PERIOD)
    assert [entry["job"] for entry in raised.value.done["stopped"]] == ["second"]


def test_a_job_that_has_ended_meanwhile_is_left(sagemaker: Stubber, client: Any) -> None:
    lists(sagemaker, "first")
    sagemaker.add_client_error("stop_training_job", "ValidationException", "is in status Completed")
    sagemaker.add_response("describe_training_job", training_job("first", "Completed"))
    done = sweep(client, OWN, given_up, AFTER_GRACE_PERIOD)
    assert done["stopped"] == []
    assert done["left"][0]["reason"] == "it has ended by itself meanwhile"
