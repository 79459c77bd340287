"""Drift detection: compare a batch's predictions with those of its model's evaluation."""

from __future__ import annotations

from include.config.sections.batch import Drift
from include.contracts.records import BatchRecord, BatchReport, Distance


def drift_warning(limits: Drift, report: BatchRecord | BatchReport) -> str | None:
    """Return a warning with the figures that have drifted, or None.

    A distance counts only if it is statistically significant and the batch is large enough.

    Args:
        limits: The pipeline's section `batch.drift`.
        report: The batch's record or its report.json; its `drift` is None if the model's
            evaluation is missing.
    """
    found = report.drift
    if found is None or found.images < limits.minimum_images:
        return None
    confidence = found.confidence
    texts = [
        _beyond("the mix of predicted classes", found.classes, limits.classes, limits),
        _beyond(
            f"confidence (mean {confidence.mean:.3f}, {confidence.reference_mean:.3f} in the "
            "evaluation)",
            confidence,
            limits.confidence,
            limits,
        ),
    ]
    drifted = [text for text in texts if text]
    if not drifted:
        return None
    return (
        f"batch {report.batch}: {' and '.join(drifted)}, over {found.images} images compared "
        f"with the evaluation's {found.reference_images}. See uncertain.csv beside the report, "
        "and label some of its images for the next dataset version"
    )


def _beyond(name: str, figures: Distance, limit: float | None, limits: Drift) -> str | None:
    """Return a text if a significant distance exceeds its limit."""
    if limit is None or figures.distance <= limit or figures.p > limits.significance:
        return None
    return f"{name} has a distance of {figures.distance:.3f}, more than {limit:g}"
