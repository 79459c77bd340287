"""The hyperparameters of SageMaker's built-in image classification, and what our image adds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from include.common.addresses import has_secret_parts, redact_url
from include.config.strict import Strict, no_boolean

DEEP_LAYERS = (18, 34, 50, 101, 152, 200)
"""Depths of the ResNets for photos; those which exist pretrained."""

CUSTOM_ONLY = (
    "lr_schedule",
    "label_smoothing",
    "seed",
    "network",
    "pretrained_model_uri",
    "pretrained_model_sha256",
    "int8",
)
"""What only our image knows."""

NumLayers = Literal[18, 34, 50, 101, 152, 200, 20, 32, 44, 56, 110]
Fraction = Annotated[float, Field(ge=0, le=1)]
PositiveFraction = Annotated[float, Field(gt=0, le=1)]
"""With 0 the algorithm runs, is paid for, and learns nothing or divides by 0."""

Decay = Annotated[float, Field(ge=0, lt=1)]
"""With 1 a running mean never changes: the algorithm accepts it, and cannot learn with it."""

Positive = Annotated[int, Field(gt=0)]


class Hyperparameters(Strict):
    """What `training.hyperparameters` may say; what is left out has the algorithm's default.

    `num_classes` and `num_training_samples` are absent: they are counted in the data set. So are
    `multi_label` and `use_weighted_loss`: a pipeline's photos have one label each.
    """

    num_layers: Annotated[NumLayers, BeforeValidator(no_boolean)] = 18
    image_shape: Annotated[str, Field(pattern=r"^3(,([89]|[1-9][0-9]{1,3})){2}$")] = Field(
        default="3,224,224", description="Channels, height, width; sides of 8 to 9999 pixels"
    )
    mini_batch_size: Positive = 32
    epochs: Positive = 30
    learning_rate: PositiveFraction = 0.1
    use_pretrained_model: Annotated[Literal[0, 1], BeforeValidator(no_boolean)] = 0
    pretrained_model_uri: (
        Annotated[str, Field(pattern=r"^(s3://[a-z0-9.\-]{3,63}/.*[^/]|https://.+|file:///.+)$")]
        | None
    ) = None
    pretrained_model_sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    optimizer: Literal["sgd", "adam", "rmsprop", "nag"] = "sgd"
    momentum: Decay | None = None
    weight_decay: Fraction | None = None
    beta_1: Decay | None = None
    beta_2: Decay | None = None
    eps: PositiveFraction | None = None
    gamma: Decay | None = None
    lr_scheduler_factor: PositiveFraction | None = None
    lr_scheduler_step: Annotated[str, Field(pattern=r"^[1-9][0-9]*(,[1-9][0-9]*)*$")] | None = None
    augmentation_type: Literal["crop", "crop_color", "crop_color_transform"] | None = None
    early_stopping: bool | None = None
    early_stopping_min_epochs: Positive | None = None
    early_stopping_patience: Positive | None = None
    early_stopping_tolerance: Fraction | None = None
    checkpoint_frequency: Positive | None = None
    precision_dtype: Literal["float32", "float16", "bfloat16"] | None = None
    kv_store: Literal["dist_sync", "dist_async"] | None = None
    top_k: Annotated[int, Field(gt=1)] | None = None
    resize: Positive | None = None
    network: Literal["torchvision", "mxnet"] | None = None
    lr_schedule: Literal["step", "one_cycle"] | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] | None = None
    int8: Literal["auto", "never"] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None

    @property
    def side(self) -> int:
        """The longer side of image_shape, in pixels."""
        _, height, width = self.image_shape.split(",")
        return max(int(height), int(width))

    @property
    def custom_only(self) -> list[str]:
        """What is set here that the built-in algorithm would refuse, as `name: value`."""
        names = [name for name in CUSTOM_ONLY if getattr(self, name) is not None]
        if self.precision_dtype == "bfloat16":
            names.append("precision_dtype")
        return [f"{name}: {getattr(self, name)}" for name in names]

    @model_validator(mode="after")
    def _pretrained_networks_exist(self) -> Hyperparameters:
        if not self.use_pretrained_model:
            return self
        if self.num_layers not in DEEP_LAYERS:
            allowed = ", ".join(map(str, DEEP_LAYERS))
            raise ValueError(
                f"use_pretrained_model: 1 needs num_layers to be one of {allowed}, "
                f"not {self.num_layers}"
            )
        return self

    @model_validator(mode="after")
    def _some_do_not_go_together(self) -> Hyperparameters:
        if self.pretrained_model_uri is not None and self.pretrained_model_sha256 is None:
            raise ValueError("pretrained_model_uri needs pretrained_model_sha256")
        if self.pretrained_model_uri is not None and not self.use_pretrained_model:
            raise ValueError(
                "pretrained_model_uri is for use_pretrained_model: 1 only: set that, or "
                "pretrained_model_uri: null"
            )
        if self.pretrained_model_uri is not None and has_secret_parts(self.pretrained_model_uri):
            raise ValueError(
                f"pretrained_model_uri: {redact_url(self.pretrained_model_uri)} must have no user, "
                "password, query or fragment: a job's hyperparameters are shown in SageMaker's "
                "console and in Airflow, and a token with them. Put the file into S3, and name it "
                "as s3://bucket/key"
            )
        if self.resize is not None and self.resize <= self.side:
            raise ValueError(f"resize must be above image_shape's longer side, {self.side}")
        if self.checkpoint_frequency is not None and self.checkpoint_frequency > self.epochs:
            raise ValueError(f"checkpoint_frequency must not be above epochs, {self.epochs}")
        return self

    def as_request(self) -> dict[str, str]:
        """Return what the pipeline sets, as the strings that a training job takes."""
        return {name: str(value) for name, value in self if value is not None}
