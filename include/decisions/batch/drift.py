"""Does a batch differ from what its model was judged on by more than the pipeline allows?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.config.sections.batch import Drift


def drift_warning(limits: Drift, report: Mapping[str, Any]) -> str | None:
    """Return what has drifted, with its figures, or None.

    A distance counts only where chance does not explain it, and where the batch is large enough.

    Args:
        limits: The pipeline's.
        report: The batch's record or its report.json; its `drift` is None where the model's
            evaluation is gone.
    """
    found = report.get("drift")
    if not found or found["images"] < limits.minimum_images:
        return None
    confidence = found["confidence"]
    said = [
        _beyond("the mix of predicted classes", found["classes"], limits.classes, limits),
        _beyond(
            f"confidence (mean {confidence['mean']:.3f}, {confidence['reference_mean']:.3f} in the "
            "evaluation)",
            confidence,
            limits.confidence,
            limits,
        ),
    ]
    drifted = [text for text in said if text]
    if not drifted:
        return None
    return (
        f"batch {report['batch']}: {' and '.join(drifted)}, over {found['images']} images against "
        f"the evaluation's {found['reference_images']}. Look at uncertain.csv beside its report, "
        "and label some for the next data set version"
    )


def _beyond(
    what: str, figures: Mapping[str, float], limit: float | None, limits: Drift
) -> str | None:
    if limit is None or figures["distance"] <= limit or figures["p"] > limits.significance:
        return None
    return f"{what} is {figures['distance']:.3f} away, more than {limit:g}"
