"""The training job's hyperparameters: those of the built-in algorithm, and a few of our own."""

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from include.image_classification.container import ProgramError
from include.image_classification.training.hyperparameter_types import (
    PRETRAINED_DEPTHS,
    Depth,
    Epochs,
    Fraction,
    Positive,
    Shape,
    Switch,
)

RESERVED, RESERVED_PREFIX = "_tuning_objective_metric", "sagemaker_"
"""What a tuning job and the SageMaker SDK put among the hyperparameters for programs of theirs."""


class Hyperparameters(BaseModel):
    """Everything that a training job may be told.

    SageMaker hands every value over as a string; `parse` reads such a mapping. Names, limits and
    defaults are the built-in algorithm's, except where a field says that it is ours.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )

    num_classes: Positive
    num_training_samples: Positive
    num_layers: Depth = 152
    image_shape: Shape = (3, 224, 224)
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
    augmentation_type: Literal["none", "crop", "crop_color", "crop_color_transform"] = "none"
    top_k: Annotated[int, Field(gt=1)] | None = None
    early_stopping: bool = False
    early_stopping_min_epochs: Positive = 10
    early_stopping_patience: Positive = 5
    early_stopping_tolerance: Fraction = 0.0
    use_pretrained_model: Switch = 0
    multi_label: Switch = 0
    """1: an image's labels are a 0 or 1 for each class, as im2rec --pack-label packs them."""

    use_weighted_loss: Switch = 0
    """1, with multi_label: an image that shows a class counts by how rare that is."""

    checkpoint_frequency: Positive | None = None
    kv_store: Literal["dist_sync", "dist_async"] | None = None
    resize: Positive | None = None
    """Pixels of the shorter side that a training image is brought to before it is cropped."""

    precision_dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    """bfloat16 is ours; the built-in's float16 needs a GPU, so that here it means float32."""

    network: Literal["torchvision", "mxnet"] = "torchvision"
    """Ours. The family of ResNets: the one that published ImageNet weights fit, or MXNet's."""

    pretrained_model_uri: Annotated[str, Field(min_length=1)] | None = None
    """Ours. Where the weights are that use_pretrained_model asks for: a path, s3:// or https://."""

    pretrained_model_sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = None
    """Ours. The weights' hash, checked before they are loaded; needed for pretrained_model_uri."""

    lr_schedule: Literal["step", "one_cycle"] = "step"
    """Ours. one_cycle rises to learning_rate and falls to nothing over all epochs."""

    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Ours: the share of the target that is spread evenly over all classes."""

    int8: Literal["auto", "never"] = "auto"
    """Ours. auto lays an int8 form beside the model, where it is as good on the validation channel
    and faster, and the processor has the instructions for it: a server may be told to use it."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """Ours. Same seed, same records, same machine: same model."""

    @model_validator(mode="after")
    def _shape_is_possible(self) -> Self:
        channels, height, width = self.image_shape
        if channels not in (1, 3) or min(height, width) < 8:
            raise ValueError("image_shape must be C,H,W with C 1 or 3 and H and W at least 8")
        if self.resize is not None and self.resize <= max(height, width):
            raise ValueError(f"resize must be above image_shape's {width}x{height}")
        return self

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        if self.top_k is not None and self.top_k >= self.num_classes:
            raise ValueError(f"top_k must be below num_classes ({self.num_classes})")
        if self.checkpoint_frequency is not None and self.checkpoint_frequency > self.epochs:
            raise ValueError(f"checkpoint_frequency must not be above epochs ({self.epochs})")
        return self

    @model_validator(mode="after")
    def _switches_fit(self) -> Self:
        if self.use_weighted_loss and not self.multi_label:
            raise ValueError("use_weighted_loss is for multi_label 1 only")
        if self.multi_label and (self.top_k or self.label_smoothing):
            raise ValueError("top_k and label_smoothing are for multi_label 0 only")
        if self.use_pretrained_model and self.num_layers not in PRETRAINED_DEPTHS:
            depths = ", ".join(map(str, PRETRAINED_DEPTHS))
            raise ValueError(f"use_pretrained_model 1 needs num_layers to be one of {depths}")
        return self

    @model_validator(mode="after")
    def _pretrained_weights_are_checked(self) -> Self:
        if self.pretrained_model_uri and not self.use_pretrained_model:
            raise ValueError("pretrained_model_uri is for use_pretrained_model 1 only")
        if self.pretrained_model_uri and not self.pretrained_model_sha256:
            raise ValueError("pretrained_model_uri needs pretrained_model_sha256")
        return self


def parse(values: Mapping[str, Any]) -> Hyperparameters:
    """Read the strings of hyperparameters.json. What is SageMaker's own is left out.

    Raises:
        ProgramError: names every hyperparameter that is unknown or out of range,
            with what is allowed.
    """
    told = {name: _unquoted(value) for name, value in values.items() if not _is_reserved(name)}
    problems = [_unknown(name) for name in told if name not in Hyperparameters.model_fields]
    if problems:
        raise ProgramError("; ".join(problems))
    try:
        return Hyperparameters.model_validate(told)
    except ValidationError as error:
        raise ProgramError("; ".join(_line(problem) for problem in error.errors())) from None


def _is_reserved(name: str) -> bool:
    return name == RESERVED or name.startswith(RESERVED_PREFIX)


def _unquoted(value: Any) -> Any:
    # The SageMaker SDK's framework estimators send JSON, so a text arrives with its quotes.
    return value.strip('"') if isinstance(value, str) else value


def _unknown(name: str) -> str:
    allowed = sorted(Hyperparameters.model_fields)
    close = difflib.get_close_matches(name, allowed, n=1)
    hint = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(allowed)}"
    return f"hyperparameter {name} is not known: {hint}"


def _line(problem: Any) -> str:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"hyperparameter {name} is missing: it is required"
    if not name:
        return f"hyperparameter {message}"
    return f"hyperparameter {name} is {problem['input']}: {message}"
