"""Requests for a training because a batch's photos have drifted.

Training is deterministic: the same data, settings, image and start give the same model again. So a
request starts a training only where it would go on from a champion that no training of this data
has gone on from yet, and once for each champion and dataset version. All else that can change the
result (newer data, other settings, other code) starts a training anyway.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.decisions.pointer import read_pointer
from include.decisions.registry.packages import Package
from include.decisions.training.warm_start import TrainingStart
from include.storage.layout import Layout
from include.storage.records import read_record, write_record

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RetrainingRequest:
    """That a batch asks for a training.

    Attributes:
        batch: The batch.
        package: The ARN of the model package that answered it; earlier releases wrote none.
    """

    batch: str
    package: str | None


def request_retraining(
    s3: Any, layout: Layout, batch: str, package: str | None, why: str, now: datetime
) -> None:
    """Record that a batch asks for a training, in the place of an earlier batch's request.

    An earlier batch whose `publish` a user clears leaves a later batch's request: batches are
    named by the time of their runs.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        batch: Which batch asks.
        package: The ARN of the model package that answered it.
        why: What has drifted.
        now: The present moment, with its time zone.
    """
    seen = read_pointer(s3, layout.bucket, layout.retraining)
    asked_by = str((seen.record or {}).get("batch") or "")
    if asked_by > batch:
        log.info("the later batch %s asks for a training already: its request stays", asked_by)
        return
    request = {
        "batch": batch,
        "package": package,
        "reason": why,
        "created": now.isoformat(timespec="seconds"),
    }
    write_record(s3, layout.bucket, layout.retraining, request, **seen.condition)


def read_request(s3: Any, layout: Layout) -> RetrainingRequest | None:
    """Return the last request, or None.

    Raises:
        RecordError: The request is not JSON.
    """
    found = read_record(s3, layout.bucket, layout.retraining)
    if not found or not found.get("batch"):
        return None
    return RetrainingRequest(str(found["batch"]), found.get("package"))


def reason_to_decline(
    request: RetrainingRequest, champion: Package | None, start: TrainingStart, earlier: Package
) -> str | None:
    """Return why a request starts no training of data that was trained on before, or None.

    Args:
        request: The request.
        champion: What `choose_champion` returned.
        start: What a training would start from.
        earlier: The package of the training on the same data with the same settings.
    """
    asks = f"batch {request.batch} has drifted and asks for a training"
    if champion is None or request.package != champion.arn:
        now = f"model package {champion.version}" if champion else "none"
        return f"{asks}, but another model than the champion (now {now}) answered it"
    if start.champion is None or earlier.metadata.get("started_from") == start.text:
        return (
            f"{asks}, but the same data, settings and start ({start.text}) would give the same "
            "model: label some of its photos for the source, or change training in the YAML"
        )
    return None
