"""Model packages as pages show them: a page of the newest ones, or one by its number."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.common.aws_errors import is_missing
from model_page.reading.together import read_all

PAGE_SIZE = 25
MAX_AGE_SECONDS = 10.0
KEPT = 4000
"""Descriptions in memory: about 2 KB each."""


@dataclass(frozen=True)
class PackageView:
    """A model package.

    Attributes:
        version: Its number in the group.
        arn: Its ARN.
        approval: Approved, Rejected or PendingManualApproval.
        why: The reason of the last approval or rejection.
        created: When it was registered.
        changed: When its description last changed, or None.
        model_uri: The S3 address of its model.tar.gz.
        facts: Its metadata: lineage, figures and verdict, all as text.
    """

    version: int
    arn: str
    approval: str
    why: str
    created: datetime
    changed: datetime | None
    model_uri: str
    facts: Mapping[str, str]

    def number(self, name: str) -> float | None:
        """Return a figure of the metadata, or None if it is missing or no number."""
        try:
            return float(self.facts[name])
        except (KeyError, ValueError):
            return None

    @property
    def training_job(self) -> str | None:
        """The training job of the model, or None if the package was registered by hand."""
        return self.facts.get("training_job")


@dataclass(frozen=True)
class PackagePage:
    """Packages of a group, newest first, and the token of the next page, or None."""

    packages: list[PackageView]
    next_token: str | None


class RegistryReader:
    """Reads one model package group, with a short memory.

    Args:
        sagemaker: A boto3 SageMaker client.
        clock: Returns the time in seconds.
    """

    def __init__(self, sagemaker: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._sagemaker, self._clock = sagemaker, clock
        self._lock = threading.Lock()
        self._described: dict[tuple[str, str], tuple[PackageView, float]] = {}
        self._listed: dict[tuple[str, str | None, int], tuple[Any, float]] = {}

    def page(self, group: str, token: str | None = None, size: int = PAGE_SIZE) -> PackagePage:
        """Return packages of a group, newest first; none if the group does not exist yet."""
        listed = self._list(group, token, size)
        summaries = listed.get("ModelPackageSummaryList", [])
        return PackagePage(read_all(self._describe, summaries), listed.get("NextToken"))

    def package(self, group: str, version: int) -> PackageView | None:
        """Return a package by its number, or None if the group has no such package."""
        newest = self._list(group, None, PAGE_SIZE).get("ModelPackageSummaryList", [])
        if not newest:
            return None
        arn = f"{newest[0]['ModelPackageArn'].rpartition('/')[0]}/{version}"
        known = next((item for item in newest if item["ModelPackageArn"] == arn), None)
        try:
            return self._describe(known or {"ModelPackageArn": arn})
        except self._sagemaker.exceptions.ClientError as error:
            if not is_missing(error):
                raise
            return None

    def forget(self) -> None:
        """Read everything anew: a package has just been changed."""
        with self._lock:
            self._described.clear()
            self._listed.clear()

    def _list(self, group: str, token: str | None, size: int) -> Any:
        key = (group, token, size)
        with self._lock:
            known = self._listed.get(key)
        if known and self._clock() - known[1] < MAX_AGE_SECONDS:
            return known[0]
        try:
            listed = self._sagemaker.list_model_packages(
                ModelPackageGroupName=group,
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=size,
                **({"NextToken": token} if token else {}),
            )
        except self._sagemaker.exceptions.ClientError as error:
            if not is_missing(error):
                raise
            listed = {}
        with self._lock:
            if len(self._listed) > KEPT:
                self._listed.clear()
            self._listed[key] = (listed, self._clock())
        return listed

    def _describe(self, summary: Mapping[str, Any]) -> PackageView:
        """Describe a package, unless it was described and its status has not changed since."""
        arn, status = summary["ModelPackageArn"], summary.get("ModelApprovalStatus", "")
        with self._lock:
            known = self._described.get((arn, status))
        # A listed status that is the same says that no decision was made in the meantime.
        if known and (status or self._clock() - known[1] < MAX_AGE_SECONDS):
            return known[0]
        described = self._sagemaker.describe_model_package(ModelPackageName=arn)
        view = _view(described)
        with self._lock:
            if len(self._described) > KEPT:
                self._described.clear()
            for key in {(arn, status), (arn, view.approval)}:
                self._described[key] = (view, self._clock())
        return view


def _view(described: Mapping[str, Any]) -> PackageView:
    containers = described.get("InferenceSpecification", {}).get("Containers") or [{}]
    arn = described["ModelPackageArn"]
    number = arn.rsplit("/", 1)[-1]
    return PackageView(
        version=int(number) if number.isdecimal() else 0,
        arn=arn,
        approval=described.get("ModelApprovalStatus", ""),
        why=described.get("ApprovalDescription", ""),
        created=described["CreationTime"],
        changed=described.get("LastModifiedTime"),
        model_uri=containers[0].get("ModelDataUrl", ""),
        facts=dict(described.get("CustomerMetadataProperties", {})),
    )
