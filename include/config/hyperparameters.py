"""Section `training.hyperparameters`: overrides of the algorithm's defaults."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from include.common.addresses import has_secret_parts, redact_url
from include.config.strict import Strict
from include.contracts.hyperparameters import (
    CUSTOM_ONLY,
    Depth,
    Shape,
    SharedHyperparameters,
    as_text,
)
from include.contracts.networks import RESNETS
from include.contracts.patterns import like

ALWAYS_SENT = (
    "num_layers",
    "image_shape",
    "mini_batch_size",
    "epochs",
    "learning_rate",
    "use_pretrained_model",
    "optimizer",
)
"""Hyperparameters that every request names, with the default if the pipeline sets none.

Networks that are no ResNets have no num_layers.
"""

NEVER_NULL = frozenset(ALWAYS_SENT) - {"num_layers"}
"""Hyperparameters that an override cannot remove. num_layers can be: not every network has it."""

MAX_SIDE = 9999

WeightsUri = Annotated[
    str,
    like(
        r"s3://[a-z0-9.\-]{3,63}/.*[^/]|https://.+|file:///.+",
        "the address of one file: s3://bucket/key, https://... or file:///...",
    ),
]


class Hyperparameters(SharedHyperparameters):
    """Hyperparameters that a pipeline sets; the others keep the algorithm's default.

    `num_classes` and `num_training_samples` are absent: they are counted in the dataset version.
    So are `multi_label` and `use_weighted_loss`: a pipeline's photos have one label each. Some
    ranges are narrower than the algorithm's, which accepts values with which it cannot learn.
    """

    model_config = Strict.model_config

    num_layers: Depth = Field(default=18, description="The depth of a ResNet")
    image_shape: Shape = Field(
        default=(3, 224, 224),
        description=f"Channels, height, width: 3, and sides of 8 to {MAX_SIDE} pixels",
    )
    pretrained_model_uri: WeightsUri | None = None

    @property
    def custom_only(self) -> list[str]:
        """What the pipeline sets and the built-in algorithm would refuse, as `name: value`."""
        names = [name for name in CUSTOM_ONLY if self._is_set(name)]
        if self.precision_dtype == "bfloat16":
            names.append("precision_dtype")
        if self.augmentation_type == "random_resized_crop":
            names.append("augmentation_type")
        return [f"{name}: {getattr(self, name)}" for name in names]

    def as_request(self) -> dict[str, str]:
        """Return what the pipeline sets, as the strings that a training job takes."""
        return {
            name: as_text(value)
            for name, value in self
            if self._is_always_sent(name) or self._is_set(name)
        }

    def _is_always_sent(self, name: str) -> bool:
        return name in ALWAYS_SENT and (name != "num_layers" or self.network in RESNETS)

    def _is_set(self, name: str) -> bool:
        return name in self.model_fields_set and getattr(self, name) is not None

    @model_validator(mode="before")
    @classmethod
    def _drop_null(cls, value: Any) -> Any:
        """Take null for "not set": overrides use it to remove what the base sets."""
        if not isinstance(value, dict):
            return value
        return {
            name: item
            for name, item in value.items()
            if item is not None or name not in cls.model_fields or name in NEVER_NULL
        }

    @field_validator("learning_rate", "head_learning_rate", "eps", "lr_scheduler_factor")
    @classmethod
    def _check_above_0(cls, value: float | None) -> float | None:
        """Reject 0, with which the algorithm learns nothing or divides by 0."""
        if value is not None and value <= 0:
            raise ValueError("must be greater than 0")
        return value

    @field_validator("momentum", "beta_1", "beta_2", "gamma")
    @classmethod
    def _check_below_1(cls, value: float) -> float:
        """Reject 1, with which a running mean never changes."""
        if value >= 1:
            raise ValueError("must be less than 1")
        return value

    @field_validator("augmentation_type")
    @classmethod
    def _check_augmentation(cls, value: str) -> str:
        """Reject "none", which the built-in algorithm does not know: there it is the default."""
        if value == "none":
            raise ValueError(
                "must be 'crop', 'crop_color', 'crop_color_transform' or 'random_resized_crop'"
            )
        return value

    @field_validator("image_shape")
    @classmethod
    def _check_sides(cls, value: tuple[int, int, int]) -> tuple[int, int, int]:
        channels, height, width = value
        if channels != 3 or min(height, width) < 8 or max(height, width) > MAX_SIDE:
            raise ValueError(f"must be 3,H,W with sides of 8 to {MAX_SIDE} pixels")
        return value

    @model_validator(mode="after")
    def _check_initial_weights(self) -> Self:
        if self.freezes_layers and not self.use_pretrained_model:
            raise ValueError(
                f"{self.freezing} needs use_pretrained_model: 1, because layers that are not "
                "trained need initial weights (start_from: champion is not sufficient: the first "
                "training has no champion)"
            )
        return self

    @model_validator(mode="after")
    def _check_address_has_no_secret(self) -> Self:
        if self.pretrained_model_uri is not None and has_secret_parts(self.pretrained_model_uri):
            raise ValueError(
                f"pretrained_model_uri: {redact_url(self.pretrained_model_uri)} must have no user, "
                "password, query or fragment: a job's hyperparameters are shown in SageMaker's "
                "console and in Airflow, and a token with them. Put the file into S3, and name it "
                "as s3://bucket/key"
            )
        return self
