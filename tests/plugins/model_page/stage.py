"""An installation in memory (moto), and what the DAGs would have written into it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3

from include.config import Deployment
from include.storage.layout import Layout
from model_page.installation import Installation

BUCKET, ACCOUNT = "some-bucket", "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CLASSES = ("Berry_Donut", "Glazed_Twist", "Hot_Dog_1")


@cache
def _made_client(service: str) -> Any:
    """Return a client; making one takes longer than most tests."""
    return boto3.client(service, region_name="us-east-1")


class Stage:
    """S3 and the registry of one installation.

    Attributes:
        calls: The number of AWS calls by operation, since the last `calls.clear()`.
    """

    def __init__(self, pipeline: str = "merch") -> None:
        self.pipeline, self.group = pipeline, pipeline.replace("_", "-")
        self.layout = Layout(BUCKET, pipeline)
        self.calls: Counter[str] = Counter()
        deployment = Deployment(
            name="testing", bucket=BUCKET, role_arn=ROLE, image_uri="image:1", region="us-east-1"
        )
        self.installation = Installation(deployment, self._client)
        self.s3, self.sagemaker = self.installation.s3, self.installation.sagemaker

    def _client(self, service: str, **limits: Any) -> Any:
        client = _made_client(service)
        client.meta.events.register("before-call", self._count, unique_id="count")
        return client

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1

    def close(self) -> None:
        """Stop counting: the clients are used by the next test."""
        for service in ("s3", "sagemaker", "sagemaker-runtime", "logs", "cloudwatch"):
            _made_client(service).meta.events.unregister("before-call", unique_id="count")

    def put(self, key: str, content: Any, kind: str = "application/json") -> None:
        """Write an object: bytes, a text, or what JSON can hold."""
        body = content if isinstance(content, bytes | str) else json.dumps(content)
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=kind)

    def package(
        self, job: str, approval: str = "Approved", verdict: str = "promote", **facts: Any
    ) -> int:
        """Register a candidate, and return its number."""
        known = self.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        if self.group not in [group["ModelPackageGroupName"] for group in known]:
            self.sagemaker.create_model_package_group(ModelPackageGroupName=self.group)
        metadata = {"training_job": job, "verdict": verdict, "top1": 0.7, "dataset_version": "d1",
                    "recordio_version": "r1", "reason": f"{verdict} it", **facts}  # fmt: skip
        arn = self.sagemaker.create_model_package(
            ModelPackageGroupName=self.group,
            ModelApprovalStatus=approval,
            InferenceSpecification={
                "Containers": [{"Image": "image:1", "ModelDataUrl": f"s3://{BUCKET}/{job}.tar.gz"}],
                "SupportedContentTypes": ["image/jpeg"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties={name: str(value) for name, value in metadata.items()},
        )["ModelPackageArn"]
        return int(arn.rsplit("/", 1)[-1])

    def evaluation(
        self, job: str, top1: float = 0.72, images: int = 100, gates: Any = (), **more: Any
    ) -> None:
        """Write a candidate's evaluation and verdict."""
        report = {"dataset_version": "d1", "split": "test", "images": images, "top1": top1,
                  "top5": 0.95, "calibration_error": 0.021, "per_class": []}  # fmt: skip
        self.put(self.layout.evaluation_report(job), report)
        verdict = {"verdict": "promote", "reason": "top-1 keeps all limits", "top1": top1,
                   "images": images, "gates": list(gates), **more}  # fmt: skip
        self.put(self.layout.evaluation_verdict(job), verdict)

    def serve(self, version: int, moment: datetime | None = None, run: str = "") -> None:
        """Deploy a package, and record the release."""
        moment = moment or datetime(2026, 11, 12, 2, 14, tzinfo=UTC)
        name = f"{self.group}-{version}-{moment:%H%M%S}"
        arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/{self.group}/{version}"
        self.sagemaker.create_model(
            ModelName=name, PrimaryContainer={"ModelPackageName": arn}, ExecutionRoleArn=ROLE
        )
        variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.c5.xlarge",
                   "InitialInstanceCount": 1}  # fmt: skip
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        if self.sagemaker.list_endpoints()["Endpoints"]:
            self.sagemaker.delete_endpoint(EndpointName=self.group)  # moto updates none
        self.sagemaker.create_endpoint(EndpointName=self.group, EndpointConfigName=name)
        self.release(version, moment, run, name)

    def release(self, version: int, moment: datetime, run: str = "", config: str = "c") -> None:
        """Record a deployment, as `write_release` does."""
        folder = self.layout.release_deployment(version, f"{moment:%Y%m%dT%H%M%SZ}")
        record = {"version": version, "deployed": moment.isoformat(), "run": run,
                  "endpoint_config": config, "model": config}  # fmt: skip
        self.put(f"{folder}release.json", record)
        change = {"version": version, "deployed": moment.isoformat()}
        self.put(self.layout.release_change, change)

    def decision(self, trains: bool, reason: str, decided: str = "2026-11-12T02:01:00Z") -> None:
        """Write what the last nightly run decided."""
        record = {"decided": decided, "trains": trains, "reason": reason}
        self.put(self.layout.training_decision, record)

    def dataset(self, version: str = "d1", **more: Any) -> None:
        """Write a dataset version and the pointer to it."""
        record: Mapping[str, Any] = {
            "version": version, "created": "2026-11-11T00:30:00+00:00",
            "counts": {"images": 300, "train": 200, "validation": 50, "test": 50}, **more,
        }  # fmt: skip
        self.put(self.layout.dataset_report(version), record)
        self.put(self.layout.dataset_classes(version), list(CLASSES))
        self.put(self.layout.dataset_pointer, {**record, "fingerprint": "f", "job": "refresh-1"})

    def photo(self, name: str, picture: bytes = PIXEL) -> str:
        """Store a photo, and return its key."""
        digest = hashlib.sha256(name.encode()).hexdigest()
        key = f"{digest[:2]}/{digest}.png"
        self.put(self.layout.image(key), picture, "image/png")
        return key

    def photos(self, job: str, photos: Sequence[tuple[str, str, float]]) -> list[str]:
        """Write a candidate's table of photos: truth, prediction and its probability."""
        header = "key,name,label,probability,label_2,probability_2"
        keys, lines = [], [header]
        for number, (truth, label, confidence) in enumerate(photos):
            digest = hashlib.sha256(f"photo {number}".encode()).hexdigest()
            keys.append(f"{digest[:2]}/{digest}.png")
            other = truth if truth != label else next(name for name in CLASSES if name != label)
            row = (keys[-1], truth, label, confidence, other, round((1 - confidence) * 0.8, 4))
            lines.append(",".join(map(str, row)))
        self.put(self.layout.evaluated_photos(job), "\n".join(lines) + "\n", "text/csv")
        return keys
