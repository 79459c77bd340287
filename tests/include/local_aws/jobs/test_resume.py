"""The project's training with the DAGs' requests: interrupted, resumed, and from a model."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from include.config import Deployment, Pipeline, find_pipeline
from include.local_aws.jobs.spot import TAG
from include.sagemaker_requests import training_hyperparameters, training_request
from tests.include.image_classification.training.job_data import write_records
from tests.include.local_aws.local_server import (
    BUCKET,
    CUSTOM_IMAGE,
    ROLE,
    LocalServer,
    unique_name,
)
from tests.waiting import LONG

HERE = Deployment("local", BUCKET, ROLE, CUSTOM_IMAGE, "us-east-1")
COUNTS = {"train": 24, "validation": 6, "classes": 3}
SMALL = {
    "network": "torchvision",
    "num_layers": 20,
    "use_pretrained_model": 0,
    "fine_tune": "all",
    "image_shape": "3,32,32",
    "mini_batch_size": 8,
    "int8": "never",
}


class Trainings:
    """A pipeline with RecordIO files, whose training jobs the tests start."""

    def __init__(self, aws: LocalServer, folder: Path) -> None:
        self.aws, self.name = aws, unique_name("cars").replace("-", "_")
        for split in ("train", "validation"):
            file = write_records(folder / f"{split}.rec", [n % 3 for n in range(COUNTS[split])])
            key = f"{self.name}/recordio/r1/{split}/{split}.rec"
            aws.s3.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())

    def start(
        self,
        epochs: int,
        first: str | None = None,
        model: str | None = None,
        mode: str = "File",
        spot: bool = False,
    ) -> str:
        """Start an attempt as the submit operator does; `first` is the first attempt's name."""
        job = unique_name("train")
        pipeline = self._pipeline(epochs, mode, spot)
        hyperparameters = training_hyperparameters(pipeline, COUNTS, {})
        request = training_request(pipeline, HERE, "r1", hyperparameters, model_uri=model)["config"]
        filled = json.loads(json.dumps(request).replace("{first_job_name}", first or job))
        self.aws.sagemaker.create_training_job(TrainingJobName=job, **filled)
        return job

    def wait_for_model(self, job: str) -> str:
        """Wait for a job, which must not fail, and return its model's URI."""
        found = self.aws.wait_for_job("training", job)
        assert found["TrainingJobStatus"] != "Failed", found["FailureReason"]
        return str(found["ModelArtifacts"]["S3ModelArtifacts"])

    def log(self, job: str) -> str:
        return "\n".join(self.aws.log("training", job))

    def await_checkpoints(self, job: str) -> None:
        place = f"s3://{BUCKET}/{self.name}/checkpoints/{job}/"
        deadline = time.monotonic() + LONG
        while len([key for key in self.aws.keys(place) if key.endswith(".npz")]) < 2:
            assert time.monotonic() < deadline, self.log(job)
            time.sleep(0.1)

    def await_resumed(self, job: str) -> None:
        """Wait until the second attempt of the job logs that it resumes."""
        deadline = time.monotonic() + LONG
        while True:
            _, *second = self.aws.streams("training", job)
            lines = [line for stream in second for line in stream]
            if any(re.search(r"Resuming after \d+ epochs", line) for line in lines):
                return
            assert time.monotonic() < deadline, second
            time.sleep(0.1)

    def _pipeline(self, epochs: int, mode: str, spot: bool) -> Pipeline:
        cars = find_pipeline("stanford_cars", "local").model_copy(update={"name": self.name})
        update: dict[str, Any] = {**SMALL, "epochs": epochs}
        hyperparameters = cars.training.hyperparameters.model_copy(update=update)
        training = cars.training.model_copy(
            update={"hyperparameters": hyperparameters, "input_mode": mode, "spot": spot}
        )
        return cars.model_copy(update={"training": training})


@pytest.fixture
def trainings(aws: LocalServer, tmp_path: Path) -> Trainings:
    return Trainings(aws, tmp_path)


def test_an_attempt_resumes_from_checkpoints_and_a_new_training_starts_from_the_model(
    trainings: Trainings,
) -> None:
    first = trainings.start(epochs=100_000)
    trainings.await_checkpoints(first)
    trainings.aws.sagemaker.stop_training_job(TrainingJobName=first)
    trainings.wait_for_model(first)

    second = trainings.start(epochs=1, first=first)
    model = trainings.wait_for_model(second)
    resumed = re.search(r"Resuming after (\d+) epochs", trainings.log(second))
    assert resumed, trainings.log(second)
    assert int(resumed[1]) >= 2
    # If the stop comes during validation of the last epoch, this attempt repeats the validation.
    assert "Train-accuracy" not in trainings.log(second), "all epochs asked for are done"

    third = trainings.start(epochs=1, model=model, mode="Pipe")
    trainings.wait_for_model(third)
    assert "Epoch[0] Train-accuracy=" in trainings.log(third)
    assert "Epoch[0] Validation-accuracy=" in trainings.log(third)
    assert re.search(r"Starting from \S+\.params of the channel model", trainings.log(third))
    assert "Resuming after" not in trainings.log(third), "a new work starts anew"


def test_an_interrupted_spot_training_resumes_from_its_checkpoints(
    trainings: Trainings,
) -> None:
    """One job of a pipeline with `spot: true`; no second job is submitted."""
    job = trainings.start(epochs=100_000, spot=True)
    trainings.await_checkpoints(job)
    arn = trainings.aws.sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobArn"]
    trainings.aws.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": TAG, "Value": "0"}])
    trainings.await_resumed(job)
    trainings.aws.sagemaker.stop_training_job(TrainingJobName=job)
    trainings.wait_for_model(job)
    found = trainings.aws.sagemaker.describe_training_job(TrainingJobName=job)
    statuses = [step["Status"] for step in found["SecondaryStatusTransitions"]]
    assert statuses.count("Interrupted") == 1
