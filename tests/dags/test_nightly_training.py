"""One image from a night's plan to its package, and a budget before any of its jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from moto import mock_aws
from moto.sagemaker.models import sagemaker_backends

from dag_factory import job_tasks
from include.config import Deployment, Pipeline, find_pipeline
from include.config.sections.budget import Budget
from include.decisions.costs.billing import billing_facts
from include.decisions.costs.budget import BudgetError
from include.storage.layout import Layout
from include.storage.records import RecordError
from tests.dags.task_calls import running, task_context

BUCKET, REPOSITORY = "some-bucket", "image-classification"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
URI = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}"
RECORD = {
    "version": "r1",
    "dataset_version": "d1",
    "counts": {"train": 100, "validation": 20, "classes": 5},
}
TEST_PHOTO = {"key": "aa.jpg", "size": 1, "split": "test", "label": 0}
TRAINED: dict[str, Any] = {
    "job_name": "merch-train-1",
    "outputs": {"model": "s3://some-bucket/m.tar.gz"},
    "billable_seconds": 900.0,
    "spot_saving": 0.7,
    "instance_type": "ml.c5.xlarge",
    "metrics": {"int8:accepted": 1.0},
}
EVALUATION = {"dataset_version": "d1", "split": "test", "images": 1, "top1": 1.0, "top5": 1.0}
ANSWERS = "key,name,predicted_name,confidence\naa.jpg,Audi,Audi,0.900000\n"
VERDICT = {"verdict": "promote", "reason": "better", "top1": 0.9}


class Night:
    """The functions of one pipeline's nights, over AWS in memory; `said` is what tasks pushed."""

    def __init__(self, dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dag, self.monkeypatch = dag, monkeypatch
        self.s3, self.sagemaker, self.ecr = (
            boto3.client(service, region_name="us-east-1") for service in ("s3", "sagemaker", "ecr")
        )
        self.pipeline = find_pipeline("merch", "local")
        self.deployment = Deployment(
            name="testing",
            bucket=BUCKET,
            role_arn=ROLE,
            image_uri=f"{URI}:1",
            region="us-east-1",
        )
        self.said: dict[str, Any] = {}
        self.force = False

    def call(self, task: str, *args: Any) -> Any:
        function = self.dag.get_task(task).python_callable
        run = SimpleNamespace(
            s3=self.s3, sagemaker=self.sagemaker, ecr=self.ecr, bucket=BUCKET,
            pipeline=self.pipeline, deployment=self.deployment,
            layout=Layout(BUCKET, self.pipeline.name),
        )  # fmt: skip
        ti = SimpleNamespace(xcom_push=lambda key, value: self.said.update({key: value}))
        self.context = task_context(ti, params={"force": self.force})
        with running(function, run, self.context, self.monkeypatch):
            return function(self.pipeline.name, *args)

    def register(
        self,
        planned: dict[str, Any],
        prepared: dict[str, Any] | None = None,
        verdict: dict[str, Any] = VERDICT,
        trained: dict[str, Any] = TRAINED,
    ) -> dict[str, Any]:
        """Register the candidate as it was prepared."""
        prepared = prepared or self.call("prepare", planned["lineage"], trained)
        facts = planned["lineage"], trained, verdict, prepared["model"]
        return dict(self.call("register", *facts))

    def put(self, key: str, record: dict[str, Any]) -> None:
        self.put_text(key, json.dumps(record))

    def put_text(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())

    def serve(self, facts: dict[str, str]) -> str:
        """Let the endpoint serve a package with this metadata, and return its training job."""
        config, slug = "config-1", self.pipeline.slug
        package = self.sagemaker.create_model_package(
            ModelPackageName="champion",
            InferenceSpecification={
                "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://b/m.tar.gz"}],
                "SupportedContentTypes": ["image/jpeg"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties=facts,
        )["ModelPackageArn"]
        container, role = {"ModelPackageName": package}, self.deployment.role_arn
        self.sagemaker.create_model(
            ModelName="model-1", PrimaryContainer=container, ExecutionRoleArn=role
        )
        variant = {
            "VariantName": "AllTraffic", "ModelName": "model-1",
            "InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 1,
        }  # fmt: skip
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=config, ProductionVariants=[variant]
        )
        self.sagemaker.create_endpoint(EndpointName=slug, EndpointConfigName=config)
        return facts["training_job"]

    def push_image(self, content: str) -> str:
        """Give the tag 1 to an image of this content, and return the image's digest."""
        layers = [{"digest": content}]  # without them, moto draws one of a hundred digests
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers, "config": {}}
        pushed = self.ecr.put_image(
            repositoryName=REPOSITORY, imageTag="1", imageManifest=json.dumps(manifest)
        )
        return str(pushed["image"]["imageId"]["imageDigest"])

    @property
    def record(self) -> dict[str, Any]:
        """What the last night decided, as anybody finds it in S3."""
        body = self.s3.get_object(Bucket=BUCKET, Key="merch/models/night.json")["Body"]
        return dict(json.loads(body.read()))

    def trained_with(self, status: str, checkpoints: str) -> None:
        """Let there be the training job, with its checkpoints there ("" asks for none)."""
        name = TRAINED["job_name"]
        self.sagemaker.create_training_job(
            TrainingJobName=name,
            RoleArn=ROLE,
            AlgorithmSpecification={"TrainingImage": URI, "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
            **({"CheckpointConfig": {"S3Uri": checkpoints}} if checkpoints else {}),
        )
        job = sagemaker_backends[ACCOUNT]["us-east-1"].training_jobs[name]
        job.training_job_status = status  # moto's jobs are complete at once

    def set_budget(self, **caps: float) -> None:
        self.pipeline = self.pipeline.model_copy(update={"budget": Budget(**caps)})


@pytest.fixture
def night(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    with mock_aws():
        night = Night(dag_bag.dags["merch__nightly_training"], monkeypatch)
        night.s3.create_bucket(Bucket=BUCKET)
        night.ecr.create_repository(repositoryName=REPOSITORY)
        layout = Layout(BUCKET, "merch")
        for key, content in (
            (layout.recordio_pointer, RECORD),
            (f"{layout.dataset('d1')}manifest.jsonl", TEST_PHOTO),
        ):
            night.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(content).encode())
        yield night


def test_all_of_a_night_runs_the_image_that_its_plan_found(night: Night) -> None:
    """A push during the night must not judge a model by other code than trained it."""
    first = f"{URI}@{night.push_image('first')}"
    planned = night.call("plan")
    night.push_image("second")
    asked = night.call("prepare", planned["lineage"], TRAINED)
    registered = night.register(planned, asked)
    package = night.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    assert planned["request"]["config"]["AlgorithmSpecification"]["TrainingImage"] == first
    assert asked["model"]["config"]["PrimaryContainer"]["Image"] == first
    assert asked["evaluate"]["config"]["AppSpecification"]["ImageUri"] == first
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["Image"] == first


def merch_on(instance_type: str) -> Pipeline:
    """The pipeline merch as it is on AWS, with its models on this instance type."""
    merch = find_pipeline("merch", "local")
    own = merch.training.model_copy(update={"algorithm": "custom"})
    kind = {"instance_type": instance_type}
    evaluation, batch = (
        stage.model_copy(update={"transform": stage.transform.model_copy(update=kind)})
        for stage in (merch.evaluation, merch.batch)
    )
    endpoint = merch.endpoint.model_copy(update=kind)
    stages = {"training": own, "evaluation": evaluation, "batch": batch, "endpoint": endpoint}
    return merch.model_copy(update=stages)


@pytest.mark.parametrize(
    ("instance_type", "accepted", "expected", "why"),
    [
        ("ml.c6i.xlarge", 1.0, "int8", "accepted the int8 form"),
        ("ml.c6i.xlarge", 0.0, "float32", "accepted no int8 form"),
        ("ml.c6i.xlarge", None, "float32", "accepted no int8 form"),
        ("ml.c5.xlarge", 1.0, "float32", "endpoint.instance_type ml.c5.xlarge may run on"),
    ],
)
def test_a_model_is_registered_in_the_precision_in_which_it_was_judged(
    night: Night, instance_type: str, accepted: float | None, expected: str, why: str
) -> None:
    """Else each server's processor chooses, and what serves is not what was judged."""
    night.push_image("first")
    night.pipeline = merch_on(instance_type)
    metrics = {} if accepted is None else {"int8:accepted": accepted}
    planned = night.call("plan")
    asked = night.call("prepare", planned["lineage"], {**TRAINED, "metrics": metrics})
    assert why in night.said["reason"]
    environment = {"SERVING_PRECISION": expected}
    assert asked["model"]["config"]["PrimaryContainer"]["Environment"] == environment
    arguments = asked["evaluate"]["config"]["AppSpecification"]["ContainerArguments"]
    assert arguments[-2:] == ["--serving-precision", expected]
    registered = night.register(planned, asked)
    package = night.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["Environment"] == environment
    assert package["CustomerMetadataProperties"]["serving_precision"] == expected


def test_a_cleared_prepare_makes_another_model_and_package_where_the_precision_changed(
    night: Night,
) -> None:
    """The first model's name would be taken, and the package would keep the other container."""
    night.push_image("first")
    planned = night.call("plan")
    models, containers = [], []
    for instance_type in ("ml.c6i.xlarge", "ml.c5.xlarge", "ml.c6i.xlarge"):
        night.pipeline = merch_on(instance_type)
        asked = night.call("prepare", planned["lineage"], TRAINED)
        model = asked["model"]["config"]
        assert asked["transform"]["config"]["ModelName"] == model["ModelName"]
        assert model["ModelName"].startswith("merch-")
        models.append(model["ModelName"])
        package = night.register(planned, asked)["package"]
        described = night.sagemaker.describe_model_package(ModelPackageName=package)
        (container,) = described["InferenceSpecification"]["Containers"]
        assert container["Environment"] == model["PrimaryContainer"]["Environment"]
        facts = described["CustomerMetadataProperties"]
        assert facts["serving_precision"] == container["Environment"]["SERVING_PRECISION"]
        containers.append(package)
    assert models[0] == models[2] != models[1]
    assert containers[0] == containers[2] != containers[1]


def test_the_built_in_algorithm_has_no_such_setting(night: Night) -> None:
    night.push_image("first")
    planned = night.call("plan")
    built_in = night.pipeline.training.model_copy(update={"algorithm": "built-in"})
    night.pipeline = night.pipeline.model_copy(update={"training": built_in})
    asked = night.call("prepare", planned["lineage"], TRAINED)
    assert "Environment" not in asked["model"]["config"]["PrimaryContainer"]
    registered = night.register(planned, asked)
    package = night.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    assert "serving_precision" not in package["CustomerMetadataProperties"]


def test_what_was_billed_is_on_the_package(night: Night) -> None:
    night.push_image("first")
    registered = night.register(night.call("plan"))
    package = night.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    facts = package["CustomerMetadataProperties"]
    assert registered["cost_usd"] == 0.051
    assert (facts["cost_usd"], facts["billable_seconds"]) == ("0.051", "900.0")
    assert facts["spot_saving"] == "0.7"


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped", "InProgress"])
def test_the_checkpoints_of_a_registered_training_are_deleted_once_it_is_complete(
    night: Night, status: str
) -> None:
    """Whatever did not complete resumes from them; a neighbour's are never touched."""
    night.push_image("first")
    planned, layout = night.call("plan"), Layout(BUCKET, "merch")
    checkpoints = {f"{layout.checkpoints('merch-train-1')}checkpoint-{n}.npz" for n in (0, 1)}
    neighbour = f"{layout.checkpoints('merch-train-10')}checkpoint-0.npz"
    for key in (*checkpoints, neighbour):
        night.s3.put_object(Bucket=BUCKET, Key=key, Body=b"parameters")
    place = layout.output(layout.checkpoints("merch-train-1"))
    night.trained_with(status, place)
    night.register(planned)
    listed = night.s3.list_objects_v2(Bucket=BUCKET, Prefix=layout.checkpoint_root)["Contents"]
    left = {neighbour} if status == "Completed" else {neighbour, *checkpoints}
    assert {entry["Key"] for entry in listed} == left


@pytest.mark.parametrize("place", ["s3://other/merch/checkpoints/a", f"s3://{BUCKET}/merch", ""])
def test_nothing_but_the_pipelines_own_checkpoints_is_deleted(night: Night, place: str) -> None:
    night.push_image("first")
    planned = night.call("plan")
    prepared = night.call("prepare", planned["lineage"], TRAINED)
    before = night.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"]
    night.trained_with("Completed", place)
    assert night.register(planned, prepared)["package"]
    assert night.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == before


def test_the_second_night_is_skipped_until_the_tag_names_other_code(night: Night) -> None:
    night.push_image("first")
    planned = night.call("plan")
    assert "estimated cost: $0.20 for the training job" in night.said["reason"]
    assert (night.record["trains"], night.record["reason"]) == (True, night.said["reason"])
    night.register(planned)
    with pytest.raises(AirflowSkipException, match="nothing new to learn: merch-train-1"):
        night.call("plan")
    assert night.record["trains"] is False
    assert night.record["reason"] == night.said["reason"]
    assert night.record["fingerprint"] == planned["lineage"]["fingerprint"]
    night.push_image("second")
    again = night.call("plan")
    assert again["lineage"]["fingerprint"] != planned["lineage"]["fingerprint"]


@pytest.mark.parametrize("force", [False, True])
def test_a_budget_blocks_before_anything_is_asked_for(night: Night, force: bool) -> None:
    night.push_image("first")
    night.set_budget(per_run_usd=0.1)
    night.force = force
    with pytest.raises(BudgetError, match=r"budget\.per_run_usd is \$0\.10"):
        night.call("plan")
    assert "reason" not in night.said


@pytest.mark.parametrize("wrong", ["no image", "no RecordIO", "no budget"])
def test_a_night_that_fails_says_first_that_the_model_is_stale(night: Night, wrong: str) -> None:
    """Nights that fail are those by which a model grows old."""
    if wrong != "no image":
        night.push_image("first")
    if wrong == "no RecordIO":
        night.s3.delete_object(Bucket=BUCKET, Key=Layout(BUCKET, "merch").recordio_pointer)
    night.set_budget(per_run_usd=0.1)
    night.monkeypatch.setattr(
        "include.decisions.training.model_age.model_age_warning", lambda *_: "40 days old"
    )
    with pytest.raises(Exception, match=r"ECR does not have|recordio/current\.json|per_run_usd"):
        night.call("plan")
    assert night.said["notice"] == {"event": "stale", "text": "40 days old"}


def test_plan_looks_the_champion_up_once(night: Night) -> None:
    """The model's age and the start from the champion both need it."""
    night.push_image("first")
    training = night.pipeline.training.model_copy(update={"start_from": "champion"})
    notifications = night.pipeline.notifications.model_copy(update={"max_model_age_days": 30})
    night.pipeline = night.pipeline.model_copy(
        update={"training": training, "notifications": notifications}
    )
    lookups: list[str] = []

    def choose(*where: Any) -> None:
        lookups.append(where[-1])

    night.monkeypatch.setattr("include.decisions.promotion.champion.choose_champion", choose)
    night.call("plan")
    assert lookups == ["merch"]


@pytest.mark.parametrize(
    ("said", "person", "found"),
    [
        ("Approve", {"id": "7", "name": "Ada"}, "Approved"),
        ("Reject", {"id": "7", "name": "Ada"}, "Rejected"),
        ("Reject", None, "PendingManualApproval"),  # the default: nobody answered in time
    ],
)
def test_a_persons_answer_is_in_the_registry_and_silence_is_none(
    night: Night, pipelines_folder: Path, load_dags: Any, said: str, person: Any, found: str
) -> None:
    """Else the registry says that a model waits for an answer which it has."""
    night.push_image("first")
    waiting = {**VERDICT, "verdict": "await approval"}
    registered = night.register(night.call("plan"), verdict=waiting)
    ask = "source: {layout: class_folders}\npromotion: {approval: ask}\n"
    (pipelines_folder / "flowers.yaml").write_text(ask)
    night.dag = load_dags().dags["flowers__nightly_training"]
    night.pipeline = find_pipeline("flowers", "local")
    answer = {
        "chosen_options": [said],
        "params_input": {"why": "seen them"},
        "responded_by_user": person,
    }
    if said == "Approve":
        assert night.call("take_answer", registered, answer)["verdict"] == "promote"
    else:
        with pytest.raises(AirflowSkipException):
            night.call("take_answer", registered, answer)
    package = night.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    assert package["ModelApprovalStatus"] == found
    if person:
        expected = f"{found.lower()} in Airflow by Ada: seen them"
        assert package["ApprovalDescription"] == expected == night.said["reason"]


@pytest.mark.parametrize(("deployment", "dollars"), [("testing", 0.051), ("local", None)])
def test_the_tracker_knows_what_a_training_cost_where_it_is_billed(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch, deployment: str, dollars: float | None
) -> None:
    """It is in the summary, a failed training's too, and the same as on the package."""
    here = Deployment(deployment, BUCKET, ROLE, URI, "us-east-1")
    monkeypatch.setattr(job_tasks, "load_deployment", lambda: here)
    dag = dag_bag.dags["merch__nightly_training"]
    assert dag.get_task("track_train").cost_usd(TRAINED) == dollars
    assert billing_facts(TRAINED, here)["cost_usd"] == dollars
    assert dag.get_task("track_evaluate").cost_usd is None


def test_a_candidate_of_earlier_data_gets_no_margin(night: Night) -> None:
    """Trained on an earlier version by its name, it must be better by more than chance."""
    layout = Layout(BUCKET, "merch")
    for version, day in (("d1", 1), ("d2", 2)):
        record = {"version": version, "created": f"2026-03-0{day}T02:00:00+00:00"}
        night.put(f"{layout.dataset(version)}dataset.json", record)
    champion = night.serve({"training_job": "merch-train-0", "dataset_version": "d2"})
    night.put(layout.evaluation_report(TRAINED["job_name"]), EVALUATION)
    for job in (TRAINED["job_name"], champion):
        night.put_text(layout.evaluation_answers(job), ANSWERS)
    verdict = night.call("judge", TRAINED, {"job_name": "merch-evaluate-1"})
    assert verdict["verdict"] == "keep"
    assert "no newer than the champion's d2" in verdict["rule"]


@pytest.mark.parametrize("force", [False, True])
def test_what_could_not_be_judged_is_not_trained(night: Night, force: bool) -> None:
    night.push_image("first")
    night.force = force
    manifest = f"{Layout(BUCKET, 'merch').dataset('d1')}manifest.jsonl"
    night.put(manifest, {**TEST_PHOTO, "size": 10**9})
    with pytest.raises(RecordError, match="max_payload_mb"):
        night.call("plan")
    assert "reason" not in night.said


@pytest.mark.parametrize(
    ("candidate_right", "verdict"), [(30, "keep"), (40, "promote")], ids=["worse", "better"]
)
def test_without_an_endpoint_a_candidate_must_beat_the_newest_approved_model(
    night: Night, candidate_right: int, verdict: str
) -> None:
    """A pipeline that only predicts batches, or an endpoint that was deleted over a weekend."""
    night.push_image("first")
    layout, planned = Layout(BUCKET, "merch"), night.call("plan")
    for job, right in (("merch-train-0", 32), (TRAINED["job_name"], candidate_right)):
        night.put_text(layout.evaluation_answers(job), answers_of(right))
    night.put(layout.evaluation_report(TRAINED["job_name"]), evaluation_of(candidate_right))
    earlier = {**TRAINED, "job_name": "merch-train-0"}
    night.register(planned, trained=earlier)
    evaluated = {"job_name": "merch-evaluate-1"}
    found = night.call("judge", TRAINED, evaluated)
    assert found["verdict"] == verdict
    assert "against champion 1's 0.8000" in found["reason"]
    night.register(planned, verdict={**VERDICT, "verdict": "promote"})
    again = night.call("judge", TRAINED, evaluated)
    assert again["reason"] == found["reason"]  # not compared with its own package


def answers_of(right: int) -> str:
    """Return the answers on 40 photos of two classes, of which the first so many are right."""
    names = ["Audi", "BMW"]
    rows = [f"{n}.jpg,{names[n % 2]},{names[(n + (n >= right)) % 2]},0.9" for n in range(40)]
    return "\n".join(["key,name,predicted_name,confidence", *rows, ""])


def evaluation_of(right: int) -> dict[str, Any]:
    classes = [{"name": name, "images": 20, "top1": right / 40} for name in ("Audi", "BMW")]
    return {**EVALUATION, "images": 40, "top1": right / 40, "per_class": classes}
