"""Deletion of the checkpoints of completed trainings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from include.common.aws_errors import error_code
from include.storage.layout import Layout

log = logging.getLogger(__name__)


def remove_checkpoints(s3: Any, sagemaker: Any, layout: Layout, job: str) -> int:
    """Delete the checkpoints of a training whose candidate is registered, and return how many.

    All attempts at a training share one checkpoint folder. If the job failed or was stopped, its
    checkpoints stay, because the next attempt resumes from them. An error is logged and not
    raised: checkpoints that stay in S3 are no reason to fail a training that has succeeded.

    Args:
        s3: A boto3 S3 client.
        sagemaker: A boto3 SageMaker client.
        layout: The pipeline's S3 keys; only objects below its `checkpoints/` are deleted.
        job: The name of the training job.
    """
    try:
        folder = _finished_folder(sagemaker, layout, job)
        keys = list(_keys(s3, layout.bucket, folder)) if folder else []
        for key in keys:
            s3.delete_object(Bucket=layout.bucket, Key=key)
    except Exception as error:
        log.warning("The checkpoints of %s stay in S3 (%s): %s", job, error_code(error), error)
        return 0
    if keys:
        log.info("Deleted %d checkpoint files below %s", len(keys), layout.uri(folder))
    return len(keys)


def _finished_folder(sagemaker: Any, layout: Layout, job: str) -> str:
    """Return the key of a completed job's checkpoint folder, or "" if there is none to delete."""
    described = sagemaker.describe_training_job(TrainingJobName=job)
    uri = str(described.get("CheckpointConfig", {}).get("S3Uri", "")).rstrip("/") + "/"
    root = layout.uri(layout.checkpoint_root)
    if described["TrainingJobStatus"] != "Completed" or not uri.startswith(root) or uri == root:
        return ""
    return layout.checkpoint_root + uri.removeprefix(root)


def _keys(s3: Any, bucket: str, folder: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    return (entry["Key"] for page in pages for entry in page.get("Contents", []))
