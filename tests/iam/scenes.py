"""What Airflow asks of AWS beside a quiet night: what it stops, deletes, rejects and checks.

Each scene runs the code of a task with answers of AWS that lead it there, and returns its calls.
The names are those that the code gives in the deployment `local`.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from include.config import find_pipeline
from include.config.deployment import Deployment
from include.decisions.conversion.manifest import ensure_conversion_manifest
from include.decisions.costs.billing import training_jobs
from include.decisions.dataset.readiness import SourceNotReadyError
from include.decisions.dataset.settled import require_settled
from include.decisions.dataset.source import Listing
from include.decisions.dataset.web import draft_store
from include.decisions.dataset.web.draft import DraftLocation, DraftNote, note_as_json
from include.decisions.dataset.web.state import FileState
from include.decisions.endpoint.pruning import prune
from include.decisions.preflight import check_installation, check_pipeline
from include.decisions.preflight.endpoint import check_endpoint
from include.decisions.registry.packages import register, reject
from include.decisions.registry.serving_model import find_serving_model
from include.decisions.training.image_digest import pin_image
from include.local_run.stack.aws import BUCKET, variables
from include.storage.layout import Layout
from sagemaker_jobs.endpoints.updates import deploy_endpoint
from sagemaker_jobs.jobs.ownership import task_tag
from sagemaker_jobs.jobs.sweep import sweep
from sagemaker_jobs.notifications.dispatch import send
from sagemaker_jobs.notifications.notification import Notification
from tests.iam.needed import SAGEMAKER, Call
from tests.iam.recorder import canned

ROOT = Path(__file__).parents[2]
REPOSITORY = "image-classification"
TOPIC = "arn:aws:sns:us-east-1:123456789012:messages"
PIPELINE = find_pipeline("stanford_cars", "local")
LAYOUT = Layout(BUCKET, PIPELINE.name)
SETTINGS = {
    **variables(ROOT),
    "image_uri": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}:1",
}
DEPLOYMENT = Deployment(
    name=SETTINGS["deployment"],
    bucket=BUCKET,
    role_arn=SETTINGS["sagemaker_role_arn"],
    image_uri=SETTINGS["image_uri"],
    region="us-east-1",
    endpoint_role_arn=SETTINGS["sagemaker_endpoint_role_arn"],
)
THEN, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
OWN = {"pipeline": PIPELINE.name, "deployment": DEPLOYMENT.name}
TRAINING = "stanford-cars-train-0123456789ab"


def client(service: str) -> Any:
    return boto3.client(
        service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


def stop_orphans() -> list[Call]:
    """job_sweep: a job of each kind runs though its tasks have ended."""
    kinds = {"Training": "train", "Processing": "refresh", "Transform": "batch"}

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        for kind, stage in kinds.items():
            if operation == f"List{kind}Jobs":
                name = f"stanford-cars-{stage}-0123456789ab"
                arn = f"{SAGEMAKER}{kind.lower()}-job/{name}"
                job = {f"{kind}JobName": name, f"{kind}JobArn": arn, "CreationTime": THEN}
                return {f"{kind}JobSummaries": [job]}
        owner = task_tag("stanford_cars__x", "submit_x", "r")
        return _tagged({**OWN, "sagemaker-jobs:task": owner}) if operation == "ListTags" else {}

    with canned(answer) as calls:
        own = {"deployment": DEPLOYMENT.name}
        ended = {"submit_x": "success", "track_x": "failed"}
        done = sweep(client("sagemaker"), own, lambda owner: ended, NOW)
    assert len(done["stopped"]) == 3
    return calls


def prune_releases() -> list[Call]:
    """The prune task: a configuration and a model that no release needs any more."""

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        serving = {"ProductionVariants": [{"ModelName": "stanford-cars-m2"}]}
        package = f"{SAGEMAKER}model-package/stanford-cars/2"
        return {
            "ListEndpointConfigs": {"EndpointConfigs": [_listed("EndpointConfig", "c1")]},
            "ListModels": {"Models": [_listed("Model", "m1")]},
            "ListTags": _tagged(OWN),
            "DescribeEndpointConfig": serving,
            "DescribeModel": {"PrimaryContainer": {"ModelPackageName": package}},
        }.get(operation, {})

    with canned(answer) as calls:
        done = prune(client("sagemaker"), PIPELINE, DEPLOYMENT, ["stanford-cars-c2"], NOW)
    assert done == {"endpoint_configs": ["stanford-cars-c1"], "models": ["stanford-cars-m1"]}
    return calls


def change_endpoint() -> list[Call]:
    """The deploy task: an endpoint that failed is made anew, another one is updated."""
    config = {"EndpointName": "stanford-cars", "EndpointConfigName": "stanford-cars-c2"}
    serving = {**config, "EndpointConfigName": "stanford-cars-c1"}
    states = [
        {**serving, "EndpointStatus": "Failed"},
        None,
        {**serving, "EndpointStatus": "InService"},
    ]

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation != "DescribeEndpoint":
            return {}
        found = states.pop(0)
        if found is None:
            raise _refusal("ValidationException", "Could not find endpoint", operation)
        return found

    with canned(answer) as calls:
        sagemaker = client("sagemaker")
        assert deploy_endpoint(sagemaker, config) == "create"
        assert deploy_endpoint(sagemaker, config) == "update"
    return calls


def follow_an_endpoint_made_by_hand() -> list[Call]:
    """judge, the preflight, and a restore: the endpoint serves what a person made."""
    serving = {"EndpointName": PIPELINE.slug, "EndpointConfigName": "by-hand"}
    package = f"{SAGEMAKER}model-package/of-no-group"
    container = {"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz"}
    answers = {
        "DescribeEndpoint": {**serving, "EndpointStatus": "InService"},
        "DescribeEndpointConfig": {
            "EndpointConfigArn": f"{SAGEMAKER}endpoint-config/by-hand",
            "ProductionVariants": [{"ModelName": "made-by-hand"}],
        },
        "DescribeModel": {"PrimaryContainer": {"ModelPackageName": package}},
        "DescribeModelPackage": {
            "ModelPackageArn": package,
            "InferenceSpecification": {"Containers": [container]},
        },
    }
    with canned(lambda operation, params: answers.get(operation, {})) as calls:
        sagemaker = client("sagemaker")
        assert find_serving_model(sagemaker, PIPELINE.slug)
        check_endpoint(client, PIPELINE, DEPLOYMENT)
        answers["DescribeEndpoint"] = {
            **serving,
            "EndpointConfigName": "stanford-cars-c1",
            "EndpointStatus": "InService",
        }
        assert deploy_endpoint(sagemaker, serving) == "update"
    return calls


def judge_packages() -> list[Call]:
    """The register and reject tasks: the pipeline's first package, which is rejected later."""
    arn = f"{SAGEMAKER}model-package/stanford-cars/1"

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "DescribeModelPackageGroup":
            raise _refusal("ValidationException", "ModelPackageGroup does not exist", operation)
        return {
            "ListModelPackages": {"ModelPackageSummaryList": []},
            "CreateModelPackage": {"ModelPackageArn": arn},
        }.get(operation, {})

    with canned(answer) as calls:
        sagemaker = client("sagemaker")
        group = {"ModelPackageGroupName": "stanford-cars", "Tags": [{"Key": "a", "Value": "b"}]}
        package = {
            "ModelPackageGroupName": "stanford-cars",
            "CustomerMetadataProperties": {"training_job": TRAINING},
        }
        assert register(sagemaker, group, package) == arn
        reject(sagemaker, arn, "too slow")
    return calls


