"""Tests of drift detection."""

from typing import Any

import pytest

from include.config.sections.batch import Drift
from include.contracts.records import BatchReport, ConfidenceDrift, Distance, DriftReport
from include.decisions.batch.drift import drift_warning


def report(
    classes: tuple[float, float] = (0.1, 0.5),
    confidence: tuple[float, float] = (0.05, 0.5),
    images: int = 500,
) -> BatchReport:
    return BatchReport(
        batch="b1",
        drift=DriftReport(
            images=images,
            reference_images=800,
            classes=Distance(distance=classes[0], p=classes[1]),
            confidence=ConfidenceDrift(
                distance=confidence[0], p=confidence[1], mean=0.5, reference_mean=0.8
            ),
        ),
    )


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({}, report()),
        ({}, report(classes=(0.6, 0.2))),  # a large distance that is not significant
        ({}, report(classes=(0.4, 0.0001))),  # significant, but small
        ({}, report(classes=(0.6, 0.0001), images=99)),
        ({"classes": None}, report(classes=(1.0, 0.0001))),
        ({"confidence": None}, report(confidence=(1.0, 0.0001))),
        ({}, BatchReport(batch="b1", drift=None)),
    ],
)
def test_there_is_no_warning(limits: dict[str, Any], found: BatchReport) -> None:
    assert drift_warning(Drift(**limits), found) is None


def test_the_warning_has_the_figures_that_drifted() -> None:
    warning = drift_warning(Drift(), report((0.6, 0.0001), (0.3, 0.0001)))
    assert warning is not None
    assert "mix of predicted classes has a distance of 0.600, more than 0.5" in warning
    assert (
        "confidence (mean 0.500, 0.800 in the evaluation) has a distance of 0.300, more than"
        in warning
    )
    assert "over 500 images compared with the evaluation's 800" in warning
    only = drift_warning(Drift(), report(confidence=(0.3, 0.0001)))
    assert only is not None
    assert "mix of predicted classes" not in only
