"""The operations of SageMaker that the tasks of a night call; each job completes when it is asked.

Resources are kept as they were created. A description is the request of the creation with name,
ARN, status and time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
JOBS = ("TrainingJob", "ProcessingJob", "TransformJob")
Values = dict[str, Any]


class ServiceError(Exception):
    """An error that AWS returns: its code and its message."""


class SimulatedSageMaker:
    """SageMaker with jobs, models, endpoints and one group of packages.

    Attributes:
        on_job: Called with the noun, the name and the request of each new job.
    """

    def __init__(self, on_job: Callable[[str, str, Values], None]) -> None:
        self.on_job = on_job
        self._resources: dict[str, dict[str, Values]] = {}
        self._packages: list[Values] = []

    def call(self, operation: str, request: Values) -> Values:
        """Answer an operation, as `CreateTrainingJob`.

        Raises:
            ServiceError: The resource does not exist.
        """
        special = getattr(self, f"_{operation}", None)
        if special is not None:
            return dict(special(request))
        for verb in ("Create", "Describe", "Update", "Delete"):
            if operation.startswith(verb):
                noun = operation.removeprefix(verb)
                answer: Values = getattr(self, f"_{verb.lower()}")(noun, request)
                return answer
        if operation in ("ListModels", "ListEndpointConfigs"):
            found = self._resources.get(operation.removeprefix("List").removesuffix("s"), {})
            return {operation.removeprefix("List"): list(found.values())}
        raise ServiceError("UnknownOperationException", operation)

    def complete_jobs(self) -> None:
        """Let all jobs and endpoints end as they should."""
        for noun in (*JOBS, "Endpoint"):
            for found in self._resources.get(noun, {}).values():
                found[f"{noun}Status"] = "InService" if noun == "Endpoint" else "Completed"

    def approve_all(self) -> None:
        """Approve all packages."""
        for package in self._packages:
            package["ModelApprovalStatus"] = "Approved"

    def _create(self, noun: str, request: Values) -> Values:
        name, now = request[f"{noun}Name"], time.time()
        arn = f"{ARN}:{noun.lower()}/{name}"
        status = "Creating" if noun == "Endpoint" else "InProgress"
        facts = {f"{noun}Arn": arn, "CreationTime": now, "LastModifiedTime": now}
        if noun in (*JOBS, "Endpoint"):
            facts[f"{noun}Status"] = status
        if noun in JOBS:
            prefix = noun.removesuffix("Job")
            facts |= {f"{prefix}StartTime": now, f"{prefix}EndTime": now + 60}
            self.on_job(noun, name, request)
        if noun == "TrainingJob":
            output = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{name}/output"
            facts["ModelArtifacts"] = {"S3ModelArtifacts": f"{output}/model.tar.gz"}
            facts |= {"BillableTimeInSeconds": 60, "TrainingTimeInSeconds": 60}
        self._resources.setdefault(noun, {})[name] = {**request, **facts}
        return {f"{noun}Arn": arn}

    def _describe(self, noun: str, request: Values) -> Values:
        found = self._resources.get(noun, {}).get(request[f"{noun}Name"])
        if found is None:
            raise ServiceError("ValidationException", f'Could not find {noun} "x".')
        return found

    def _update(self, noun: str, request: Values) -> Values:
        found = self._describe(noun, request)
        found |= {**request, f"{noun}Status": "Updating"}
        return {f"{noun}Arn": found[f"{noun}Arn"]}

    def _delete(self, noun: str, request: Values) -> Values:
        self._describe(noun, request)
        del self._resources[noun][request[f"{noun}Name"]]
        return {}

    def _ListTags(self, request: Values) -> Values:
        everything = (found for kind in self._resources.values() for found in kind.values())
        for found in (*everything, *self._packages):
            if request["ResourceArn"] in found.values():
                return {"Tags": found.get("Tags", [])}
        return {"Tags": []}

    def _AddTags(self, request: Values) -> Values:
        return {"Tags": []}

    def _Search(self, request: Values) -> Values:
        wanted = {
            entry["Name"].removeprefix("Tags."): entry["Value"]
            for entry in request["SearchExpression"]["Filters"]
        }
        noun = request["Resource"]
        found = [
            {noun: job}
            for job in reversed(self._resources.get(noun, {}).values())
            if wanted.items() <= {tag["Key"]: tag["Value"] for tag in job["Tags"]}.items()
        ]
        return {"Results": found}

    def _CreateModelPackage(self, request: Values) -> Values:
        group = request["ModelPackageGroupName"]
        number = len(self._packages) + 1
        arn = f"{ARN}:model-package/{group}/{number}"
        facts = {"ModelPackageArn": arn, "ModelPackageVersion": number, "CreationTime": time.time()}
        self._packages.append({**request, **facts, "ModelPackageStatus": "Completed"})
        return {"ModelPackageArn": arn}

    def _DescribeModelPackage(self, request: Values) -> Values:
        arn = request["ModelPackageName"]
        return next(found for found in self._packages if found["ModelPackageArn"] == arn)

    def _UpdateModelPackage(self, request: Values) -> Values:
        arn = request["ModelPackageArn"]
        self._DescribeModelPackage({"ModelPackageName": arn}).update(request)
        return {"ModelPackageArn": arn}

    def _ListModelPackages(self, request: Values) -> Values:
        status = request.get("ModelApprovalStatus")
        kept = (
            "ModelPackageArn", "ModelPackageVersion", "CreationTime", "ModelPackageStatus",
            "ModelApprovalStatus", "ModelPackageGroupName",
        )  # fmt: skip
        found = [
            {name: package[name] for name in kept}
            for package in reversed(self._packages)
            if status in (None, package["ModelApprovalStatus"])
        ]
        return {"ModelPackageSummaryList": found}