def fetch_a_file() -> list[Call]:
    """The fetch task of dataset_refresh: a draft is begun, found again, completed or removed."""
    folder = f"{LAYOUT.fetching}cars_train.tgz/"
    state = FileState.of("https://a.b/c", 1, {"ETag": '"1"'})
    note = json.dumps(note_as_json(DraftNote("u", state, None, 1))).encode()

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "HeadObject" and states:
            raise _refusal("404", "Not Found", operation)
        return {
            "CreateMultipartUpload": {"UploadId": "u"},
            "UploadPart": {"ETag": "1"},
            "GetObject": {"Body": _Body(note)},
            "HeadObject": {"ContentLength": 1},
            "ListParts": {"Parts": [{"PartNumber": 1, "ETag": "1", "Size": 1}]},
            "ListMultipartUploads": {"Uploads": [{"Key": f"{folder}content", "UploadId": "u"}]},
            "ListObjectsV2": {"Contents": [{"Key": f"{folder}draft.json"}]},
        }.get(operation, {})

    states = ["not completed"]
    with canned(answer) as calls:
        place = DraftLocation(client("s3"), BUCKET, folder, f"{LAYOUT.source}cars_train.tgz")
        draft_store.create_draft(place, state, None)
        draft = draft_store.find_draft(place)
        assert draft is not None
        draft.add(b"x")
        draft.complete()
        states.clear()
        draft_store.publish_draft(place, {})
    return calls


