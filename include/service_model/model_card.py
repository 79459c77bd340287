"""The content of a model package's model card, which botocore's service model has as text only.

The fields and limits are those of AWS's "Model package model card schema":
https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-details.html#model-card-schema
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LONGEST = 100_000
"""Characters of a card's content."""

RISKS = ("High", "Medium", "Low", "Unknown")


class Form(Protocol):
    """What a value of a card may be."""

    def violations(self, value: Any, path: str) -> Iterator[str]:
        """Yield each mistake of the value at a path."""


@dataclass(frozen=True)
class Text:
    """A text of a length, or one of `choices`."""

    longest: int = 1024
    shortest: int = 0
    choices: tuple[str, ...] = ()

    def violations(self, value: Any, path: str) -> Iterator[str]:
        """Yield each mistake of the value at a path."""
        if not isinstance(value, str):
            yield f"{path} must be a string"
        elif self.choices and value not in self.choices:
            yield f"{path} must be one of {', '.join(self.choices)}"
        elif not self.shortest <= len(value) <= self.longest:
            yield f"{path} must have {self.shortest} to {self.longest} characters"


@dataclass(frozen=True)
class Number:
    """A finite number."""

    def violations(self, value: Any, path: str) -> Iterator[str]:
        """Yield each mistake of the value at a path."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value):
            yield f"{path} must be a number"


@dataclass(frozen=True)
class ListOf:
    """A list of items of one form."""

    item: Form
    most: int | None = None
    least: int = 0

    def violations(self, value: Any, path: str) -> Iterator[str]:
        """Yield each mistake of the value at a path."""
        if not isinstance(value, list):
            yield f"{path} must be a list"
            return
        if len(value) < self.least or (self.most is not None and len(value) > self.most):
            yield f"{path} must have {self.least} to {self.most or 'any number of'} items"
        for number, item in enumerate(value):
            yield from self.item.violations(item, f"{path}[{number}]")


@dataclass(frozen=True)
class Fields:
    """A mapping with these fields; others are refused, unless `other` is their form."""

    known: Mapping[str, Form]
    required: tuple[str, ...] = ()
    other: Form | None = None

    def violations(self, value: Any, path: str) -> Iterator[str]:
        """Yield each mistake of the value at a path."""
        if not isinstance(value, dict):
            yield f"{path or 'the content'} must be a mapping"
            return
        yield from (
            f"{_join(path, name)} is required" for name in self.required if name not in value
        )
        for name, inner in value.items():
            form = self.known.get(name, self.other)
            if form is None:
                yield f"{_join(path, name)} is not in the schema"
            else:
                yield from form.violations(inner, _join(path, name))


@dataclass(frozen=True)
class ByType:
    """A metric, whose field `type` decides the form of its `value`."""

    forms: Mapping[str, Form]

    def violations(self, value: Any, path: str) -> Iterator[str]:
        """Yield each mistake of the value at a path."""
        kind = value.get("type") if isinstance(value, dict) else None
        form = self.forms.get(kind) if isinstance(kind, str) else None
        if form is None:
            yield f"{path}.type must be one of {', '.join(self.forms)}"
        else:
            yield from form.violations(value, path)


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def violations(self, value: Any, path: str) -> Iterator[str]:
        """Yield each mistake of the value at a path."""
        if not isinstance(value, bool):
            yield f"{path} must be true or false"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _texts(longest: int, *names: str) -> dict[str, Text]:
    return {name: Text(longest) for name in names}


def _metric(value: Form, x_axis: Form, y_axis: Form) -> Fields:
    axes = {"x_axis_name": x_axis, "y_axis_name": y_axis}
    texts = {"name": Text(255, 1), "notes": Text(), "type": Text()}
    return Fields({**texts, "value": value, **axes}, ("name", "type", "value"))


_AXIS, _AXES = Text(63), ListOf(Text(63))
_NUMBERS = ListOf(Number(), 20, 1)
_METRIC = ByType(
    {
        "number": _metric(Number(), _AXIS, _AXIS),
        "string": _metric(Text(63), _AXIS, _AXIS),
        "boolean": _metric(Flag(), _AXIS, _AXIS),
        "linear_graph": _metric(ListOf(ListOf(Number(), 2, 2), least=1), _AXIS, _AXIS),
        "bar_chart": _metric(ListOf(Number(), least=1), _AXES, _AXIS),
        "matrix": _metric(ListOf(_NUMBERS, 20, 1), _AXES, _AXES),
    }
)
_TRAINING_METRIC = Fields(
    {"name": Text(255, 1), "notes": Text(), "value": Number()}, ("name", "value")
)
_HYPERPARAMETER = Fields({"name": Text(255, 1), "value": Text(255, 1)}, ("name", "value"))
_URIS = ListOf(Text(), 15)
_TRAINING_JOB = Fields(
    {
        "training_arn": Text(),
        "training_datasets": _URIS,
        "training_environment": Fields({"container_image": _URIS}),
        "training_metrics": ListOf(_TRAINING_METRIC, 50),
        "user_provided_training_metrics": ListOf(_TRAINING_METRIC, 50),
        "hyper_parameters": ListOf(_HYPERPARAMETER, 100),
        "user_provided_hyper_parameters": ListOf(_HYPERPARAMETER, 100),
    }
)
_OBJECTIVE = Fields(
    {"function": Text(choices=("Maximize", "Minimize")), "facet": Text(63), "condition": Text(63)}
)
_METRIC_GROUP = Fields(
    {"name": Text(63, 1), "metric_data": ListOf(_METRIC)}, ("name", "metric_data")
)
_EVALUATION = Fields(
    {
        "name": Text(63, 1),
        "evaluation_observation": Text(2096),
        "evaluation_job_arn": Text(256),
        "datasets": ListOf(Text(), 10),
        "metadata": Fields({}, other=Text()),
        "metric_groups": ListOf(_METRIC_GROUP),
    },
    ("name",),
)
_CARD = Fields(
    {
        "model_overview": Fields({"model_creator": Text(), "model_artifact": _URIS}),
        "intended_uses": Fields(
            {
                **_texts(2048, "purpose_of_model", "intended_uses"),
                **_texts(2048, "factors_affecting_model_efficiency"),
                "risk_rating": Text(choices=RISKS),
                **_texts(2048, "explanations_for_risk_rating"),
            }
        ),
        "business_details": Fields(
            _texts(2048, "business_problem", "business_stakeholders", "line_of_business")
        ),
        "training_details": Fields(
            {
                "objective_function": Fields({"function": _OBJECTIVE, "notes": Text()}),
                "training_observations": Text(),
                "training_job_details": _TRAINING_JOB,
            }
        ),
        "evaluation_details": ListOf(_EVALUATION),
        "additional_information": Fields(
            {
                **_texts(2048, "ethical_considerations", "caveats_and_recommendations"),
                "custom_details": Fields({}, other=Text()),
            }
        ),
    }
)


def card_violations(content: str) -> list[str]:
    """Return what is wrong with a card's content, one text for each mistake; empty if nothing is.

    Args:
        content: A JSON text, as the field ModelCardContent of a request has it.
    """
    if len(content) > LONGEST:
        return [f"the content has {len(content)} characters, and {LONGEST} are allowed"]
    try:
        card = json.loads(content)
    except (ValueError, RecursionError) as error:
        return [f"the content is not JSON: {error}"]
    return list(_CARD.violations(card, ""))
