"""The results that a run of each DAG family must leave in XCom, S3 and SageMaker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError

from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.clients import AwsClients
from include.local_run.drive.dag_run import DagRun
from include.storage.layout import Layout
from include.storage.records import read_record
from tests.kill_matrix.fetched import FETCHED

TASKS: Mapping[str, tuple[str, ...]] = {
    "dataset_refresh": ("plan", "submit_refresh", "track_refresh", "publish"),
    "im2rec_conversion": ("plan", "submit_im2rec", "track_im2rec", "publish"),
    "nightly_training": (
        "plan", "submit_train", "track_train", "prepare", "ensure_model", "submit_transform",
        "track_transform", "submit_evaluate", "track_evaluate", "judge", "register",
    ),
    "endpoint_update": (
        "plan", "ensure_model", "ensure_endpoint_config", "deploy", "track_endpoint", "smoke_test",
        "publish",
    ),
    "endpoint_rollback": (
        "plan", "ensure_model", "ensure_endpoint_config", "deploy", "track_endpoint", "smoke_test",
        "publish", "reject_newer",
    ),
    "batch_inference": (
        "plan", "submit_select", "track_select", "plan_transform", "ensure_model",
        "submit_transform", "track_transform", "submit_report", "track_report", "publish",
    ),
}  # fmt: skip
"""The tasks of each family that return an XCom in a run that is not skipped."""

_MAY_BE_EMPTY = frozenset({"quarantine"})

Xcoms = Mapping[str, Any]


@dataclass(frozen=True)
class Results:
    """Checks a run's results.

    Args:
        api: Airflow's REST API.
        aws: The clients of the local AWS.
        layout: The pipeline's S3 keys.
        group: The pipeline's model package group and endpoint.
    """

    api: AirflowApi
    aws: AwsClients
    layout: Layout
    group: str

    def missing(self, run: DagRun, family: str) -> list[str]:
        """Return a line for each missing or wrong result."""
        xcoms = {task: self.api.get_xcom(run, task) for task in TASKS[family]}
        without = [f"{task} left no XCom" for task, value in xcoms.items() if value is None]
        if without:
            return without
        checks: Mapping[str, Callable[[Xcoms], Iterator[str]]] = {
            "dataset_refresh": self._of_refresh,
            "im2rec_conversion": self._of_conversion,
            "nightly_training": self._of_training,
            "endpoint_update": self._of_endpoint,
            "endpoint_rollback": self._of_rollback,
            "batch_inference": self._of_batch,
        }
        return [*self._of_jobs(xcoms), *checks[family](xcoms)]

    def _of_jobs(self, xcoms: Xcoms) -> Iterator[str]:
        """Check that each tracked job is Completed and its outputs exist."""
        for task, summary in xcoms.items():
            if not task.startswith("track_") or "job_name" not in summary:
                continue
            if summary["status"] != "Completed":
                yield f"{task}'s summary has the status {summary['status']}"
            for name, uri in summary["outputs"].items():
                if name not in _MAY_BE_EMPTY and not self._has_objects(uri):
                    yield f"{task}'s output {name} is missing: {uri}"

    def _of_refresh(self, xcoms: Xcoms) -> Iterator[str]:
        yield from self._pointer(self.layout.dataset_pointer, xcoms["track_refresh"]["job_name"])
        if not self._has_objects(self.layout.uri(f"{self.layout.source}{FETCHED}")):
            yield f"{FETCHED} was not fetched"
        if self._has_objects(self.layout.uri(self.layout.fetching)):
            yield f"{self.layout.fetching} is not empty: the fetch left its request or a draft"

    def _of_conversion(self, xcoms: Xcoms) -> Iterator[str]:
        yield from self._pointer(self.layout.recordio_pointer, xcoms["track_im2rec"]["job_name"])

    def _of_training(self, xcoms: Xcoms) -> Iterator[str]:
        job = xcoms["track_train"]["job_name"]
        for key in (self.layout.evaluation_report(job), self.layout.evaluation_verdict(job)):
            if read_record(self.aws.s3, self.layout.bucket, key) is None:
                yield f"{key} is missing"
        packages = [p for p in self.packages() if p["training_job"] == job]
        if len(packages) != 1:
            yield f"{job} is registered {len(packages)} times"
        elif packages[0]["arn"] != xcoms["register"]["package"]:
            yield f"{job} is registered as {packages[0]['arn']}, and register returned another"

    def _of_endpoint(self, xcoms: Xcoms) -> Iterator[str]:
        config = xcoms["deploy"]["endpoint_config_name"]
        found = self.aws.sagemaker.describe_endpoint(EndpointName=self.group)
        if (found["EndpointStatus"], found["EndpointConfigName"]) != ("InService", config):
            yield f"the endpoint is {found['EndpointStatus']} on {found['EndpointConfigName']}"
        if xcoms["publish"]["endpoint_config_name"] != config:
            yield "publish returned another endpoint configuration than deploy"

    def _of_rollback(self, xcoms: Xcoms) -> Iterator[str]:
        yield from self._of_endpoint(xcoms)
        serves = int(xcoms["plan"]["package"]["version"])
        for package in self.packages():
            if package["version"] > serves and package["approval"] == "Approved":
                yield f"package {package['version']} would be deployed again: it is Approved"

    def _of_batch(self, xcoms: Xcoms) -> Iterator[str]:
        key = self.layout.batch_record(xcoms["plan_transform"]["batch"])
        if read_record(self.aws.s3, self.layout.bucket, key) is None:
            yield f"{key} is missing"

    def _pointer(self, key: str, job: str) -> Iterator[str]:
        record = read_record(self.aws.s3, self.layout.bucket, key) or {}
        if record.get("job") != job:
            yield f"{key} names job {record.get('job')}, not {job}"

    def packages(self) -> list[dict[str, Any]]:
        """Return ARN, version, approval and training job of all packages, newest first."""
        try:
            listed = self.aws.sagemaker.list_model_packages(
                ModelPackageGroupName=self.group, SortBy="CreationTime", SortOrder="Descending",
                MaxResults=100,
            )  # fmt: skip
        except ClientError:  # no group yet
            return []
        return [self._package(summary) for summary in listed["ModelPackageSummaryList"]]

    def serving(self) -> str:
        """Return the ARN of the serving model package."""
        sagemaker = self.aws.sagemaker
        endpoint = sagemaker.describe_endpoint(EndpointName=self.group)
        config = sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )
        model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        return str(model["PrimaryContainer"]["ModelPackageName"])

    def approve(self, package: Mapping[str, Any]) -> int:
        """Approve a model package, and return its number."""
        self.aws.sagemaker.update_model_package(
            ModelPackageArn=package["arn"], ModelApprovalStatus="Approved"
        )
        return int(package["version"])

    def _package(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        arn = summary["ModelPackageArn"]
        described = self.aws.sagemaker.describe_model_package(ModelPackageName=arn)
        return {
            "arn": arn,
            "version": int(summary["ModelPackageVersion"]),
            "approval": summary["ModelApprovalStatus"],
            "training_job": described.get("CustomerMetadataProperties", {}).get("training_job"),
        }

    def _has_objects(self, uri: str) -> bool:
        parts = urlparse(uri)
        prefix = parts.path.lstrip("/")
        found = self.aws.s3.list_objects_v2(Bucket=parts.netloc, Prefix=prefix, MaxKeys=1)
        return bool(found.get("Contents"))
