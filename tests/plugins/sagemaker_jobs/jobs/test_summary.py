"""The summary of a job consists of JSON types, and has the billed time as AWS reports it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sagemaker_jobs.jobs.kinds import KINDS
from sagemaker_jobs.jobs.summary import summary_of
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, ENDED, STARTED, training_job


def test_the_summary_of_a_training_job() -> None:
    description = training_job(
        "cars-1",
        "Completed",
        TrainingStartTime=STARTED,
        TrainingEndTime=ENDED,
        BillableTimeInSeconds=30,
        SecondaryStatusTransitions=[
            {"Status": status, "StartTime": STARTED + from_, "EndTime": STARTED + to}
            for status, from_, to in (
                ("Starting", timedelta(0), timedelta(seconds=20)),
                ("Training", timedelta(seconds=20), timedelta(seconds=50)),
                ("Interrupted", timedelta(seconds=50), timedelta(seconds=60)),
                ("Starting", timedelta(seconds=60), timedelta(seconds=65.5)),
            )
        ]
        + [{"Status": "Training", "StartTime": ENDED}],
        FinalMetricDataList=[
            {"MetricName": "validation:accuracy", "Value": 0.75, "Timestamp": ENDED}
        ],
    )
    summary = summary_of(KINDS["training"], description)
    assert summary == json.loads(json.dumps(summary))
    assert summary == {
        "kind": "training",
        "job_name": "cars-1",
        "arn": f"{ACCOUNT}:training-job/cars-1",
        "status": "Completed",
        "failure_reason": None,
        "seconds": 90.0,
        # 30 s for each of two instances; BillableTimeInSeconds is less the spot saving.
        "billable_seconds": 60,
        "spot_saving": None,
        "instance_type": "ml.c5.xlarge",
        "durations": {"Starting": 25.5, "Training": 30.0, "Interrupted": 10.0},
        "metrics": {"validation:accuracy": 0.75},
        "outputs": {"model": "s3://bucket/models/cars-1/output/model.tar.gz"},
        "started": "2026-01-02T03:04:05+00:00",
        "ended": "2026-01-02T03:05:35+00:00",
    }


@pytest.mark.parametrize(
    ("fields", "saving"),
    [
        ({"TrainingTimeInSeconds": 500, "BillableTimeInSeconds": 100}, 0.8),
        ({"TrainingTimeInSeconds": 300, "BillableTimeInSeconds": 300}, 0.0),
        ({"TrainingTimeInSeconds": 300}, None),
        ({"TrainingTimeInSeconds": 0, "BillableTimeInSeconds": 0}, None),
        ({"BillableTimeInSeconds": 100, "EnableManagedSpotTraining": False}, None),
    ],
)
def test_the_spot_saving_is_the_one_that_the_console_shows(
    fields: dict[str, Any], saving: float | None
) -> None:
    """The first case is the example in the documentation of AWS: 80 %."""
    spot = {"EnableManagedSpotTraining": True, **fields}
    assert summary_of(KINDS["training"], training_job(**spot))["spot_saving"] == saving


def test_the_outputs_of_a_processing_job_have_their_names() -> None:
    def output(name: str, uri: str) -> dict[str, Any]:
        return {"OutputName": name, "S3Output": {"S3Uri": uri}}

    summary = summary_of(
        KINDS["processing"],
        {
            "ProcessingJobName": "p",
            "ProcessingJobArn": "arn",
            "ProcessingJobStatus": "Completed",
            "ProcessingStartTime": STARTED,
            "ProcessingEndTime": ENDED,
            "ProcessingResources": {"ClusterConfig": {"InstanceCount": 3}},
            "ProcessingOutputConfig": {
                "Outputs": [
                    output("images", "s3://b/images"),
                    output("result", "s3://b/result"),
                    {"OutputName": "features", "FeatureStoreOutput": {"FeatureGroupName": "f"}},
                ]
            },
        },
    )
    assert summary["outputs"] == {"images": "s3://b/images", "result": "s3://b/result"}
    assert summary["billable_seconds"] == 270.0


def test_a_transform_job_that_never_started_has_no_times() -> None:
    summary = summary_of(
        KINDS["transform"],
        {
            "TransformJobName": "t",
            "TransformJobArn": "arn",
            "TransformJobStatus": "Failed",
            "FailureReason": "CapacityError: none",
            "TransformOutput": {"S3OutputPath": "s3://b/out"},
            "TransformResources": {"InstanceCount": 1},
        },
    )
    assert summary["outputs"] == {"transform": "s3://b/out"}
    assert (summary["seconds"], summary["billable_seconds"], summary["started"]) == (None,) * 3
    assert summary["failure_reason"] == "CapacityError: none"


def test_a_job_that_its_time_limit_stopped_has_a_reason() -> None:
    stopped = training_job(status="Stopped", SecondaryStatus="MaxRuntimeExceeded")
    reason = summary_of(KINDS["training"], stopped)["failure_reason"]
    assert reason.startswith("it exceeded StoppingCondition.MaxRuntimeInSeconds")
