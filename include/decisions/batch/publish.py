"""Publication of a batch: write its record after its transform and its report have succeeded.

A failed run may be cleared after a later run has predicted the same images. Publication makes sure
that each image is in exactly one record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.common.text import shorten_list
from include.contracts.records import BatchCounts, BatchPlan, BatchRecord, BatchReport
from include.decisions.batch.completeness import check_completeness
from include.decisions.batch.ledger import read_ledger
from include.decisions.decision import Decision
from include.storage.layout import Layout
from include.storage.records import need_valid_record, write_record


@dataclass(frozen=True)
class Publication:
    """A batch's plan, and which of its images are already in other batches' records.

    Attributes:
        plan: The batch's plan, as the run's task `plan` wrote it.
        elsewhere: Keys of images, each with the batch whose record has it.
    """

    plan: BatchPlan
    elsewhere: dict[str, str]

    @property
    def images(self) -> dict[str, str]:
        """The images that go into this batch's record: their ETags by key."""
        return {key: tag for key, tag in self.plan.images.items() if key not in self.elsewhere}


def plan_publish(s3: Any, layout: Layout, batch: str) -> Publication:
    """Find out which images of a batch have been predicted by other batches in the meantime.

    For a forced batch no image counts as predicted elsewhere: the user wants all of them predicted
    again.

    Raises:
        RecordError: The batch has no plan, or it is invalid.
    """
    key = layout.batch_plan(batch)
    plan = need_valid_record(s3, layout.bucket, key, "this run's plan task", BatchPlan)
    if plan.forced:
        return Publication(plan, {})
    planned = set(plan.images.items())
    predicted = read_ledger(s3, layout, planned, without=batch).predicted
    return Publication(plan, {key: other for (key, _), other in predicted.items()})


def decide_publish(publication: Publication) -> Decision:
    """Decide whether to write the batch's record: not if other batches have all of its images."""
    images, elsewhere = publication.images, publication.elsewhere
    if not elsewhere:
        return Decision(True, f"{len(images)} images are predicted")
    names = shorten_list([f"{key} by {batch}" for key, batch in sorted(elsewhere.items())])
    found = f"{len(elsewhere)} images were predicted by other batches before ({names})"
    if not images:
        return Decision(False, f"all {found}: this batch is not recorded")
    return Decision(
        True, f"{len(images)} images are predicted; {found} and stay in those batches' records"
    )


def publish_batch(
    s3: Any,
    layout: Layout,
    publication: Publication,
    transformed: dict[str, Any],
    reported: dict[str, Any],
) -> BatchRecord:
    """Write a batch's record, after which its images count as predicted.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        publication: The batch's plan, and the images that other batches have.
        transformed: The summary of the batch's transform job.
        reported: The summary of the batch's report job.

    Raises:
        RecordError: The report is missing, or its images are not exactly the planned ones.
    """
    plan, job = publication.plan, f"job {reported['job_name']}"
    check_completeness(s3, layout, plan, job)
    report = need_valid_record(
        s3, layout.bucket, layout.batch_summary(plan.batch), job, BatchReport
    )
    record = BatchRecord(
        **(plan.as_json() | {"images": publication.images}),
        stage="batch",
        elsewhere=publication.elsewhere,
        counts=BatchCounts(
            images=len(publication.images),
            elsewhere=len(publication.elsewhere),
            unreadable=len(plan.unreadable),
            uncertain=report.uncertain,
        ),
        drift=report.drift,
        predictions=transformed["outputs"]["transform"],
        report=reported["outputs"]["result"],
        jobs=[transformed["job_name"], reported["job_name"]],
        seconds=transformed["seconds"] + reported["seconds"],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_record(s3, layout.bucket, layout.batch_record(plan.batch), record)
    return record
