"""A long history of one pipeline in a local AWS: what years of nightly runs leave behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.local_aws import IMAGE, ROLE
from include.contracts.label_files import label_file_name, label_identifier, label_lines
from include.contracts.records import LabelRecord
from include.storage.layout import Layout

PIPELINE = "stanford_cars"
GROUP = "stanford-cars"
CLASSES = 196
PHOTOS = 8_041
"""Photos of the test split, as many as Stanford Cars has."""

DEPLOYMENTS = 400
BATCH_PHOTOS = 1_000
UNCERTAIN = 100
REPORTED = 60
"""The newest batches, which have reports; of the others, only the record is stored."""

WITH_PHOTOS = 3
"""The newest packages, whose evaluations have tables of photos."""

THREADS = 16


@dataclass(frozen=True)
class Size:
    """The numbers of packages, batches and label files of the last two weeks."""

    packages: int
    batches: int
    label_files: int


@dataclass(frozen=True)
class History:
    """What pages are opened: jobs and batches by name, the newest package, the dataset version."""

    job: str
    batch: str
    newest: int
    dataset: str


class Writer:
    """Writes a history with boto3 clients of the local AWS.

    Args:
        s3: An S3 client.
        sagemaker: A SageMaker client.
        bucket: The bucket, which exists.
    """

    def __init__(self, s3: Any, sagemaker: Any, bucket: str) -> None:
        self.s3, self.sagemaker, self.bucket = s3, sagemaker, bucket
        self.layout = Layout(bucket, PIPELINE)
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.names = [
            f"Manufacturer {number} Model {number % 7} Coupe" for number in range(CLASSES)
        ]
        self.keys = [_digest(f"photo {number}") for number in range(PHOTOS)]

    def write(self, size: Size, archive: bytes) -> History:
        """Write everything, and return what there is.

        Args:
            size: The numbers of things.
            archive: The model.tar.gz of all packages.
        """
        self.s3.put_object(Bucket=self.bucket, Key="model.tar.gz", Body=archive)
        self._write_dataset()
        job = self._train()
        jobs = [f"{GROUP}-train-{number:05}" for number in range(1, size.packages)] + [job]
        self._write_packages(jobs)
        self._write_all(self._evaluations(jobs))
        self._write_all(self._deployments(size.packages))
        batches = self._batch_names(size.batches)
        self._write_all(self._batches(batches))
        self._write_all(self._labels(size.label_files))
        self._serve(size.packages)
        return History(job, batches[-1], size.packages, "d0009")

    def _write_all(self, objects: Iterable[tuple[str, Any]]) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._put, objects))

    def _put(self, item: tuple[str, Any]) -> None:
        key, content = item
        body = content if isinstance(content, str) else json.dumps(content)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def _write_dataset(self) -> None:
        counts = {"images": 16_185, "train": 6_516, "validation": 1_628, "test": PHOTOS,
                  "classes": CLASSES, "quarantined": 500}  # fmt: skip
        source = {"uri": f"s3://{self.bucket}/{PIPELINE}/source/", "files": ["cars.tgz"]}
        previous = None
        for number in range(10):
            version = f"d{number:04}"
            report = {"version": version, "counts": counts, "source": source, "seconds": 70.0,
                      "previous": previous, "created": self.now.isoformat()}  # fmt: skip
            self._put((self.layout.dataset_report(version), report))
            previous = version
        self._put((self.layout.dataset_classes(version), self.names))
        rows = [
            json.dumps({"path": f"{number:05}.jpg", "reason": "truncated", "detail": "cut"})
            for number in range(500)
        ]
        self._put((f"{self.layout.dataset(version)}quarantine.jsonl", "\n".join(rows)))
        self._put((self.layout.dataset_pointer, {**report, "fingerprint": "f", "job": "refresh"}))
        record = {"version": "r1", "dataset_version": version, "bytes": 1,
                  "created": report["created"],
                  "counts": {"train": 6_516, "validation": 1_628, "classes": CLASSES}}  # fmt: skip
        self._put((self.layout.recordio_report("r1"), record))
        decision = {"decided": self.now.isoformat(), "trains": True, "reason": "new photos"}
        self._put((self.layout.training_decision, decision))

    def _train(self) -> str:
        """Run a training job, and return its name."""
        name, root = f"{GROUP}-train-last", f"s3://{self.bucket}/{PIPELINE}/"
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/model.tar.gz"}
        self.sagemaker.create_training_job(
            TrainingJobName=name,
            RoleArn=ROLE,
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            HyperParameters={"epochs": "30", "learning_rate": "0.01", "num_layers": "50"},
            InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
            OutputDataConfig={"S3OutputPath": f"{root}models"},
            ResourceConfig={
                "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10,
            },
            StoppingCondition={"MaxRuntimeInSeconds": 600},
        )  # fmt: skip
        waiter = self.sagemaker.get_waiter("training_job_completed_or_stopped")
        waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return name

    def _write_packages(self, jobs: list[str]) -> None:
        self.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._write_package, jobs[:-WITH_PHOTOS]))
        for job in jobs[-WITH_PHOTOS:]:  # their numbers are in this order
            self._write_package(job, serves=job == jobs[-1])

    def _write_package(self, job: str, *, serves: bool = False) -> None:
        facts = {
            "training_job": job, "verdict": "promote" if serves else "keep", "top1": "0.72",
            "top5": "0.93", "cost_usd": "0.41", "network": "resnet50", "recordio_version": "r1",
            "dataset_version": "d0009", "reason": "top-1 0.7200 keeps all limits",
            "hyperparameters": f"epochs={20 + len(job) % 3} learning_rate=0.01 num_layers=50",
        }  # fmt: skip
        self.sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="Approved" if serves else "Rejected",
            InferenceSpecification={
                "Containers": [{"Image": IMAGE, "ModelDataUrl": self._model()}],
                "SupportedContentTypes": ["image/jpeg"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties=facts,
        )

    def _model(self) -> str:
        return f"s3://{self.bucket}/model.tar.gz"

    def _evaluations(self, jobs: list[str]) -> Iterable[tuple[str, Any]]:
        gate = {"metric": "top-1", "value": 0.72, "limit": "at least", "threshold": 0.5,
                "margin": 0.22, "passed": True}  # fmt: skip
        for number, job in enumerate(jobs[-50:]):
            per_class = [{"name": name, "images": 41, "top1": 0.7} for name in self.names]
            yield (
                self.layout.evaluation_report(job),
                {"dataset_version": "d0009", "split": "test", "images": PHOTOS, "top1": 0.72,
                 "top5": 0.93, "calibration_error": 0.02, "per_class": per_class},
            )  # fmt: skip
            yield (
                self.layout.evaluation_verdict(job),
                {"verdict": "promote", "reason": "top-1 keeps all limits", "top1": 0.72,
                 "images": PHOTOS, "gates": [gate] * 4},
            )  # fmt: skip
            if number >= 50 - WITH_PHOTOS:
                yield self.layout.evaluated_photos(job), self._photos_table(number)

    def _photos_table(self, seed: int) -> str:
        rng = np.random.default_rng(seed)
        truths = np.arange(PHOTOS) % CLASSES
        wrong = rng.random(PHOTOS) < 0.28
        predicted = np.where(wrong, (truths + rng.integers(1, 5, PHOTOS)) % CLASSES, truths)
        sure = rng.uniform(0.3, 0.99, PHOTOS)
        lines = ["key,name," + _columns()]
        lines += [
            f"{self.keys[row][:2]}/{self.keys[row]}.jpg,{self.names[truths[row]]},"
            + self._guesses(int(predicted[row]), float(sure[row]))
            for row in range(PHOTOS)
        ]
        return "\n".join(lines) + "\n"

    def _guesses(self, label: int, sure: float) -> str:
        pairs = [(label, sure)] + [
            ((label + step) % CLASSES, (1 - sure) * share)
            for step, share in ((1, 0.5), (2, 0.25), (3, 0.15), (4, 0.1))
        ]
        return ",".join(f"{self.names[index]},{share:.6f}" for index, share in pairs)

    def _deployments(self, newest: int) -> Iterable[tuple[str, Any]]:
        for number in range(DEPLOYMENTS):
            moment = self.now - timedelta(days=number)
            version = max(1, newest - number)
            folder = self.layout.release_deployment(version, f"{moment:%Y%m%dT%H%M%SZ}")
            run = f"{PIPELINE}__endpoint_update/asset_triggered__{number}"
            record = {"version": version, "deployed": moment.isoformat(), "run": run,
                      "endpoint_config": "c", "model": "c"}  # fmt: skip
            yield f"{folder}release.json", record
            for other in ("endpoint_config.json", "model.json", "smoke_test.json"):
                yield f"{folder}{other}", {}
        change = {"version": newest, "deployed": self.now.isoformat()}
        yield self.layout.release_change, change

    def _batch_names(self, count: int) -> list[str]:
        moments = (self.now - timedelta(hours=count - number) for number in range(count))
        return [f"{moment:%Y%m%dT%H%M%S}-{_digest(str(moment))[:8]}" for moment in moments]

    def _batches(self, names: list[str]) -> Iterable[tuple[str, Any]]:
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{GROUP}/1"
        drift = {
            "images": BATCH_PHOTOS, "reference_images": PHOTOS,
            "classes": {"distance": 0.1, "p": 0.2},
            "confidence": {"distance": 0.1, "p": 0.2, "mean": 0.7, "reference_mean": 0.7},
        }  # fmt: skip
        counts = {"images": BATCH_PHOTOS, "unreadable": 0, "uncertain": UNCERTAIN}
        for name in names[:-REPORTED]:
            yield self.layout.batch_record(name), {"batch": name, "package": arn, "counts": counts}
        for name in names[-REPORTED:]:
            photos = [f"gate/{name}/camera_{number:05}.jpg" for number in range(BATCH_PHOTOS)]
            record = {"batch": name, "package": arn, "counts": counts, "drift": drift,
                      "images": {photo: _digest(photo)[:32] for photo in photos},
                      "created": self.now.isoformat()}  # fmt: skip
            classes = {name: BATCH_PHOTOS // CLASSES for name in self.names}
            report = {**counts, "batch": name, "classes": classes, "drift": drift,
                      "created": self.now.isoformat()}  # fmt: skip
            yield self.layout.batch_record(name), record
            yield self.layout.batch_summary(name), report
            rows = [
                f"{photo},{self._guesses(number, 0.4)}"
                for number, photo in enumerate(photos[:UNCERTAIN])
            ]
            table = "\n".join(["file," + _columns(), *rows]) + "\n"
            yield f"{self.layout.batch_report(name)}uncertain.csv", table

    def _labels(self, count: int) -> Iterable[tuple[str, Any]]:
        """Return files of one label each, as the review page writes them, of the last ten days."""
        for number in range(count):
            moment = self.now - timedelta(days=10) * (number + 1) / count
            digest = _digest(f"labelled {number}")
            record = LabelRecord(
                file=f"images/{digest[:2]}/{digest}.jpg", sha256=digest, who="ana",
                class_name=self.names[0], when=moment.isoformat(),
            )  # fmt: skip
            name = label_file_name("ana", moment, label_identifier([record], digest[:8]))
            yield self.layout.label_file(name), label_lines([record]).decode()

    def _serve(self, version: int) -> None:
        arn = self.sagemaker.list_model_packages(
            ModelPackageGroupName=GROUP, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
        )["ModelPackageSummaryList"][0]["ModelPackageArn"]
        name = f"{GROUP}-{version}"
        self.sagemaker.create_model(
            ModelName=name, PrimaryContainer={"ModelPackageName": arn}, ExecutionRoleArn=ROLE
        )
        variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.c5.xlarge",
                   "InitialInstanceCount": 1}  # fmt: skip
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        self.sagemaker.create_endpoint(EndpointName=GROUP, EndpointConfigName=name)
        waiter = self.sagemaker.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName=GROUP, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _columns() -> str:
    ranks = ["", "_2", "_3", "_4", "_5"]
    return ",".join(f"{column}{rank}" for rank in ranks for column in ("label", "probability"))
