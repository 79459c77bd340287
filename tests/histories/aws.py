"""SageMaker's registry and S3 in memory, beside the jobs of `SimulatedSageMaker`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from tests.plugins.sagemaker_jobs.simulated_sagemaker import (
    ACCOUNT,
    SimulatedSageMaker,
    client_error,
)


class Crash(BaseException):
    """The death of a task's process."""


class Fault:
    """Throttles a call of a task, or ends its process before or after a call has had its effect.

    Args:
        what: `throttle`, `crash before` or `crash after`.
        call: Which call of the task, from 0.
    """

    def __init__(self, what: str, call: int) -> None:
        self.what, self.call = what, call

    def __call__(self, operation: str, moment: str) -> None:
        if moment == "before":
            self.call -= 1
        if self.call != -1:
            return
        if self.what == "throttle" and moment == "before":
            raise client_error(operation, "ThrottlingException", "Rate exceeded")
        if self.what == f"crash {moment}":
            raise Crash


class SimulatedAws(SimulatedSageMaker):
    """SageMaker with a model registry of one group.

    Attributes:
        packages: The requests of the registered packages, in the order of their creation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.groups: set[str] = set()
        self.packages: list[dict[str, Any]] = []
        self._tokens: dict[str, str] = {}

    def _describe_model_package_group(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["ModelPackageGroupName"] not in self.groups:
            message = "ModelPackageGroup does not exist."
            raise client_error("describe_model_package_group", "ValidationException", message)
        return {}

    def _create_model_package_group(self, request: dict[str, Any]) -> dict[str, Any]:
        self.groups.add(request["ModelPackageGroupName"])
        return {}

    def _create_model_package(self, request: dict[str, Any]) -> dict[str, Any]:
        token = request["ClientToken"]
        if token not in self._tokens:
            group = request["ModelPackageGroupName"]
            arn = f"{ACCOUNT}:model-package/{group}/{len(self.packages) + 1}"
            self._tokens[token] = arn
            self.packages.append({**request, "ModelPackageArn": arn, "CreationTime": self.now})
        return {"ModelPackageArn": self._tokens[token]}

    def _describe_model_package(self, request: dict[str, Any]) -> dict[str, Any]:
        arn = request["ModelPackageName"]
        return next(package for package in self.packages if package["ModelPackageArn"] == arn)

    def _update_model_package(self, request: dict[str, Any]) -> dict[str, Any]:
        package = self._describe_model_package({"ModelPackageName": request["ModelPackageArn"]})
        package.update(request)
        return {}

    def _list_model_packages(self, request: dict[str, Any]) -> dict[str, Any]:
        self._describe_model_package_group(request)
        status = request.get("ModelApprovalStatus")
        found = [
            package
            for package in reversed(self.packages)
            if status in (None, package["ModelApprovalStatus"])
        ]
        return {"ModelPackageSummaryList": found}


class SimulatedS3:
    """A client of S3, like boto3's, with one bucket in memory."""

    class NoSuchKey(ClientError):  # type: ignore[misc]
        """The object does not exist."""

    exceptions = SimpleNamespace(ClientError=ClientError, NoSuchKey=NoSuchKey)

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:
        self.objects[Key] = Body
        return {"ETag": "x"}

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:
        if Key not in self.objects:
            raise self.NoSuchKey({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        body = io.BytesIO(self.objects[Key])
        lines = self.objects[Key].splitlines()
        return {"Body": SimpleNamespace(read=body.read, iter_lines=lambda *_: lines), "ETag": "x"}

    def head_object(self, *, Key: str, **_: Any) -> dict[str, Any]:
        if Key not in self.objects:
            raise client_error("HeadObject", "404", "Not Found")
        return {"ContentLength": len(self.objects[Key])}

    def delete_object(self, *, Key: str, **_: Any) -> dict[str, Any]:
        self.objects.pop(Key, None)
        return {}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"

        def paginate(*, Prefix: str, **_: Any) -> Iterator[Any]:
            yield {"Contents": [{"Key": key} for key in self.objects if key.startswith(Prefix)]}

        return SimpleNamespace(paginate=paginate)
