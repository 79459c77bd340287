"""The metrics of models and data that tasks send, by Airflow's own stats.

docs/observability.md lists them; compose/ has a dashboard and alerts that query them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dag_factory.run_context import RunContext
from sagemaker_jobs import metrics

if TYPE_CHECKING:
    from include.contracts.records import BatchRecord

PREFIX = "image_model"

GAUGES: Mapping[str, str] = {
    "top1": "top-1 accuracy of the model that serves, on the test split; 0 to 1",
    "top5": "top-5 accuracy of the model that serves; 0 to 1",
    "calibration_error": "expected calibration error of the model that serves; 0 to 1",
    "release": "the model package number of the model that serves",
    "age_days": "days since the model that serves was registered",
    "candidate_top1": "top-1 accuracy of the last candidate, promoted or not; 0 to 1",
    "training_cost_usd": "cost of the last training in US dollars; only where prices are known",
    "photos": "photos of the current dataset version",
    "quarantined_photos": "photos that the last refresh refused",
    "batch_photos": "photos that the last batch predicted",
    "batch_unreadable": "photos that the last batch left out",
    "uncertain_share": "share of the last batch's photos with a low probability; 0 to 1",
    "drift_classes": "distance of the last batch's classes from the evaluation's; 0 to 1",
    "drift_confidence": "distance of the last batch's probabilities from the evaluation's; 0 to 1",
}
"""The gauges, each with the tag `pipeline`: what they measure."""

COUNTERS: Mapping[str, str] = {
    "predicted_photos": "photos that batches predicted",
    "training_cents": "cost of trainings in cents of a US dollar",
}
"""The counters, each with the tag `pipeline`: what they count."""

log = logging.getLogger(__name__)


def send(pipeline: str, **figures: float | None) -> None:
    """Send figures of a pipeline as gauges or counters; those that are None are left out.

    Args:
        pipeline: The pipeline's name.
        **figures: Values by names of `GAUGES` and `COUNTERS`.

    Raises:
        KeyError: A name is in neither.
    """
    tags = {"pipeline": pipeline}
    for name, value in figures.items():
        if name not in GAUGES and name not in COUNTERS:
            raise KeyError(name)
        if value is not None:
            kind = metrics.gauge if name in GAUGES else metrics.count
            kind(f"{PREFIX}.{name}", value, tags)


def send_serving_model(run: RunContext) -> None:
    """Send the figures of the model that serves, if there is one and metrics are sent at all.

    Each night again, because the model's age grows and receivers forget gauges when they restart.
    """
    from include.decisions.endpoint.serving_figures import serving_figures

    if not metrics.are_sent():
        return
    try:
        send(
            run.pipeline.name,
            **serving_figures(run.sagemaker, run.pipeline.slug, datetime.now(UTC)),
        )
    except Exception as error:  # A task must not fail for its metrics.
        log.warning("no metrics of the model that serves: %s", error)


def send_dataset(pipeline: str, counts: Mapping[str, int]) -> None:
    """Send the counts of a dataset version that was published."""
    send(pipeline, photos=counts.get("images"), quarantined_photos=counts.get("quarantined"))


def send_candidate(pipeline: str, facts: Mapping[str, Any]) -> None:
    """Send the figures of a candidate, given the facts in its model package."""
    cost = facts.get("cost_usd")
    send(
        pipeline,
        candidate_top1=facts.get("top1"),
        training_cost_usd=cost,
        training_cents=None if cost is None else 100 * cost,
    )


def send_batch(pipeline: str, record: BatchRecord) -> None:
    """Send the figures of a batch that was published."""
    counts, drift = record.counts, record.drift
    uncertain = counts.uncertain
    send(
        pipeline,
        batch_photos=counts.images,
        predicted_photos=counts.images,
        batch_unreadable=counts.unreadable,
        uncertain_share=uncertain / counts.images
        if uncertain is not None and counts.images
        else None,
        drift_classes=drift.classes.distance if drift else None,
        drift_confidence=drift.confidence.distance if drift else None,
    )
