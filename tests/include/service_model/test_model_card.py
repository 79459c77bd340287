"""The schema of a model package's model card."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.service_model.model_card import LONGEST, card_violations

METRIC = {"name": "top-1", "type": "number", "value": 0.7}


def evaluation(**fields: Any) -> dict[str, Any]:
    """Return a card with one evaluation."""
    return {"evaluation_details": [{"name": "test", **fields}]}


def metric(**fields: Any) -> dict[str, Any]:
    """Return a card with one metric of an evaluation."""
    return evaluation(metric_groups=[{"name": "a", "metric_data": [{**METRIC, **fields}]}])


def training(**fields: Any) -> dict[str, Any]:
    """Return a card with details of the training job."""
    return {"training_details": {"training_job_details": fields}}


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"model_overview": {"model_creator": "x" * 1024, "model_artifact": ["s3://b/m"] * 15}},
        {"intended_uses": {"purpose_of_model": "x" * 2048, "risk_rating": "Unknown"}},
        {"business_details": {"line_of_business": "x"}},
        {"training_details": {"objective_function": {"function": {"function": "Maximize"}}}},
        training(
            training_arn="arn",
            training_environment={"container_image": ["i"]},
            training_metrics=[{"name": "a", "value": 1, "notes": "n"}],
            hyper_parameters=[{"name": "a", "value": "1"}] * 100,
        ),
        evaluation(
            metadata={"any": "text"}, datasets=["d"] * 10, evaluation_observation="x" * 2096
        ),
        metric(type="string", value="x" * 63),
        metric(type="boolean", value=True),
        metric(type="bar_chart", value=[1, 2], x_axis_name=["a", "b"], y_axis_name="share"),
        metric(type="linear_graph", value=[[0, 1], [1, 2]], x_axis_name="epoch"),
        metric(type="matrix", value=[[1, 0], [0, 1]], x_axis_name=["a", "b"]),
        {"additional_information": {"custom_details": {"any": "x" * 1024}}},
    ],
)
def test_a_card_of_the_schema(card: dict[str, Any]) -> None:
    assert card_violations(json.dumps(card)) == []


@pytest.mark.parametrize(
    ("card", "problem"),
    [
        ([], "the content must be a mapping"),
        ({"model_package_details": {}}, "model_package_details is not in the schema"),
        ({"model_overview": {"model_name": "x"}}, "model_overview.model_name is not in the schema"),
        ({"model_overview": {"model_creator": "x" * 1025}}, "0 to 1024 characters"),
        ({"model_overview": {"model_artifact": ["x"] * 16}}, "0 to 15 items"),
        ({"model_overview": {"model_artifact": "x"}}, "model_artifact must be a list"),
        ({"intended_uses": {"purpose_of_model": "x" * 2049}}, "0 to 2048 characters"),
        ({"intended_uses": {"risk_rating": "low"}}, "one of High, Medium, Low, Unknown"),
        (training(hyper_parameters=[{"name": "a", "value": 1}]), "value must be a string"),
        (training(hyper_parameters=[{"name": "a", "value": ""}]), "1 to 255 characters"),
        (training(training_metrics=[{"name": "a"}]), "training_metrics[0].value is required"),
        ({"evaluation_details": [{}]}, "evaluation_details[0].name is required"),
        (evaluation(name="x" * 64), "1 to 63 characters"),
        (evaluation(metadata={"images": 5}), "metadata.images must be a string"),
        (metric(value=float("nan")), "metric_data[0].value must be a number"),
        (metric(value=True), "value must be a number"),
        (metric(type="percent"), "type must be one of number, string"),
        (metric(type=None), "type must be one of number, string"),
        (metric(type="matrix", value=[[0] * 21]), "1 to 20 items"),
        ({"additional_information": {"custom_details": {"a": 1}}}, "a must be a string"),
        ({"intended_uses": None}, "intended_uses must be a mapping"),
    ],
)
def test_a_mistake_is_named_with_its_place(card: Any, problem: str) -> None:
    (found,) = card_violations(json.dumps(card))
    assert problem in found


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, "\x00"])
def test_a_damaged_text_is_no_card(content: str) -> None:
    (found,) = card_violations(content)
    assert found.startswith("the content is not JSON")


def test_a_card_has_a_length() -> None:
    long = json.dumps({"additional_information": {"custom_details": {"a" * LONGEST: "x"}}})
    (found,) = card_violations(long)
    assert "100000 are allowed" in found
