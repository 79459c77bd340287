"""The task functions of nightly training, called without a run over AWS in memory."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto.sagemaker.models import sagemaker_backends

from include.config import Deployment, find_pipeline
from include.config.sections.budget import Budget
from include.storage.layout import Layout
from tests.dags.task_calls import running, task_context

BUCKET, REPOSITORY = "some-bucket", "image-classification"
ACCOUNT = "123456789012"
RUN_ID = "scheduled__2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
URI = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}"
RECORD = {
    "version": "r1",
    "dataset_version": "d1",
    "counts": {"train": 100, "validation": 20, "classes": 5},
}
TEST_PHOTO = {"key": "aa.jpg", "size": 1, "split": "test", "label": 0}
TRAINED: dict[str, Any] = {
    "job_name": "merch-train-1",
    "outputs": {"model": "s3://some-bucket/m.tar.gz"},
    "billable_seconds": 900.0,
    "spot_saving": 0.7,
    "instance_type": "ml.c5.xlarge",
    "metrics": {"int8:accepted": 1.0},
}
EVALUATION = {"dataset_version": "d1", "split": "test", "images": 1, "top1": 1.0, "top5": 1.0}
ANSWERS = "key,name,predicted_name,confidence\naa.jpg,Audi,Audi,0.900000\n"
VERDICT = {"verdict": "promote", "reason": "better", "top1": 0.9}


class TrainingRun:
    """The task functions of one pipeline's training DAG, with AWS in memory.

    Attributes:
        pushed: The XComs that tasks pushed, by key.
    """

    def __init__(self, dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dag, self.monkeypatch = dag, monkeypatch
        self.s3, self.sagemaker, self.ecr = (
            boto3.client(service, region_name="us-east-1") for service in ("s3", "sagemaker", "ecr")
        )
        self.pipeline = find_pipeline("merch", "local")
        self.deployment = Deployment(
            name="testing",
            bucket=BUCKET,
            role_arn=ROLE,
            image_uri=f"{URI}:1",
            region="us-east-1",
        )
        self.pushed: dict[str, Any] = {}
        self.force = False

    def call(self, task: str, *args: Any) -> Any:
        function = self.dag.get_task(task).python_callable
        run_context = SimpleNamespace(
            s3=self.s3, sagemaker=self.sagemaker, ecr=self.ecr, bucket=BUCKET,
            pipeline=self.pipeline, deployment=self.deployment,
            layout=Layout(BUCKET, self.pipeline.name),
        )  # fmt: skip
        ti = SimpleNamespace(
            dag_id=self.dag.dag_id,
            run_id=RUN_ID,
            xcom_push=lambda key, value: self.pushed.update({key: value}),
        )
        self.context = task_context(ti, params={"force": self.force})
        with running(function, run_context, self.context, self.monkeypatch):
            return function(self.pipeline.name, *args)

    def register(
        self,
        planned: dict[str, Any],
        prepared: dict[str, Any] | None = None,
        verdict: dict[str, Any] = VERDICT,
        trained: dict[str, Any] = TRAINED,
    ) -> dict[str, Any]:
        """Register the candidate with the model that was prepared."""
        prepared = prepared or self.call("prepare", planned["lineage"], trained)
        facts = planned["lineage"], trained, verdict, prepared["model"]
        return dict(self.call("register", *facts))

    def put(self, key: str, record: dict[str, Any]) -> None:
        self.put_text(key, json.dumps(record))

    def put_text(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())

    def create_endpoint(self, facts: dict[str, str]) -> str:
        """Create an endpoint with a package of this metadata, and return its training job."""
        config, slug = "config-1", self.pipeline.slug
        package = self.sagemaker.create_model_package(
            ModelPackageName="champion",
            InferenceSpecification={
                "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://b/m.tar.gz"}],
                "SupportedContentTypes": ["image/jpeg"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties=facts,
        )["ModelPackageArn"]
        container, role = {"ModelPackageName": package}, self.deployment.role_arn
        self.sagemaker.create_model(
            ModelName="model-1", PrimaryContainer=container, ExecutionRoleArn=role
        )
        variant = {
            "VariantName": "AllTraffic", "ModelName": "model-1",
            "InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 1,
        }  # fmt: skip
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=config, ProductionVariants=[variant]
        )
        self.sagemaker.create_endpoint(EndpointName=slug, EndpointConfigName=config)
        return facts["training_job"]

    def push_image(self, content: str) -> str:
        """Push an image of this content as tag 1, and return its digest."""
        layers = [{"digest": content}]  # without them, moto draws one of a hundred digests
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers, "config": {}}
        pushed = self.ecr.put_image(
            repositoryName=REPOSITORY, imageTag="1", imageManifest=json.dumps(manifest)
        )
        return str(pushed["image"]["imageId"]["imageDigest"])

    @property
    def record(self) -> dict[str, Any]:
        """The decision of the last run, in models/night.json."""
        body = self.s3.get_object(Bucket=BUCKET, Key="merch/models/night.json")["Body"]
        return dict(json.loads(body.read()))

    def create_training_job(self, status: str, checkpoints: str) -> None:
        """Create the training job with this checkpoint address ("" for none)."""
        name = TRAINED["job_name"]
        self.sagemaker.create_training_job(
            TrainingJobName=name,
            RoleArn=ROLE,
            AlgorithmSpecification={"TrainingImage": URI, "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
            **({"CheckpointConfig": {"S3Uri": checkpoints}} if checkpoints else {}),
        )
        job = sagemaker_backends[ACCOUNT]["us-east-1"].training_jobs[name]
        job.training_job_status = status  # moto's jobs are complete at once

    def set_budget(self, **caps: float) -> None:
        self.pipeline = self.pipeline.model_copy(update={"budget": Budget(**caps)})
