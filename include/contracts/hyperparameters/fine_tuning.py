"""All hyperparameters of a pipeline: the general ones, and those of fine-tuning."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from include.contracts.hyperparameters.general import GeneralHyperparameters
from include.contracts.hyperparameters.values import Fraction, Positive, as_text
from include.contracts.networks import (
    MAX_FROZEN_STAGES,
    PRETRAINED_DEPTHS,
    RESNETS,
    SMALL_SIDE,
    SMALLEST_SIDES,
    FineTune,
)

FINE_TUNING = (
    "fine_tune",
    "head_epochs",
    "head_learning_rate",
    "frozen_stages",
    "training_size",
    "layer_decay",
    "ema_decay",
)
"""Hyperparameters of fine-tuning, without which all layers are trained alike."""

CUSTOM_ONLY = (
    "lr_schedule",
    "label_smoothing",
    "seed",
    "network",
    "pretrained_model_uri",
    "pretrained_model_sha256",
    "int8",
    "calibration",
    *FINE_TUNING,
)
"""Hyperparameters that only the custom image knows."""


class SharedHyperparameters(GeneralHyperparameters):
    """The hyperparameters that a pipeline may set; the rest is counted in the dataset version."""

    fine_tune: FineTune = Field(
        default="all",
        description="The layers that are trained: all, those of the lowest resolution with the "
        "last layer, or the last layer (the head) alone. The others keep the initial weights, and "
        "their output is computed once",
    )
    head_epochs: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="Epochs that train the last layer alone, before the epochs of the others",
    )
    head_learning_rate: Fraction | None = Field(
        default=None,
        description="The learning rate of the last layer; without it, that of the others",
    )
    frozen_stages: Annotated[int, Field(ge=0, le=MAX_FROZEN_STAGES)] = Field(
        default=0,
        description="The first stages of the network, of which the stem is one, that keep the "
        "initial weights and BatchNorm's statistics; they take most of the time",
    )
    training_size: Positive | None = Field(
        default=None,
        description="Pixels: the side of training images; without it, image_shape's. Validation "
        "and serving use image_shape",
    )
    layer_decay: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0,
        description="The learning rate of each stage is this multiple of that of the next stage; "
        "the last stage's is learning_rate",
    )
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0,
        description="The decay of the exponential moving average of the weights, which is "
        "validated and stored in place of the weights; 0: no average",
    )

    @property
    def longest_side(self) -> int:
        """The longest side of an image in training, validation or serving, in pixels."""
        return max(self.longer_side, *self.training_shape[1:])

    @property
    def training_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of training images."""
        if self.training_size is None:
            return self.image_shape
        return self.image_shape[0], self.training_size, self.training_size

    @property
    def total_epochs(self) -> int:
        """The number of epochs, with those of the last layer alone."""
        return self.head_epochs + self.epochs

    @property
    def freezes_layers(self) -> bool:
        """Whether some epochs train a part of the layers only, from initial weights."""
        return self.fine_tune != "all" or self.head_epochs > 0 or self.frozen_stages > 0

    @property
    def freezing(self) -> str:
        """The setting that freezes layers, as `name: value`, for error messages."""
        if self.fine_tune != "all":
            return f"fine_tune: {self.fine_tune}"
        if self.head_epochs:
            return f"head_epochs: {self.head_epochs}"
        return f"frozen_stages: {self.frozen_stages}"

    @property
    def only_float32(self) -> str | None:
        """The setting that trains in float32 whatever precision_dtype is; None without one."""
        if self.fine_tune != "all":
            return f"fine_tune: {self.fine_tune}"
        return f"frozen_stages: {self.frozen_stages}" if self.frozen_stages else None

    @property
    def single_host(self) -> str | None:
        """The setting that needs a training on one host, as `name: value`; None without one."""
        if self.freezes_layers:
            return self.freezing
        return f"ema_decay: {self.ema_decay}" if self.ema_decay else None

    @model_validator(mode="after")
    def _check_fine_tuning(self) -> Self:
        given = [name for name in ("head_epochs", "head_learning_rate") if getattr(self, name)]
        if self.fine_tune == "head" and given:
            raise ValueError(
                f"{given[0]} is for fine_tune: all or last_stages only, because head trains no "
                "other layer: set epochs and learning_rate"
            )
        if self.fine_tune == "head" and self.layer_decay != 1:
            raise ValueError(
                "layer_decay is for fine_tune: all or last_stages only, because head trains no "
                "other layer: leave it out"
            )
        if self.fine_tune != "all" and (self.frozen_stages or self.training_size):
            name = "frozen_stages" if self.frozen_stages else "training_size"
            raise ValueError(
                f"{name} is for fine_tune: all only, because {self.fine_tune} computes the output "
                "of the frozen layers once, for whole images"
            )
        return self

    @model_validator(mode="after")
    def _check_training_size(self) -> Self:
        if self.training_size is None:
            return self
        smallest = SMALLEST_SIDES[self.network]
        if self.training_size < smallest:
            raise ValueError(
                f"training_size must be at least {smallest} for network {self.network}, not "
                f"{self.training_size}"
            )
        if self.resize is not None and self.resize <= self.training_size:
            raise ValueError(f"resize must be above training_size, {self.training_size}")
        has_two_stems = self.network in RESNETS and self.num_layers in PRETRAINED_DEPTHS
        sides = (self.training_size, min(self.image_shape[1:]))
        if has_two_stems and min(sides) <= SMALL_SIDE < max(sides):
            raise ValueError(
                f"training_size {self.training_size} and image_shape {as_text(self.image_shape)} "
                f"must both be above {SMALL_SIDE} pixels, or both not: for images of up to "
                f"{SMALL_SIDE} pixels, network {self.network} has another first layer"
            )
        return self


def default_text(name: str) -> str:
    """Return the algorithm's default of a hyperparameter, as SageMaker takes it."""
    return as_text(SharedHyperparameters.model_fields[name].default)
