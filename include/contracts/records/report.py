"""report.json: a batch's figures, written by the command `report`."""

from __future__ import annotations

from pydantic import Field

from include.contracts.records.base import Record


class Distance(Record):
    """A distance of two distributions from 0 to 1, and its p value."""

    distance: float
    p: float


class ConfidenceDrift(Distance):
    """The distance of the top-1 probabilities, and their means."""

    mean: float
    reference_mean: float


class DriftReport(Record):
    """How far a batch's predictions are from the predictions of the model's evaluation."""

    images: int
    reference_images: int
    classes: Distance
    confidence: ConfidenceDrift


class BatchReport(Record):
    """A batch's counts; `drift` is None if the model's evaluation no longer exists.

    `images` are the predicted ones, `unreadable` those for which the server returned an error.
    """

    stage: str = "report"
    batch: str | None = None
    images: int | None = None
    unreadable: int = 0
    classes: dict[str, int] = Field(default_factory=dict)
    uncertain: int | None = None
    drift: DriftReport | None = None
    seconds: float | None = None
    created: str | None = None


class UnreadablePhotos(Record):
    """unreadable.json: the errors of the photos that the model's server could not read, by key."""

    unreadable: dict[str, str] = Field(default_factory=dict)