def look_at_a_source() -> list[Call]:
    """The plan tasks of dataset_refresh and im2rec_conversion: records that are not there yet."""

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "GetObject" and not params["Key"].endswith("manifest.jsonl"):
            raise missing({"Error": {"Code": "NoSuchKey", "Message": "none"}}, operation)
        return {"Body": _Body(b'{"key": "a.jpg", "split": "train"}')}

    with canned(answer) as calls:
        s3 = client("s3")
        missing = s3.exceptions.NoSuchKey
        listing = Listing(LAYOUT.uri(LAYOUT.source), {})
        with pytest.raises(SourceNotReadyError):
            require_settled(s3, LAYOUT, listing, (), timedelta(minutes=5), NOW)
        ensure_conversion_manifest(s3, LAYOUT, "0" * 16)
    return calls


def look_ahead() -> list[Call]:
    """The DAG preflight."""

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "DescribeEndpoint":
            return {"EndpointStatus": "InService", "EndpointConfigName": "stanford-cars-c1"}
        arn = f"{SAGEMAKER}endpoint-config/stanford-cars-c1"
        return {
            "GetCallerIdentity": {
                "Account": "123456789012",
                "Arn": "arn:aws:iam::123456789012:root",
            },
            "GetRole": {"Role": {"Arn": "another", "RoleName": "x"}},
            "DescribeImages": {"imageDetails": [{}]},
            "DescribeEndpointConfig": {"EndpointConfigArn": arn},
            "ListTags": _tagged(OWN),
            "ListServiceQuotas": {"Quotas": []},
            "ListAWSDefaultServiceQuotas": {"Quotas": []},
        }.get(operation, {})

    with canned(answer) as calls:
        check_installation(client, SETTINGS)
        check_pipeline(client, SETTINGS, PIPELINE.name)
    return calls


def plan_a_night() -> list[Call]:
    """The plan task of nightly_training on AWS: the image's digest, and what trainings cost."""

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        listed = {
            "TrainingJobName": TRAINING,
            "TrainingJobArn": f"{SAGEMAKER}training-job/{TRAINING}",
        }
        described = {
            "TrainingJobName": TRAINING,
            "CreationTime": THEN,
            "TrainingJobStatus": "Completed",
            "ResourceConfig": {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
        }
        return {
            "DescribeImages": {"imageDetails": [{"imageDigest": "sha256:0"}]},
            "ListTrainingJobs": {"TrainingJobSummaries": [listed]},
            "ListTags": _tagged(OWN),
            "DescribeTrainingJob": described,
        }.get(operation, {})

    with canned(answer) as calls:
        pin_image(client("ecr"), DEPLOYMENT, "custom")
        assert list(training_jobs(client("sagemaker"), PIPELINE, DEPLOYMENT, NOW))
    return calls


def send_a_message() -> list[Call]:
    """A callback that notifies people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_VAR_NOTIFY_SNS_TOPIC_ARN", TOPIC)
        patch.setenv("AIRFLOW_VAR_NOTIFY_WEBHOOK_CONNECTION", "")
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://x:y@?region_name=us-east-1")
        with canned(lambda operation, params: {}) as calls:
            send(Notification("failure", "a title", "a text"))
    return calls


SCENES: tuple[Callable[[], list[Call]], ...] = (
    stop_orphans,
    prune_releases,
    change_endpoint,
    follow_an_endpoint_made_by_hand,
    judge_packages,
    fetch_a_file,
    look_at_a_source,
    look_ahead,
    plan_a_night,
    send_a_message,
)


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        return self._content

    def iter_lines(self) -> list[bytes]:
        return self._content.splitlines()


def _listed(kind: str, name: str) -> dict[str, Any]:
    resource = {"EndpointConfig": "endpoint-config", "Model": "model"}[kind]
    full = f"stanford-cars-{name}"
    return {f"{kind}Name": full, f"{kind}Arn": f"{SAGEMAKER}{resource}/{full}"}


def _tagged(tags: Mapping[str, str]) -> dict[str, Any]:
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _refusal(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
