"""Completeness of a batch's predictions: one row for each planned image, and no other rows."""

from __future__ import annotations

import csv
import io
from typing import Any

from include.common.csv_cells import unescape_cell
from include.common.text import shorten_list
from include.contracts.records import BatchPlan
from include.storage.layout import Layout
from include.storage.records import RecordError


def check_completeness(s3: Any, layout: Layout, plan: BatchPlan, made_by: str) -> None:
    """Check that a batch's table of predictions has exactly the planned images.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        plan: The batch's plan.
        made_by: The job that writes the table, for error messages.

    Raises:
        RecordError: The table is missing, a planned image has no row, or a row belongs to an image
            that was not planned.
    """
    batch = plan.batch
    table = layout.uri(layout.batch_table(batch))
    rows, images = _files(s3, layout, batch, made_by), set(plan.images)
    if missing := images - rows:
        raise RecordError(
            f"{len(missing)} of {len(images)} images have no row in {table} "
            f"({shorten_list(sorted(missing))}): clear submit_transform and its downstream tasks"
        )
    if unplanned := rows - images:
        raise RecordError(
            f"{len(unplanned)} rows of {table} are of images that were not planned "
            f"({shorten_list(sorted(unplanned))}): delete their predictions below "
            f"{layout.uri(layout.batch_predictions(batch))}, then clear submit_report and its "
            "downstream tasks"
        )


def _files(s3: Any, layout: Layout, batch: str, made_by: str) -> set[str]:
    """Return the file names in the table of predictions."""
    key = layout.batch_table(batch)
    try:
        body = s3.get_object(Bucket=layout.bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        raise RecordError(f"{layout.uri(key)} is missing: {made_by} writes it") from None
    text = io.StringIO(body.decode(errors="surrogateescape"), newline="")
    return {unescape_cell(row["file"]) for row in csv.DictReader(text)}
