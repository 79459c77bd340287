"""The project's im2rec and training on several instances, with the DAGs' requests."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from include.config import Deployment, Pipeline, find_pipeline
from include.config.versions import recordio_version
from include.contracts.dataset import Split
from include.decisions.conversion.plan import complete_conversion
from include.decisions.dataset.split_manifests import ensure_conversion_manifest
from include.image_classification.dataset.version.manifest import (
    Image,
    Version,
    image_key,
    write_json,
    write_version,
)
from include.image_classification.recordio.framing import read_records
from include.image_classification.recordio.image_records import unpack_image
from include.sagemaker_requests import im2rec_request, training_hyperparameters, training_request
from include.storage.layout import Layout
from tests.include.image_classification.dataset.sample_sources import photo
from tests.include.local_aws.local_server import (
    BUCKET,
    CUSTOM_IMAGE,
    ROLE,
    LocalServer,
    unique_name,
)

HERE = Deployment("local", BUCKET, ROLE, CUSTOM_IMAGE, "us-east-1")
COUNTS: dict[Split, int] = {"train": 9, "validation": 3, "test": 2}


class ConversionRuns:
    """A pipeline with a dataset version in the local AWS, and runs of its conversion."""

    def __init__(self, aws: LocalServer, folder: Path) -> None:
        self.aws = aws
        self.pipeline = _pipeline(unique_name("cars").replace("-", "_"))
        self.layout = Layout(BUCKET, self.pipeline.name)
        splits = [split for split, count in COUNTS.items() for _ in range(count)]
        self.version = Version(
            [self._stored(n, split) for n, split in enumerate(splits)], ["cat", "dog"]
        )
        self.recordio = recordio_version(self.version.name, self.pipeline.conversion)
        write_version(folder, self.version, [], [])
        write_json(folder / "dataset.json", {"version": self.version.name})
        for file in folder.iterdir():
            self._put(f"{self.layout.dataset(self.version.name)}{file.name}", file.read_bytes())

    def convert(self, instances: int, earlier: str | None = None) -> dict[str, Any]:
        """Convert on several instances and return the record of the published version."""
        job = self.run(instances, earlier)
        assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
        return complete_conversion(self.aws.s3, self.layout, self.recordio, instances).as_json()

    def run(self, instances: int, earlier: str | None = None) -> dict[str, Any]:
        """Convert on several instances and return the job's description."""
        ensure_conversion_manifest(self.aws.s3, self.layout, self.version.name)
        conversion = self.pipeline.conversion.model_copy(update={"instance_count": instances})
        pipeline = self.pipeline.model_copy(update={"conversion": conversion})
        request = im2rec_request(pipeline, HERE, self.version.name, earlier)["config"]
        name = unique_name("im2rec")
        self.aws.sagemaker.create_processing_job(ProcessingJobName=name, **request)
        return dict(self.aws.wait_for_job("processing", name))

    def files(self, split: str, instances: int) -> dict[str, bytes]:
        """Return a channel's objects by name."""
        folder = f"s3://{BUCKET}/{self.layout.recordio_part(self.recordio, split, instances)}"
        return {key: self.aws.get(f"{folder}{key}") for key in self.aws.keys(folder)}

    def records(self, split: str, instances: int, scratch: Path) -> dict[int, bytes]:
        """Return a channel's records by their images' ranks, which must be unique."""
        found = []
        for name, content in sorted(self.files(split, instances).items()):
            (scratch / name).write_bytes(content)
            found += [
                (unpack_image(record).identifier, record) for record in read_records(scratch / name)
            ]
        assert len(dict(found)) == len(found)
        return dict(found)

    def _stored(self, number: int, split: Split) -> Image:
        data = photo(number)
        sha256 = hashlib.sha256(data).hexdigest()
        key = image_key(sha256, "jpg")
        self._put(self.layout.image(key), data)
        return Image(f"{number:02}.jpg", sha256, len(data), 40, 24, number % 2, split, key)

    def _put(self, key: str, content: bytes) -> None:
        self.aws.s3.put_object(Bucket=BUCKET, Key=key, Body=content)


