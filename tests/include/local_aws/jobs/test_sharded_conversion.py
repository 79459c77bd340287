"""The project's own im2rec and training on several instances, asked for as the DAGs ask."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from include.config import Deployment, Pipeline, find_pipeline
from include.config.versions import recordio_version
from include.contracts.dataset import Split
from include.decisions.conversion.manifest import ensure_conversion_manifest
from include.decisions.conversion.plan import complete_conversion
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
from tests.include.image_classification.dataset.making import photo
from tests.include.local_aws.local_server import BUCKET, OWN_IMAGE, ROLE, LocalServer, fresh

HERE = Deployment("local", BUCKET, ROLE, OWN_IMAGE, "us-east-1")
COUNTS: dict[Split, int] = {"train": 9, "validation": 3, "test": 2}


class Site:
    """A pipeline with a data set version of its own in the local AWS."""

    def __init__(self, aws: LocalServer, folder: Path) -> None:
        self.aws = aws
        self.pipeline = _pipeline(fresh("cars").replace("-", "_"))
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
        """Convert on so many instances, and return the finished version's record."""
        job = self.run(instances, earlier)
        assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
        return dict(complete_conversion(self.aws.s3, self.layout, self.recordio, instances))

    def run(self, instances: int, earlier: str | None = None) -> dict[str, Any]:
        """Convert on so many instances, and return what became of the job."""
        ensure_conversion_manifest(self.aws.s3, self.layout, self.version.name)
        conversion = self.pipeline.conversion.model_copy(update={"instance_count": instances})
        pipeline = self.pipeline.model_copy(update={"conversion": conversion})
        request = im2rec_request(pipeline, HERE, self.version.name, earlier)["config"]
        name = fresh("im2rec")
        self.aws.sagemaker.create_processing_job(ProcessingJobName=name, **request)
        return dict(self.aws.ended("processing", name))

    def files(self, split: str, instances: int) -> dict[str, bytes]:
        """A channel's objects by name."""
        folder = f"s3://{BUCKET}/{self.layout.recordio_part(self.recordio, split, instances)}"
        return {key: self.aws.get(f"{folder}{key}") for key in self.aws.keys(folder)}

    def records(self, split: str, instances: int, scratch: Path) -> dict[int, bytes]:
        """A channel's records by their images' ranks; a rank must not come twice."""
        found = []
        for name, content in sorted(self.files(split, instances).items()):
            (scratch / name).write_bytes(content)
            found += [(unpack_image(r).identifier, r) for r in read_records(scratch / name)]
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
    settings = {"num_layers": 20, "image_shape": "3,32,32", "mini_batch_size": 4, "epochs": 1}
    hyperparameters = cars.training.hyperparameters.model_copy(update=settings)
    return cars.model_copy(
        update={
            "name": name,
            "conversion": cars.conversion.model_copy(update={"resize": 36}),
            "training": cars.training.model_copy(update={"hyperparameters": hyperparameters}),
        }
    )


@pytest.fixture
def site(aws: LocalServer, tmp_path: Path) -> Site:
    return Site(aws, tmp_path / "version")


def test_the_union_of_the_shards_is_the_single_run_record_by_record(
    site: Site, tmp_path: Path
) -> None:
    alone = site.convert(1)
    assert "shards" not in alone
    for instances in (2, 3):
        together = site.convert(instances)
        assert together["shards"] == instances
        for field in ("version", "dataset_version", "settings", "counts", "bytes"):
            assert together[field] == alone[field]
        for split in ("train", "validation"):
            whole = site.records(split, 1, tmp_path)
            assert sorted(whole) == list(range(COUNTS[split]))
            assert site.records(split, instances, tmp_path) == whole
            names = [f"{split}-{number:05}.rec" for number in range(instances)]
            assert set(site.files(split, instances)) <= set(names)


def test_each_instance_takes_unchanged_records_from_all_shards_of_an_earlier_conversion(
    site: Site, tmp_path: Path
) -> None:
    assert site.convert(2)["reused"] == 0
    again = site.convert(3, site.layout.recordio_files(site.recordio, 2))
    assert again["reused"] == COUNTS["train"] + COUNTS["validation"]
    for split in ("train", "validation"):
        assert site.records(split, 3, tmp_path) == site.records(split, 2, tmp_path)


@pytest.mark.parametrize("instances", [1, 2])
def test_an_image_that_is_missing_is_named(site: Site, instances: int) -> None:
    train = sorted(site.version.split("train"), key=lambda image: image.sha256)
    gone = site.layout.image(train[4].key)
    site.aws.s3.delete_object(Bucket=BUCKET, Key=gone)
    job = site.run(instances)
    assert job["ProcessingJobStatus"] == "Failed"
    assert f"Could not access s3://{BUCKET}/{gone}" in job["FailureReason"]


@pytest.mark.parametrize("instances", [1, 2])
def test_only_the_images_that_become_records_are_downloaded(site: Site, instances: int) -> None:
    """Test photos and images of other versions would be paid for in time and disk."""
    for image in site.version.split("test"):
        site.aws.s3.delete_object(Bucket=BUCKET, Key=site.layout.image(image.key))
    # A file where a folder must be: an instance that downloads both fails the job.
    for unwanted in ("x", "x/a", "x/b"):
        key = site.layout.image(unwanted)
        site.aws.s3.put_object(Bucket=BUCKET, Key=key, Body=b"of another version")
    assert site.convert(instances)["counts"] == {"train": 9, "validation": 3, "classes": 2}


def test_training_reads_the_shards_as_one_channel(site: Site) -> None:
    record = site.convert(2)
    hyperparameters = training_hyperparameters(site.pipeline, record["counts"], {})
    request = training_request(site.pipeline, HERE, site.recordio, hyperparameters, shards=2)
    name = fresh("train")
    site.aws.sagemaker.create_training_job(TrainingJobName=name, **request["config"])
    job = site.aws.ended("training", name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    channels = json.dumps(job["InputDataConfig"])
    assert f"{site.recordio}/of-2/train/" in channels
    assert any(
        metric["MetricName"] == "validation:accuracy" for metric in job["FinalMetricDataList"]
    )
