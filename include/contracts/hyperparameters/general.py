"""Hyperparameters that do not concern fine-tuning: those of the built-in algorithm, and more."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from include.contracts.hyperparameters.values import (
    Depth,
    Epochs,
    Fraction,
    Positive,
    Sha256,
    Shape,
    Switch,
    as_text,
)
from include.contracts.networks import PRETRAINED_DEPTHS, RESNETS, SMALLEST_SIDES, Network


class GeneralHyperparameters(BaseModel):
    """Network, input, optimizer and precision."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )

    num_layers: Depth = Field(default=152, description="The depth of a ResNet")
    image_shape: Shape = Field(default=(3, 224, 224), description="Channels, height, width")
    epochs: Positive = 30
    mini_batch_size: Positive = 32
    optimizer: Literal["sgd", "adam", "rmsprop", "nag"] = "sgd"
    learning_rate: Fraction = 0.1
    momentum: Fraction = 0.9
    weight_decay: Fraction = 0.0001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    eps: Fraction = 1e-8
    gamma: Fraction = 0.9
    lr_scheduler_step: Epochs = ()
    lr_scheduler_factor: Fraction = 0.1
    augmentation_type: Literal[
        "none", "crop", "crop_color", "crop_color_transform", "random_resized_crop"
    ] = Field(default="none", description="random_resized_crop is for the custom image")
    top_k: Annotated[int, Field(gt=1)] | None = None
    early_stopping: bool = False
    early_stopping_min_epochs: Positive = 10
    early_stopping_patience: Positive = 5
    early_stopping_tolerance: Fraction = 0.0
    use_pretrained_model: Switch = 0
    checkpoint_frequency: Positive | None = None
    kv_store: Literal["dist_sync", "dist_async"] | None = None
    resize: Positive | None = Field(
        default=None,
        description="Pixels: the shorter side to which a training image is resized before the crop",
    )
    precision_dtype: Literal["float32", "float16", "bfloat16"] = Field(
        default="float32",
        description="bfloat16 is for the custom image; float16 needs a GPU, and the custom image "
        "takes it for float32",
    )
    network: Network = Field(
        default="torchvision",
        description="torchvision's or MXNet's family of ResNets, or EfficientNet-Lite0, which has "
        "no num_layers; published weights fit torchvision and efficientnet_lite0",
    )
    pretrained_model_uri: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Weights of use_pretrained_model: a path, s3:// or https://"
    )
    pretrained_model_sha256: Sha256 | None = Field(
        default=None,
        description="The hash of the weights, checked before loading; needed for the URI",
    )
    lr_schedule: Literal["step", "one_cycle"] = Field(
        default="step",
        description="one_cycle rises to learning_rate and falls to 0 over all epochs",
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="The share of the target that is spread evenly over all classes"
    )
    int8: Literal["auto", "never"] = Field(
        default="auto",
        description="auto stores an int8 form with the model if it is faster and as accurate on "
        "the validation channel, and the processor supports it",
    )
    calibration: Literal["temperature", "none"] = Field(
        default="temperature",
        description="temperature divides the last layer's weights by the number with which the "
        "probabilities fit the validation channel best; the predicted classes stay the same",
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(
        default=0, description="Same seed, same records, same instance type: same model"
    )

    @property
    def longer_side(self) -> int:
        """The longer side of image_shape, in pixels."""
        return max(self.image_shape[1:])

    @model_validator(mode="after")
    def _check_num_layers(self) -> Self:
        if self.network not in RESNETS and "num_layers" in self.model_fields_set:
            raise ValueError(
                f"num_layers is for the networks {' and '.join(RESNETS)}: leave it out (null in "
                f"overrides), because network {self.network} has one depth"
            )
        return self

    @model_validator(mode="after")
    def _check_image_shape(self) -> Self:
        channels, height, width = self.image_shape
        smallest = SMALLEST_SIDES[self.network]
        if channels not in (1, 3) or min(height, width) < smallest:
            raise ValueError(
                f"image_shape must be C,H,W with C 1 or 3 and H and W at least {smallest} "
                f"for network {self.network}, not {as_text(self.image_shape)}"
            )
        if self.resize is not None and self.resize <= self.longer_side:
            raise ValueError(f"resize must be above image_shape's longer side, {self.longer_side}")
        return self

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        if self.lr_schedule == "one_cycle" and self.lr_scheduler_step:
            raise ValueError(
                "lr_scheduler_step is for lr_schedule: step only: leave it out (null in overrides)"
            )
        return self

    @model_validator(mode="after")
    def _check_checkpoint_frequency(self) -> Self:
        if self.checkpoint_frequency is not None and self.checkpoint_frequency > self.epochs:
            raise ValueError(f"checkpoint_frequency must not be above epochs, {self.epochs}")
        return self

    @model_validator(mode="after")
    def _check_pretrained_weights(self) -> Self:
        if self.pretrained_model_uri and not self.pretrained_model_sha256:
            raise ValueError("pretrained_model_uri needs pretrained_model_sha256")
        for name in ("pretrained_model_uri", "pretrained_model_sha256"):
            if getattr(self, name) and not self.use_pretrained_model:
                raise ValueError(
                    f"{name} is for use_pretrained_model: 1 only: set that, or leave {name} out "
                    "(null in overrides)"
                )
        is_resnet = self.network in RESNETS
        if self.use_pretrained_model and is_resnet and self.num_layers not in PRETRAINED_DEPTHS:
            depths = ", ".join(map(str, PRETRAINED_DEPTHS))
            raise ValueError(
                f"use_pretrained_model: 1 needs num_layers to be one of {depths}, "
                f"not {self.num_layers}"
            )
        return self
