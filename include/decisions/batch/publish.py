"""Publication of a batch: write its record after its transform and its report have succeeded.

A failed run may be cleared after a later run has predicted the same images. Publication makes sure
that each image is in exactly one record.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.common.text import shorten_list
from include.contracts.records import (
    BatchCounts,
    BatchPlan,
    BatchRecord,
    BatchReport,
    UnreadablePhotos,
)
from include.decisions.batch.unchanged import batch_folders
from include.decisions.decision import Decision
from include.storage.layout import Layout
from include.storage.records import need_valid_record, read_valid_record, write_record


@dataclass(frozen=True)
class Publication:
    """A batch's plan, and which of its images are already in other batches' records.

    Attributes:
        plan: The batch's plan, as the `select` job wrote it.
        elsewhere: Keys of images, each with the batch whose record has it.
    """

    plan: BatchPlan
    elsewhere: dict[str, str]

    @property
    def images(self) -> dict[str, str]:
        """The images that go into this batch's record: their ETags by key."""
        return {key: tag for key, tag in self.plan.images.items() if key not in self.elsewhere}


def plan_publish(s3: Any, layout: Layout, batch: str, recorded: Collection[str]) -> Publication:
    """Find out which images of a batch have been predicted by other batches in the meantime.

    Only batches without a record at the time of the selection are read: the images were chosen
    because no other record has them. For a forced batch no image counts as predicted elsewhere:
    the user wants all of them predicted again.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        batch: The batch.
        recorded: The batches that had a record when the batch's images were selected.

    Raises:
        RecordError: The batch has no plan, or it is invalid.
    """
    key = layout.batch_plan(batch)
    plan = need_valid_record(s3, layout.bucket, key, "this run's select job", BatchPlan)
    if plan.forced:
        return Publication(plan, {})
    elsewhere: dict[str, str] = {}
    for other in sorted(set(batch_folders(s3, layout)) - {batch, *recorded}):
        record = read_valid_record(
            s3, layout.bucket, layout.batch_record(other), "batch inference", BatchRecord
        )
        found = record.images if record else {}
        elsewhere |= {key: other for key, tag in plan.images.items() if found.get(key) == tag}
    return Publication(plan, elsewhere)


def decide_publish(publication: Publication) -> Decision:
    """Decide whether to write the batch's record: not if other batches have all of its images."""
    images, elsewhere = publication.images, publication.elsewhere
    if not elsewhere:
        return Decision(True, f"{len(images)} images are processed")
    names = shorten_list([f"{key} by {batch}" for key, batch in sorted(elsewhere.items())])
    found = f"{len(elsewhere)} images were predicted by other batches before ({names})"
    if not images:
        return Decision(False, f"all {found}: this batch is not recorded")
    return Decision(
        True, f"{len(images)} images are processed; {found} and stay in those batches' records"
    )


def publish_batch(
    s3: Any,
    layout: Layout,
    publication: Publication,
    package: str | None,
    transformed: dict[str, Any],
    reported: dict[str, Any],
) -> BatchRecord:
    """Write a batch's record, after which its images count as processed.

    Photos for which the model's server returned an error are listed as unreadable, like those that
    the selection left out. The report job has checked that each planned image has a prediction or
    an error.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        publication: The batch's plan, and the images that other batches have.
        package: The ARN of the model package that predicted the batch.
        transformed: The summary of the batch's transform job.
        reported: The summary of the batch's report job.

    Raises:
        RecordError: A file of the report is missing or invalid.
    """
    plan, job = publication.plan, f"job {reported['job_name']}"
    source = (s3, layout.bucket)
    report = need_valid_record(*source, layout.batch_summary(plan.batch), job, BatchReport)
    refused = need_valid_record(
        *source, layout.batch_unreadable(plan.batch), job, UnreadablePhotos
    ).unreadable
    images = publication.images
    predicted = {key: tag for key, tag in images.items() if key not in refused}
    unreadable = plan.unreadable | {key: refused[key] for key in images if key in refused}
    record = BatchRecord(
        batch=plan.batch,
        images=predicted,
        unreadable=unreadable,
        unreadable_tags=plan.unreadable_tags
        | {key: tag for key, tag in images.items() if key in refused},
        package=package,
        forced=plan.forced,
        stage="batch",
        elsewhere=publication.elsewhere,
        counts=BatchCounts(
            images=len(predicted),
            elsewhere=len(publication.elsewhere),
            unreadable=len(unreadable),
            uncertain=report.uncertain,
        ),
        drift=report.drift,
        predictions=transformed["outputs"]["transform"],
        report=reported["outputs"]["result"],
        jobs=[transformed["job_name"], reported["job_name"]],
        seconds=transformed["seconds"] + reported["seconds"],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_record(*source, layout.batch_record(plan.batch), record)
    return record
