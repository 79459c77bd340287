"""Section `dataset`: how a source becomes a dataset version."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from include.config.instances import InstanceConfig
from include.config.strict import Fraction, OpenFraction, Strict
from include.contracts.commands import BoxUse, Splitting
from include.contracts.limits import MAX_PIXELS


class Dataset(Strict):
    """Split, crop and quality rules of a dataset version, and the instance of its job."""

    split: Splitting = "ratio"
    train_ratio: OpenFraction = 0.8
    validation_ratio: OpenFraction = 0.1
    boxes: BoxUse = "whole"
    box_margin: Fraction = 0.0
    min_side: Annotated[int, Field(ge=1)] = 16
    max_pixels: Annotated[int, Field(ge=1, le=MAX_PIXELS)] = MAX_PIXELS
    quarantine_limit: Fraction = 0.05
    new_classes_from_labels: bool = Field(
        default=False,
        description="Whether a label in labels/ creates a class that the source does not have",
    )
    instance: InstanceConfig = InstanceConfig(instance_type="ml.c5.2xlarge", volume_gb=50)

    @model_validator(mode="after")
    def _check_margin_has_box(self) -> Dataset:
        if self.box_margin and self.boxes == "whole":
            raise ValueError("box_margin is only for boxes: crop")
        return self

    @model_validator(mode="after")
    def _check_test_split_is_not_empty(self) -> Dataset:
        if self.train_ratio + self.validation_ratio >= 1:
            raise ValueError(
                "train_ratio + validation_ratio must be below 1: the rest is the test split"
            )
        return self
