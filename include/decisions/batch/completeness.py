"""Has every image of a batch an answer, and every answer an image?"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from include.common.csv_cells import restore
from include.common.text import few_of
from include.storage.layout import Layout
from include.storage.records import RecordError


def need_answers(s3: Any, layout: Layout, plan: Mapping[str, Any], made_by: str) -> None:
    """Refuse a batch whose table of predictions is not of the images that were planned.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        plan: The batch's plan.
        made_by: The job that writes the table.

    Raises:
        RecordError: The table is missing, an image has no row in it, or a row is of no image.
    """
    batch = plan["batch"]
    table = layout.uri(layout.batch_table(batch))
    rows, images = _files(s3, layout, batch, made_by), set(plan["images"])
    if lost := images - rows:
        raise RecordError(
            f"{len(lost)} of {len(images)} images have no row in {table} ({few_of(sorted(lost))}): "
            "clear submit_transform and what follows"
        )
    if strange := rows - images:
        raise RecordError(
            f"{len(strange)} rows of {table} are of images that were not planned "
            f"({few_of(sorted(strange))}): delete their answers below "
            f"{layout.uri(layout.batch_predictions(batch))}, then clear submit_report and what "
            "follows"
        )


def _files(s3: Any, layout: Layout, batch: str, made_by: str) -> set[str]:
    key = layout.batch_table(batch)
    try:
        body = s3.get_object(Bucket=layout.bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        raise RecordError(f"{layout.uri(key)} is missing: {made_by} writes it") from None
    text = io.StringIO(body.decode(errors="surrogateescape"), newline="")
    return {restore(row["file"]) for row in csv.DictReader(text)}
