"""Calls to AWS that a usual end-to-end run does not make: stopping, deleting, rejecting, checking.

Each function runs the code of a task with responses of AWS that lead it there, and returns its
calls. Names are those that the code gives in the deployment `local`.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from include.config.sections.web_file import WebFile
from include.contracts.label_files import label_lines
from include.contracts.records import LabelRecord
from include.decisions.costs.billing import training_jobs
from include.decisions.dataset.fetch import decide_fetch, delete_fetch_request, write_fetch_request
from include.decisions.dataset.labels.ledger import KnownLabels
from include.decisions.dataset.labels.listing import labels_fingerprint
from include.decisions.dataset.labels.photos import LabelPlanner
from include.decisions.dataset.readiness import SourceNotReadyError
from include.decisions.dataset.samples import read_samples
from include.decisions.dataset.settled import require_settled
from include.decisions.dataset.source import Listing
from include.decisions.dataset.split_manifests import ensure_conversion_manifest
from include.decisions.preflight import check_installation, check_pipeline
from include.decisions.training.image_digest import pin_image
from include.storage.label_files import write_labels
from model_page.reading.models.traffic import TrafficReader
from sagemaker_jobs.jobs.ownership import task_tag
from sagemaker_jobs.jobs.sweep import sweep
from sagemaker_jobs.notifications.dispatch import send
from sagemaker_jobs.notifications.notification import Notification
from tests.iam.endpoint_task_calls import (
    change_endpoint,
    prune_releases,
    read_an_endpoint_made_by_hand,
    read_the_log_of_a_failed_endpoint,
    register_and_reject_packages,
)
from tests.iam.needed import SAGEMAKER, Call
from tests.iam.recorder import canned
from tests.iam.responses import (
    DEPLOYMENT,
    EARLIER,
    LAYOUT,
    NOW,
    PIPELINE,
    PIPELINE_TAGS,
    SETTINGS,
    TOPIC,
    TRAINING,
    Body,
    client,
    tags_response,
)

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def stop_orphaned_jobs() -> list[Call]:
    """job_sweep: a job of each kind runs although its tasks have ended."""
    kinds = {"Training": "train", "Processing": "refresh", "Transform": "batch"}

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        for kind, stage in kinds.items():
            if operation == f"List{kind}Jobs":
                name = f"stanford-cars-{stage}-0123456789ab"
                arn = f"{SAGEMAKER}{kind.lower()}-job/{name}"
                job = {f"{kind}JobName": name, f"{kind}JobArn": arn, "CreationTime": EARLIER}
                return {f"{kind}JobSummaries": [job]}
        owner = task_tag("stanford_cars__x", "submit_x", "r")
        return (
            tags_response({**PIPELINE_TAGS, "sagemaker-jobs:task": owner})
            if operation == "ListTags"
            else {}
        )

    with canned(answer) as calls:
        tags = {"deployment": DEPLOYMENT.name}
        ended = {"submit_x": "success", "track_x": "failed"}
        swept = sweep(client("sagemaker"), tags, lambda owner: ended, NOW)
    assert len(swept["stopped"]) == 3
    return calls


def plan_a_fetch() -> list[Call]:
    """The tasks plan_fetch and plan of dataset_refresh: the request is written, and deleted."""
    file = WebFile(mirrors=["https://a.b/c.tgz"], sha256="0" * 64)
    with canned(lambda operation, params: {"Metadata": {}}) as calls:
        s3 = client("s3")
        assert decide_fetch(s3, LAYOUT, [file]).go
        write_fetch_request(s3, LAYOUT, [file], "")
        delete_fetch_request(s3, LAYOUT)
    return calls


def plan_refresh_and_conversion() -> list[Call]:
    """The plan tasks of dataset_refresh and im2rec_conversion: records do not exist yet."""

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "GetObject" and not params["Key"].endswith("manifest.jsonl"):
            raise missing({"Error": {"Code": "NoSuchKey", "Message": "none"}}, operation)
        row = {"key": "a.jpg", "split": "train", "size": 1, "label": 0}
        return {"Body": Body(json.dumps(row).encode())}

    with canned(answer) as calls:
        s3 = client("s3")
        missing = s3.exceptions.NoSuchKey
        listing = Listing(LAYOUT.uri(LAYOUT.source))
        with pytest.raises(SourceNotReadyError):
            require_settled(s3, LAYOUT, listing, timedelta(minutes=5), NOW)
        ensure_conversion_manifest(s3, LAYOUT, "0" * 16)
        read_samples(s3, LAYOUT, "0" * 16)
    return calls


def give_and_plan_labels() -> list[Call]:
    """A label of an incoming photo is written, and the plan of dataset_refresh finds the photo."""
    label = LabelRecord(file="incoming/a.jpg", not_usable=True, who="anna", when=NOW.isoformat())

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        return {
            "GetObject": {"Body": Body(label_lines([label]))},
            "HeadObject": {"ETag": '"1"', "LastModified": NOW, "ContentLength": 1},
            "ListObjectsV2": {
                "Contents": [{"Key": f"{LAYOUT.labels}a.jsonl", "ETag": '"1"', "Size": 1}]
            },
        }.get(operation, {})

    with canned(answer) as calls:
        s3 = client("s3")
        write_labels(s3, LAYOUT, "anna", [label], NOW)
        planner = LabelPlanner(s3, LAYOUT, labels_fingerprint(s3, LAYOUT))
        planned = planner.prepare(KnownLabels())
    assert planned is not None
    assert planned.manifest is not None
    return calls


def run_preflight() -> list[Call]:
    """The DAG preflight."""

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "DescribeEndpoint":
            return {"EndpointStatus": "InService", "EndpointConfigName": "stanford-cars-c1"}
        arn = f"{SAGEMAKER}endpoint-config/stanford-cars-c1"
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        return {
            "GetCallerIdentity": {
                "Account": "123456789012",
                "Arn": "arn:aws:iam::123456789012:root",
            },
            "GetRole": {"Role": {"Arn": "another", "RoleName": "x"}},
            "DescribeImages": {"imageDetails": [{}]},
            "GetBucketEncryption": {
                "ServerSideEncryptionConfiguration": {
                    "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
                }
            },
            "DescribeKey": {
                "KeyMetadata": {"Arn": KEY, "KeyManager": "CUSTOMER", "KeyState": "Enabled"}
            },
            "SimulatePrincipalPolicy": {
                "EvaluationResults": [{"EvalActionName": "kms:Decrypt", "EvalDecision": "denied"}]
            },
            "GetKeyPolicy": {"Policy": "{}"},
            "DescribeEndpointConfig": {"EndpointConfigArn": arn},
            "ListTags": tags_response(PIPELINE_TAGS),
            "ListServiceQuotas": {"Quotas": []},
            "ListAWSDefaultServiceQuotas": {"Quotas": []},
        }.get(operation, {})

    with canned(answer) as calls:
        check_installation(client, SETTINGS)
        check_pipeline(client, SETTINGS, PIPELINE.name)
    return calls


def plan_a_training() -> list[Call]:
    """The plan task of nightly_training on AWS: the image's digest, and the cost of trainings."""

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        found = {
            "TrainingJobName": TRAINING,
            "CreationTime": EARLIER,
            "TrainingJobStatus": "Completed",
            "ResourceConfig": {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
        }
        return {
            "DescribeImages": {"imageDetails": [{"imageDigest": "sha256:0"}]},
            "Search": {"Results": [{"TrainingJob": found}]},
        }.get(operation, {})

    with canned(answer) as calls:
        pin_image(client("ecr"), DEPLOYMENT, "custom")
        assert list(training_jobs(client("sagemaker"), PIPELINE, DEPLOYMENT, NOW))
    return calls


def send_a_notification() -> list[Call]:
    """A callback that sends a notification."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_VAR_NOTIFY_SNS_TOPIC_ARN", TOPIC)
        patch.setenv("AIRFLOW_VAR_NOTIFY_WEBHOOK_CONNECTION", "")
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://x:y@?region_name=us-east-1")
        with canned(lambda operation, params: {}) as calls:
            send(Notification("failure", "a title", "a text"))
    return calls


def show_the_requests_of_an_endpoint() -> list[Call]:
    """The model page of a pipeline, which has the same connection as the tasks."""
    with canned(lambda operation, params: {"MetricDataResults": []}) as calls:
        found = TrafficReader(client("cloudwatch")).read(PIPELINE.slug, "AllTraffic")
    assert found.value
    return calls


TASK_CALLS: tuple[Callable[[], list[Call]], ...] = (
    stop_orphaned_jobs,
    prune_releases,
    change_endpoint,
    read_the_log_of_a_failed_endpoint,
    read_an_endpoint_made_by_hand,
    register_and_reject_packages,
    plan_a_fetch,
    plan_refresh_and_conversion,
    give_and_plan_labels,
    run_preflight,
    plan_a_training,
    send_a_notification,
    show_the_requests_of_an_endpoint,
)