def _pipeline(name: str) -> Pipeline:
    cars = find_pipeline("stanford_cars", "local")
    settings = {
        "network": "torchvision",
        "num_layers": 20,
        "use_pretrained_model": 0,
        "fine_tune": "all",
        "image_shape": "3,32,32",
        "mini_batch_size": 4,
        "epochs": 1,
    }
    hyperparameters = cars.training.hyperparameters.model_copy(update=settings)
    return cars.model_copy(
        update={
            "name": name,
            "conversion": cars.conversion.model_copy(update={"resize": 36}),
            "training": cars.training.model_copy(update={"hyperparameters": hyperparameters}),
        }
    )


@pytest.fixture
def runs(aws: LocalServer, tmp_path: Path) -> ConversionRuns:
    return ConversionRuns(aws, tmp_path / "version")


def test_all_shards_together_have_the_records_of_a_single_instance(
    runs: ConversionRuns, tmp_path: Path
) -> None:
    single = runs.convert(1)
    assert "shards" not in single
    for instances in (2, 3):
        sharded = runs.convert(instances)
        assert sharded["shards"] == instances
        for field in ("version", "dataset_version", "settings", "counts", "bytes"):
            assert sharded[field] == single[field]
        for split in ("train", "validation"):
            whole = runs.records(split, 1, tmp_path)
            assert sorted(whole) == list(range(COUNTS[split]))
            assert runs.records(split, instances, tmp_path) == whole
            names = [f"{split}-{number:05}.rec" for number in range(instances)]
            assert set(runs.files(split, instances)) <= set(names)


def test_instances_copy_unchanged_records_from_all_shards_of_an_earlier_conversion(
    runs: ConversionRuns, tmp_path: Path
) -> None:
    assert runs.convert(2)["reused"] == 0
    again = runs.convert(3, runs.layout.recordio_files(runs.recordio, 2))
    assert again["reused"] == COUNTS["train"] + COUNTS["validation"]
    for split in ("train", "validation"):
        assert runs.records(split, 3, tmp_path) == runs.records(split, 2, tmp_path)


@pytest.mark.parametrize("instances", [1, 2])
def test_a_missing_image_is_named(runs: ConversionRuns, instances: int) -> None:
    train = sorted(runs.version.split("train"), key=lambda image: image.sha256)
    gone = runs.layout.image(train[4].key)
    runs.aws.s3.delete_object(Bucket=BUCKET, Key=gone)
    job = runs.run(instances)
    assert job["ProcessingJobStatus"] == "Failed"
    assert f"Could not access s3://{BUCKET}/{gone}" in job["FailureReason"]


@pytest.mark.parametrize("instances", [1, 2])
def test_only_train_and_validation_images_are_downloaded(
    runs: ConversionRuns, instances: int
) -> None:
    """Downloads of test images and of other versions would cost time and disk space."""
    for image in runs.version.split("test"):
        runs.aws.s3.delete_object(Bucket=BUCKET, Key=runs.layout.image(image.key))
    # This object's name is the folder of others: an instance that downloads both fails the job.
    for unwanted in ("x", "x/a", "x/b"):
        key = runs.layout.image(unwanted)
        runs.aws.s3.put_object(Bucket=BUCKET, Key=key, Body=b"of another version")
    assert runs.convert(instances)["counts"] == {"train": 9, "validation": 3, "classes": 2}


def test_training_reads_the_shards_as_one_channel(runs: ConversionRuns) -> None:
    record = runs.convert(2)
    hyperparameters = training_hyperparameters(runs.pipeline, record["counts"], {})
    request = training_request(runs.pipeline, HERE, runs.recordio, hyperparameters, shards=2)
    name = unique_name("train")
    runs.aws.sagemaker.create_training_job(TrainingJobName=name, **request["config"])
    job = runs.aws.wait_for_job("training", name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    channels = json.dumps(job["InputDataConfig"])
    assert f"{runs.recordio}/of-2/train/" in channels
    assert any(
        metric["MetricName"] == "validation:accuracy" for metric in job["FinalMetricDataList"]
    )
