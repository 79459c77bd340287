"""The sweep asks Airflow of each running job, and stops what is nobody's; jobs really run here."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from sagemaker_jobs.errors import JobNotStopped
from sagemaker_jobs.jobs.ensure import ensure_job
from sagemaker_jobs.jobs.identity import JobIdentity
from sagemaker_jobs.jobs.kinds import KINDS, get_kind
from sagemaker_jobs.jobs.orphans import SETTLING
from sagemaker_jobs.jobs.ownership import TASK_TAG, Owner
from sagemaker_jobs.jobs.sweep import sweep
from tests.include.local_aws.local_server import BUCKET, IMAGE, ROLE, LocalServer
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, STARTED, training_job

OWN = {"deployment": "here"}
SETTLED = STARTED + SETTLING
States = dict[str, str | None]


def followed(owner: Owner) -> States:
    return {owner.task_id: "success", str(owner.tracker): "deferred"}


def given_up(owner: Owner) -> States:
    return {owner.task_id: "success", str(owner.tracker): "failed"}


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
    """Give the function that starts a job that sleeps, in a task's name; return the job's."""
    begun: list[tuple[str, str]] = []

    def start(kind: str, deployment: str, run_id: str, generation: int = 0) -> str:
        config = {**CONFIGS[kind](aws), "Tags": [{"Key": "deployment", "Value": deployment}]}
        work = JobIdentity(deployment, "cars__x", "submit_x", run_id, -1, generation)
        request = {"prefix": "x", "config": config}
        job = ensure_job(aws.sagemaker, get_kind(kind), request, work)
        begun.append((kind, job.name))
        return job.name

    yield start
    for kind, name in begun:
        if status(aws, kind, name) == "InProgress":
            KINDS[kind].stop_call(aws.sagemaker)(**{KINDS[kind].name_field: name})
        aws.ended(kind, name)


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
    return datetime.now(UTC) + SETTLING + timedelta(minutes=1)


@pytest.mark.parametrize("kind", KINDS)
def test_an_orphan_is_stopped_and_what_is_followed_or_foreign_is_not(
    aws: LocalServer, start: Callable[..., str], kind: str
) -> None:
    orphan, owned = start(kind, "here", "given-up"), start(kind, "here", "followed")
    foreign, deleted = start(kind, "elsewhere", "given-up"), start(kind, "here", "deleted")

    def ask(owner: Owner) -> States:
        return {"given-up": given_up, "followed": followed}.get(owner.run_id, lambda _: {})(owner)

    done = sweep(aws.sagemaker, OWN, ask, later())
    assert {where: [entry["job"] for entry in entries] for where, entries in done.items()} == {
        "stopped": [orphan],
        "left": [owned],
        "unassigned": [deleted],
    }
    (entry,) = done["stopped"]
    assert entry["task"] == "cars__x/submit_x/given-up"
    assert entry["reason"] == "nobody is at it: submit_x is success, track_x is failed"
    aws.ended(kind, orphan)
    assert status(aws, kind, orphan) == "Stopped"
    assert {status(aws, kind, name) for name in (owned, foreign, deleted)} == {"InProgress"}


def test_what_has_just_begun_is_left(aws: LocalServer, start: Callable[..., str]) -> None:
    name = start("processing", "here", "given-up")
    done = sweep(aws.sagemaker, OWN, given_up, datetime.now(UTC))
    assert [entry["job"] for entry in done["left"]] == [name]
    assert status(aws, "processing", name) == "InProgress"


def test_of_two_jobs_of_one_task_the_former_is_stopped(
    aws: LocalServer, start: Callable[..., str]
) -> None:
    """The task was cleared while the triggerer was down, and its run goes on."""
    former = start("processing", "here", "night")
    present = start("processing", "here", "night", generation=1)
    done = sweep(aws.sagemaker, OWN, followed, later())
    assert [entry["job"] for entry in done["stopped"]] == [former]
    assert [entry["job"] for entry in done["left"]] == [present]


def test_a_job_without_our_tag_is_somebody_elses(aws: LocalServer) -> None:
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
    aws.ended("processing", name)


def lists(sagemaker: Stubber, *names: str) -> None:
    """Script one page a training job, and no job of the other kinds."""
    for number, name in enumerate(names, 1):
        summary = {
            "TrainingJobName": name,
            "TrainingJobArn": f"{ACCOUNT}:training-job/{name}",
            "CreationTime": STARTED,
            "TrainingJobStatus": "InProgress",
        }
        more = {"NextToken": str(number)} if number < len(names) else {}
        asked = {"StatusEquals": "InProgress"}
        if number > 1:
            asked["NextToken"] = str(number - 1)
        sagemaker.add_response(
            "list_training_jobs", {"TrainingJobSummaries": [summary], **more}, asked
        )
        tags = {"deployment": "here", TASK_TAG: f"d/submit_train/{name}"}
        found = [{"Key": key, "Value": value} for key, value in tags.items()]
        # Tags come in pages, too.
        arn = {"ResourceArn": summary["TrainingJobArn"]}
        sagemaker.add_response("list_tags", {"Tags": found[:1], "NextToken": "2"}, arn)
        sagemaker.add_response("list_tags", {"Tags": found[1:]}, {**arn, "NextToken": "2"})
    sagemaker.add_response("list_processing_jobs", {"ProcessingJobSummaries": []})
    sagemaker.add_response("list_transform_jobs", {"TransformJobSummaries": []})


def test_every_page_is_read_and_one_refusal_keeps_no_other_job_running(
    sagemaker: Stubber, client: Any
) -> None:
    """The task fails, so that people learn of it; its next try asks again."""
    lists(sagemaker, "first", "second")
    sagemaker.add_client_error("stop_training_job", "AccessDeniedException", "may not stop")
    sagemaker.add_response("describe_training_job", training_job("first"))
    sagemaker.add_response("stop_training_job", {}, {"TrainingJobName": "second"})
    with pytest.raises(JobNotStopped, match="training job first: may not stop") as raised:
        sweep(client, OWN, given_up, SETTLED)
    assert "Stopped in this try: training job second" in str(raised.value)
    assert [entry["job"] for entry in raised.value.done["stopped"]] == ["second"]


def test_a_job_that_airflow_does_not_answer_for_keeps_no_other_running(
    sagemaker: Stubber, client: Any
) -> None:
    lists(sagemaker, "first", "second")
    sagemaker.add_response("stop_training_job", {}, {"TrainingJobName": "second"})

    def ask(owner: Owner) -> States:
        if owner.run_id == "first":
            raise ConnectionError("the API server is away")
        return given_up(owner)

    with pytest.raises(JobNotStopped, match="job first: the API server is away") as raised:
        sweep(client, OWN, ask, SETTLED)
    assert [entry["job"] for entry in raised.value.done["stopped"]] == ["second"]


def test_a_job_that_ended_meanwhile_is_no_failure(sagemaker: Stubber, client: Any) -> None:
    lists(sagemaker, "first")
    sagemaker.add_client_error("stop_training_job", "ValidationException", "is in status Completed")
    sagemaker.add_response("describe_training_job", training_job("first", "Completed"))
    done = sweep(client, OWN, given_up, SETTLED)
    assert done["stopped"] == []
    assert done["left"][0]["reason"] == "it has ended by itself meanwhile"
