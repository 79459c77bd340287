"""A batch whose photos have drifted asks the next night to train, though nothing else is new."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from include.pipeline.layout import Layout
from include.policies.pointer import read_pointer
from include.policies.records import read_record, write_record

log = logging.getLogger(__name__)


def ask_for_retraining(s3: Any, layout: Layout, batch: str, why: str, now: datetime) -> None:
    """Write down that a batch asks; a later batch's request takes an earlier one's place.

    An earlier batch whose `publish` a user clears leaves a later batch's request: batches are
    named by the time of their runs.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        batch: Which batch asks.
        why: What has drifted.
        now: The present moment, with its time zone.
    """
    seen = read_pointer(s3, layout.bucket, layout.retraining)
    asked_by = str((seen.record or {}).get("batch") or "")
    if asked_by > batch:
        log.info("the later batch %s asks for a training already: its request stays", asked_by)
        return
    request = {"batch": batch, "reason": why, "created": now.isoformat(timespec="seconds")}
    write_record(s3, layout.bucket, layout.retraining, request, **seen.condition)


def asking_batch(s3: Any, layout: Layout) -> str | None:
    """Return the batch that asked last, or None.

    It is part of the night's name, so that it is asked for once: the night that trained for it
    finds itself in the registry.

    Raises:
        RecordError: The request is not JSON.
    """
    request = read_record(s3, layout.bucket, layout.retraining)
    return str(request["batch"]) if request and request.get("batch") else None
