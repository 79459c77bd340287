"""The training job's hyperparameters, parsed from the text that SageMaker passes."""

import difflib
from collections.abc import Mapping
from typing import Any, Self

from pydantic import ValidationError, model_validator

from include.contracts.hyperparameters import Positive, SharedHyperparameters, Switch
from include.image_classification.container import CommandError

RESERVED, RESERVED_PREFIX = "_tuning_objective_metric", "sagemaker_"
"""Hyperparameters that a tuning job and the SageMaker SDK add for programs of theirs."""

NUMBER_CHOICES = frozenset(
    {"num_layers", "use_pretrained_model", "multi_label", "use_weighted_loss"}
)
"""Hyperparameters with a fixed set of numbers, which pydantic does not convert from text."""


class Hyperparameters(SharedHyperparameters):
    """All hyperparameters of a training job; `parse` reads them from text."""

    num_classes: Positive
    num_training_samples: Positive
    multi_label: Switch = 0
    """1: an image's labels are a 0 or 1 for each class, as im2rec --pack-label packs them."""

    use_weighted_loss: Switch = 0
    """1, with multi_label: a class is weighted by how rare it is."""

    @model_validator(mode="after")
    def _check_top_k(self) -> Self:
        if self.top_k is not None and self.top_k >= self.num_classes:
            raise ValueError(f"top_k must be below num_classes ({self.num_classes})")
        return self

    @model_validator(mode="after")
    def _check_multi_label(self) -> Self:
        if self.use_weighted_loss and not self.multi_label:
            raise ValueError("use_weighted_loss is for multi_label 1 only")
        if self.multi_label and (self.top_k or self.label_smoothing):
            raise ValueError("top_k and label_smoothing are for multi_label 0 only")
        return self


def parse(values: Mapping[str, Any]) -> Hyperparameters:
    """Parse the strings of hyperparameters.json. SageMaker's reserved names are left out.

    Raises:
        CommandError: names every hyperparameter that is unknown or out of range,
            with what is allowed.
    """
    parsed = {name: _parse(name, value) for name, value in values.items() if not _is_reserved(name)}
    problems = [_unknown(name) for name in parsed if name not in Hyperparameters.model_fields]
    if problems:
        raise CommandError("; ".join(problems))
    try:
        return Hyperparameters.model_validate(parsed)
    except ValidationError as error:
        raise CommandError("; ".join(_line(problem) for problem in error.errors())) from None


def _is_reserved(name: str) -> bool:
    return name == RESERVED or name.startswith(RESERVED_PREFIX)


def _parse(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # The SageMaker SDK's framework estimators send JSON, so a text arrives with its quotes.
    text = value.strip('"')
    return int(text) if name in NUMBER_CHOICES and text.isdecimal() else text


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
