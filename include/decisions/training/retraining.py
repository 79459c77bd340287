"""Requests to train again because a batch's photos have drifted.

Training is deterministic: the same data, settings, image and starting weights give the same model.
A request therefore starts a training only if the training would resume from a champion that no
earlier training on this data has resumed from, and at most once for each champion and dataset
version. Newer data, other settings and other code start a training without a request.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from include.contracts.records import RetrainingRequest
from include.decisions.pointer import read_pointer
from include.decisions.registry.packages import Package
from include.decisions.training.warm_start import TrainingStart
from include.storage.layout import Layout
from include.storage.records import read_valid_record, write_record

MADE_BY = "batch inference"
"""What writes the request, for error messages."""

log = logging.getLogger(__name__)


def request_retraining(
    s3: Any, layout: Layout, batch: str, package: str | None, reason: str, now: datetime
) -> None:
    """Record a batch's request for a training, which replaces an earlier batch's request.

    A later batch's request is not replaced, for example when a user clears the `publish` task of
    an earlier batch. Batches are named by the time of their runs.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        batch: The name of the batch that drifted.
        package: The ARN of the model package that predicted the batch.
        reason: What has drifted.
        now: The current time, timezone-aware.
    """
    pointer = read_pointer(s3, layout.bucket, layout.retraining, MADE_BY, RetrainingRequest)
    present = pointer.record.batch if pointer.record else ""
    if present > batch:
        log.info("the later batch %s has requested a training: its request is kept", present)
        return
    request = RetrainingRequest(
        batch=batch,
        package=package,
        reason=reason,
        created=now.isoformat(timespec="seconds"),
    )
    write_record(s3, layout.bucket, layout.retraining, request, **pointer.condition)


def read_request(s3: Any, layout: Layout) -> RetrainingRequest | None:
    """Return the last request, or None if there is none.

    Raises:
        RecordError: The request is invalid.
    """
    request = read_valid_record(s3, layout.bucket, layout.retraining, MADE_BY, RetrainingRequest)
    return request if request and request.batch else None


def reason_to_decline(
    request: RetrainingRequest, champion: Package | None, start: TrainingStart, earlier: Package
) -> str | None:
    """Return why a request starts no training on data that was trained on before, or None.

    Args:
        request: The batch's request.
        champion: The champion's package, from `choose_champion`.
        start: The weights that a training would start from.
        earlier: The package of the training on the same data with the same settings.
    """
    asks = f"batch {request.batch} has drifted and asks for a training"
    if champion is None or request.package != champion.arn:
        now = f"model package {champion.version}" if champion else "none"
        return f"{asks}, but it was predicted by another model than the champion (now {now})"
    if start.champion is None or earlier.metadata.get("started_from") == start.text:
        return (
            f"{asks}, but the same data, settings and start ({start.text}) would give the same "
            "model: label some of the batch's photos and add them to the source, or change the "
            "section training in the YAML"
        )
    return None
