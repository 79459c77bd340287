"""Approval of a package by a user of the page: claimed in S3 first, then set in the registry."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal

from include.common.aws_errors import error_code
from include.common.errors import PermanentError
from include.contracts.records import ApprovalDecision
from include.decisions.pointer import CHANGED, condition
from include.decisions.registry.packages import approve, reject
from include.storage.layout import Layout
from include.storage.records import write_record
from model_page.reading.models.registry import PackageView
from model_page.reading.objects import ObjectReader

MAX_DECISIONS = 100


class DecidedMeanwhileError(PermanentError):
    """Another user has decided on the package; the text says who, what and when."""


def list_decisions(objects: ObjectReader, layout: Layout, version: int) -> list[ApprovalDecision]:
    """Return the decisions of the page's users on a package, the first one first."""
    prefix = layout.approval_decision(version, 0).removesuffix("0.json")
    listed = objects.s3.list_objects_v2(Bucket=objects.bucket, Prefix=prefix, MaxKeys=MAX_DECISIONS)
    keys = [item["Key"] for item in listed.get("Contents", [])]
    numbers = sorted(int(match[1]) for key in keys if (match := re.search(r"/(\d+)\.json$", key)))
    records = (
        objects.record(
            layout.approval_decision(version, number), ApprovalDecision, "the model page"
        )
        for number in numbers
    )
    return [record for record in records if record is not None]


def decide(
    objects: ObjectReader,
    sagemaker: Any,
    layout: Layout,
    package: PackageView,
    approval: Literal["Approved", "Rejected"],
    user: str,
    why: str,
    seen: int,
    now: datetime,
) -> ApprovalDecision:
    """Approve or reject a package, unless another user has decided since the page was shown.

    Args:
        objects: The reader of the deployment's bucket.
        sagemaker: A boto3 SageMaker client.
        layout: The pipeline's S3 keys.
        package: The package, as it is now.
        approval: The decision.
        user: The user's name.
        why: The user's reason; may be empty.
        seen: The number of decisions that the user saw.
        now: The time, with a time zone.

    Raises:
        DecidedMeanwhileError: Another user was first.
    """
    record = ApprovalDecision(
        stage="approval",
        package=package.arn,
        approval=approval,
        who=user,
        when=now.isoformat(timespec="seconds"),
        why=why,
    )
    key = layout.approval_decision(package.version, seen + 1)
    try:
        write_record(objects.s3, layout.bucket, key, record, **condition(None))
    except objects.s3.exceptions.ClientError as error:
        if error_code(error) not in CHANGED | {"ConditionalRequestConflict"}:
            raise
        raise _decided(objects, layout, package.version) from error
    verb = {"Approved": "approved", "Rejected": "rejected"}[approval]
    reason = f"{verb} on the model page by {user}" + (f": {why}" if why else "")
    change = approve if approval == "Approved" else reject
    change(sagemaker, package.arn, reason)
    return record


def _decided(objects: ObjectReader, layout: Layout, version: int) -> DecidedMeanwhileError:
    known = list_decisions(objects, layout, version)
    last = known[-1] if known else None
    what = f"{last.who} set it to {last.approval} at {last.when}" if last else "another user has"
    return DecidedMeanwhileError(
        f"package {version} was decided on meanwhile: {what}; reload its page to decide again"
    )
