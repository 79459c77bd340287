"""The project's own training as the DAGs ask for it: interrupted, and going on from a model."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from include.config import Deployment, Pipeline, find_pipeline
from include.local_aws.jobs.spot import TAG
from include.sagemaker_requests import training_hyperparameters, training_request
from tests.include.image_classification.training.making import write_records
from tests.include.local_aws.local_server import BUCKET, OWN_IMAGE, ROLE, LocalServer, fresh

HERE = Deployment("local", BUCKET, ROLE, OWN_IMAGE, "us-east-1")
COUNTS = {"train": 24, "validation": 6, "classes": 3}
SMALL = {"num_layers": 20, "image_shape": "3,32,32", "mini_batch_size": 8, "int8": "never"}


class Nights:
    """A pipeline with records, whose training jobs are started by hand."""

    def __init__(self, aws: LocalServer, folder: Path) -> None:
        self.aws, self.name = aws, fresh("cars").replace("-", "_")
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
        """Start an attempt as submitting does; `first` is the first attempt's name."""
        job = fresh("train")
        pipeline = self._pipeline(epochs, mode, spot)
        told = training_hyperparameters(pipeline, COUNTS, {})
        request = training_request(pipeline, HERE, "r1", told, model_uri=model)["config"]
        filled = json.loads(json.dumps(request).replace("{first_job_name}", first or job))
        self.aws.sagemaker.create_training_job(TrainingJobName=job, **filled)
        return job

    def ended(self, job: str) -> str:
        """Wait for a job, which must not fail, and return its model's URI."""
        found = self.aws.ended("training", job)
        assert found["TrainingJobStatus"] != "Failed", found["FailureReason"]
        return str(found["ModelArtifacts"]["S3ModelArtifacts"])

    def log(self, job: str) -> str:
        return "\n".join(self.aws.log("training", job))

    def await_checkpoints(self, job: str) -> None:
        place = f"s3://{BUCKET}/{self.name}/checkpoints/{job}/"
        deadline = time.monotonic() + 140
        while len([key for key in self.aws.keys(place) if key.endswith(".npz")]) < 2:
            assert time.monotonic() < deadline, self.log(job)
            time.sleep(0.1)

    def await_resumed(self, job: str) -> None:
        """Wait until a second attempt at the same job says that it goes on."""
        deadline = time.monotonic() + 140
        while True:
            _, *second = self.aws.streams("training", job)
            lines = [line for stream in second for line in stream]
            if any(re.search(r"Going on after \d+ epochs", line) for line in lines):
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
def nights(aws: LocalServer, tmp_path: Path) -> Nights:
    return Nights(aws, tmp_path)


def test_the_next_attempt_goes_on_from_a_stopped_ones_checkpoints_and_a_night_from_its_model(
    nights: Nights,
) -> None:
    first = nights.start(epochs=100_000)
    nights.await_checkpoints(first)
    nights.aws.sagemaker.stop_training_job(TrainingJobName=first)
    nights.ended(first)

    second = nights.start(epochs=1, first=first)
    model = nights.ended(second)
    told = re.search(r"Going on after (\d+) epochs", nights.log(second))
    assert told, nights.log(second)
    assert int(told[1]) >= 2
    # A stop may come while the last epoch is validated: then this attempt validates it, once.
    assert "Train-accuracy" not in nights.log(second), "all epochs asked for are done"

    third = nights.start(epochs=1, model=model, mode="Pipe")
    nights.ended(third)
    assert "Epoch[0] Train-accuracy=" in nights.log(third)
    assert "Epoch[0] Validation-accuracy=" in nights.log(third)
    assert re.search(r"Starting from \S+\.params of the channel model", nights.log(third))
    assert "Going on after" not in nights.log(third), "a new work starts anew"


def test_a_spot_training_that_is_interrupted_goes_on_from_its_checkpoints_by_itself(
    nights: Nights,
) -> None:
    """One job, as a pipeline with `spot: true` asks for it; nobody submits a second."""
    job = nights.start(epochs=100_000, spot=True)
    nights.await_checkpoints(job)
    arn = nights.aws.sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobArn"]
    nights.aws.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": TAG, "Value": "0"}])
    nights.await_resumed(job)
    nights.aws.sagemaker.stop_training_job(TrainingJobName=job)
    nights.ended(job)
    found = nights.aws.sagemaker.describe_training_job(TrainingJobName=job)
    statuses = [step["Status"] for step in found["SecondaryStatusTransitions"]]
    assert statuses.count("Interrupted") == 1
