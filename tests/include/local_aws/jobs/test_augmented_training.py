"""The project's training on augmented manifests, as for the built-in algorithm."""

import json
from typing import Any

import pytest

from tests.include.image_classification.training.job_data import SETTINGS, make_png
from tests.include.local_aws.local_server import BUCKET, CUSTOM_IMAGE, LocalServer

TRAINED = 24


@pytest.fixture(scope="module")
def photos(aws: LocalServer) -> str:
    for number in range(TRAINED):
        key = f"ground_truth/photos/{number} a%20?#.png"
        aws.s3.put_object(Bucket=BUCKET, Key=key, Body=make_png(number % 3, number))
    return f"s3://{BUCKET}/ground_truth/photos"


def _line(photos: str, number: int, label: Any) -> dict[str, Any]:
    """Return a line as Ground Truth writes it."""
    metadata = {
        "class-name": "red",
        "confidence": 0.9,
        "human-annotated": "yes",
        "type": "groundtruth/image-classification",
        "job-name": "labeling-job/cars",
        "creation-date": "2026-11-30T09:00:00.000000",
    }
    source = f"{photos}/{number} a%20?#.png"
    return {"source-ref": source, "cars": label, "cars-metadata": metadata}


def test_a_network_is_trained(aws: LocalServer, photos: str) -> None:
    """Numbers, text and lists of one number may be mixed."""
    forms: list[Any] = [int, str, lambda label: [label]]
    lines = [_line(photos, n, forms[n // 3 % 3](n % 3)) for n in range(TRAINED)]
    job = _train(aws, lines, ContentType="application/x-image")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert "validation:accuracy" in {m["MetricName"] for m in job["FinalMetricDataList"]}


def test_a_network_with_several_labels_per_image_is_trained(aws: LocalServer, photos: str) -> None:
    lines = [_line(photos, n, sorted({n % 3, n // 3 % 3})) for n in range(TRAINED)]
    kind = "application/x-recordio; label-format=class-id"
    job = _train(aws, lines, ContentType=kind, multi_label="1")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")


def test_a_label_that_is_a_name_fails_the_job(aws: LocalServer, photos: str) -> None:
    lines = [_line(photos, n, n % 3) for n in range(TRAINED - 1)]
    job = _train(aws, [*lines, _line(photos, 0, "cat")])
    assert job["TrainingJobStatus"] == "Failed"
    assert "photo 24 has the label 'cat', which is not the number" in job["FailureReason"]


def test_a_photo_that_is_gone_fails_the_job_with_its_line(aws: LocalServer, photos: str) -> None:
    lines = [_line(photos, n, n % 3) for n in range(TRAINED)]
    lines[9]["source-ref"] = f"{photos}/gone.png"
    job = _train(aws, lines)
    assert job["TrainingJobStatus"] == "Failed"
    assert f"cars.manifest line 10: Could not access {photos}/gone.png" in job["FailureReason"]


def _train(aws: LocalServer, lines: list[dict[str, Any]], **changes: str) -> Any:
    key = "ground_truth/cars.manifest"
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    aws.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
    kind = changes.pop("ContentType", "application/x-recordio")
    settings = SETTINGS | {"epochs": "1", "calibration": "none"} | changes
    if "multi_label" in changes:
        del settings["top_k"]
    request = aws.training_request(f"s3://{BUCKET}/{key}", 300, **settings)
    request["AlgorithmSpecification"] |= {
        "TrainingImage": CUSTOM_IMAGE,
        "TrainingInputMode": "Pipe",
    }
    [channel] = request["InputDataConfig"]
    channel |= {"ContentType": kind, "RecordWrapperType": "RecordIO"}
    channel["DataSource"]["S3DataSource"] |= {
        "S3DataType": "AugmentedManifestFile",
        "AttributeNames": ["source-ref", "cars"],
    }
    request["InputDataConfig"] = [channel, {**channel, "ChannelName": "validation"}]
    aws.sagemaker.create_training_job(**request)
    return aws.wait_for_job("training", request["TrainingJobName"])
