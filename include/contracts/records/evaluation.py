"""evaluation.json: a candidate's scores on one split, written by the command `evaluate`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from include.contracts.records.base import Record


class ClassScores(Record):
    """The scores on the images of one class; `top1` is None if there are none."""

    label: int | None = None
    name: Annotated[str, Field(min_length=1)]
    images: Annotated[int, Field(ge=0)] | None = None
    top1: float | None = None

    @model_validator(mode="after")
    def _check_top1(self) -> Self:
        if self.images and self.top1 is None:
            raise ValueError(f"top1 is missing, although the class has {self.images} images")
        return self


class EvaluationReport(Record):
    """The scores of a candidate: shares from 0 to 1.

    `calibration_error_unscaled` is the calibration error that the candidate would have without its
    `temperature`; both are missing if the training fitted none.

    Any score may be missing; its promotion gate fails then, if the pipeline has a limit for it.
    """

    stage: str = "evaluate"
    dataset_version: Annotated[str, Field(min_length=1)]
    split: str | None = None
    images: int | None = None
    top1: float | None = None
    top5: float | None = None
    calibration_error: float | None = None
    calibration_error_unscaled: float | None = None
    temperature: Annotated[float, Field(gt=0)] | None = None
    per_class: list[ClassScores] = Field(default_factory=list)
    serving_precision: str | None = None
    seconds: float | None = None
    created: str | None = None
