"""The project's own training, stopped and asked for again as the next attempt is."""

import io
import json
import tarfile
import time
from pathlib import Path
from typing import Any

from include.pipeline import Deployment, find_pipeline
from include.pipeline.requests import training_hyperparameters, training_request
from tests.include.image_classification.training.making import write_records
from tests.include.local_aws.local_server import BUCKET, OWN_IMAGE, ROLE, LocalServer, fresh

HERE = Deployment("local", BUCKET, ROLE, OWN_IMAGE, "us-east-1")
COUNTS = {"train": 24, "validation": 6, "classes": 3}


def config(aws: LocalServer, folder: Path, first: str, epochs: int) -> dict[str, Any]:
    """The request of an attempt, as submitting fills it in."""
    name = fresh("cars").replace("-", "_")
    cars = find_pipeline("stanford_cars", "local").model_copy(update={"name": name})
    told = {"num_layers": 20, "image_shape": "3,32,32", "mini_batch_size": 8, "epochs": epochs}
    training = cars.training.hyperparameters.model_copy(update=told)
    told_all = training_hyperparameters(
        cars.model_copy(
            update={"training": cars.training.model_copy(update={"hyperparameters": training})}
        ),
        COUNTS,
        {},
    )
    for split in ("train", "validation"):
        file = write_records(folder / f"{split}.rec", [n % 3 for n in range(COUNTS[split])])
        key = f"{name}/recordio/r1/{split}/{split}.rec"
        aws.s3.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
    request = training_request(cars, HERE, "r1", told_all)["config"]
    filled: dict[str, Any] = json.loads(
        json.dumps(request).replace("{first_job_name}", first).replace(f"/{name}/checkpoints", "")
    )
    return filled


def test_the_next_attempt_goes_on_from_the_checkpoints_of_a_stopped_one(
    aws: LocalServer, tmp_path: Path
) -> None:
    first, second = fresh("train"), fresh("train")
    request = config(aws, tmp_path, first, epochs=100_000)
    aws.sagemaker.create_training_job(TrainingJobName=first, **request)
    place = request["CheckpointConfig"]["S3Uri"]
    assert place.endswith(f"/{first}")
    deadline = time.monotonic() + 100
    while len([key for key in aws.keys(place) if key.endswith(".npz")]) < 2:
        assert time.monotonic() < deadline, aws.keys(place)
        time.sleep(0.1)
    aws.sagemaker.stop_training_job(TrainingJobName=first)
    assert aws.ended("training", first)["TrainingJobStatus"] == "Stopped"
    again = config(aws, tmp_path, first, epochs=1)
    aws.sagemaker.create_training_job(TrainingJobName=second, **again)
    job = aws.ended("training", second)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    model = job["ModelArtifacts"]["S3ModelArtifacts"]
    output = aws.get(model.replace("model.tar.gz", "output.tar.gz"))
    with tarfile.open(fileobj=io.BytesIO(output)) as archive:
        content = archive.extractfile("training.json")
        assert content is not None
        epochs = json.loads(content.read())["epochs"]
    assert epochs >= 2, "one epoch was asked for: the others are the first attempt's"
    with tarfile.open(fileobj=io.BytesIO(aws.get(model))) as archive:
        assert any(name.endswith(".params") for name in archive.getnames())
