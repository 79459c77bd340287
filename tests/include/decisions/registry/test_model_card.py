"""The model card of a candidate's package."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.config import Pipeline, find_pipeline
from include.config.sections.model_card import ModelCard
from include.contracts.records import DatasetReport, EvaluationReport
from include.decisions.registry.card_records import read_card_records
from include.decisions.registry.model_card import (
    CardFacts,
    card_content,
    model_card,
    renewed_card,
)
from include.service_model.model_card import card_violations
from include.service_model.violations import find_violations
from include.storage.layout import Layout

CLASSES = [{"name": f"class {n}", "images": 10, "top1": n / 10} for n in range(8)]
EVALUATION = EvaluationReport.model_validate(
    {"dataset_version": "d1", "split": "test", "images": 80, "top1": 0.35, "top5": 0.9,
     "calibration_error": 0.02, "per_class": [*CLASSES, {"name": "empty", "images": 0}]}
)  # fmt: skip
DATASET = DatasetReport.model_validate(
    {"version": "d1", "counts": {"images": 300, "train": 220}, "source": {"uri": "s3://b/source/"}}
)
FACTS = {"training_job": "job-1", "dataset_version": "d1", "network": "resnet-18", "top1": 0.35,
         "image": "account/image@sha256:1", "hyperparameters": "epochs=4 learning_rate=0.01",
         "gates": [{"metric": "top-1"}], "cost_usd": None}  # fmt: skip


def facts(pipeline: Pipeline, **more: Any) -> CardFacts:
    return CardFacts(
        **{
            "pipeline": pipeline,
            "model_uri": "s3://b/model.tar.gz",
            "facts": FACTS,
            "reason": "top-1 keeps all limits",
            "evaluation": EVALUATION,
            "dataset": DATASET,
            "training": {"validation:accuracy": 0.5},
            **more,
        }
    )


def test_a_card_has_data_training_evaluation_uses_and_limits(cars: Pipeline) -> None:
    card = card_content(facts(cars))
    assert card["model_overview"] == {
        "model_creator": "data-engineering",
        "model_artifact": ["s3://b/model.tar.gz"],
    }
    uses = card["intended_uses"]
    assert uses["intended_uses"].startswith("Naming make, model and year")
    assert "none of the classes" in uses["factors_affecting_model_efficiency"]
    assert "model year is 2012" in uses["factors_affecting_model_efficiency"]
    assert uses["risk_rating"] == "Unknown"
    training = card["training_details"]
    assert training["training_observations"] == (
        "Dataset version d1, from s3://b/source/: 300 images, 220 train."
    )
    assert training["training_job_details"] == {
        "training_datasets": ["d1"],
        "training_environment": {"container_image": ["account/image@sha256:1"]},
        "training_metrics": [{"name": "validation:accuracy", "value": 0.5}],
        "hyper_parameters": [
            {"name": "epochs", "value": "4"},
            {"name": "learning_rate", "value": "0.01"},
        ],
    }
    (evaluation,) = card["evaluation_details"]
    assert evaluation["evaluation_observation"] == "top-1 keeps all limits"
    accuracy, worst = evaluation["metric_groups"]
    assert [(one["name"], one["value"]) for one in accuracy["metric_data"]] == [
        ("top-1", 0.35),
        ("top-5", 0.9),
        ("expected calibration error", 0.02),
    ]
    assert "0.25" in accuracy["metric_data"][0]["notes"]
    assert [one["name"] for one in worst["metric_data"]] == [f"class {n}" for n in range(5)]
    more = card["additional_information"]
    assert more["caveats_and_recommendations"].startswith(
        "Not suitable for: Decisions about people"
    )
    assert more["custom_details"] == {
        "training_job": "job-1", "dataset_version": "d1", "network": "resnet-18", "top1": "0.35",
    }  # fmt: skip


@cache
def card_shape() -> Any:
    model = botocore.session.get_session().get_service_model("sagemaker")
    return model.operation_model("CreateModelPackage").input_shape.members["ModelCard"]


def check_request(card: dict[str, str]) -> None:
    """Check a card as SageMaker's service model and the card's schema do."""
    assert card_violations(card["ModelCardContent"]) == []
    assert list(find_violations(card_shape(), card)) == []


@pytest.mark.parametrize("name", ["stanford_cars", "merch"])
def test_the_cards_of_the_pipelines_follow_the_schema(name: str) -> None:
    pipeline = find_pipeline(name)
    card = model_card(facts(pipeline))
    check_request(card)
    assert card["ModelCardStatus"] == ("PendingReview" if name == "stanford_cars" else "Draft")


def test_a_card_without_records_follows_the_schema(cars: Pipeline) -> None:
    bare = CardFacts(cars, "s3://b/m", {})
    check_request(model_card(bare))
    card = card_content(bare)
    assert card["evaluation_details"] == []
    assert "whose record is gone" in card["training_details"]["training_observations"]


TEXT = st.builds(lambda text, times: text * times, st.text(max_size=30), st.sampled_from([1, 200]))
CARS = find_pipeline("stanford_cars")


@settings(deadline=None, max_examples=40)
@given(TEXT, TEXT, st.floats(), st.dictionaries(TEXT, st.one_of(TEXT, st.none()), max_size=5))
def test_any_text_and_figure_give_a_card_that_sagemaker_accepts(
    text: str, name: str, value: float, more: dict[str, Any]
) -> None:
    pipeline = CARS.model_copy(
        update={
            "description": text,
            "owner": text,
            "model_card": ModelCard.model_construct(limits=[text], unsuitable_uses=[name, text]),
        }
    )
    report = EVALUATION.model_copy(
        update={
            "split": text,
            "top1": value,
            "dataset_version": text,
            "per_class": [EVALUATION.per_class[1].model_copy(update={"name": name, "top1": value})],
        }
    )
    values = {"image": text, "hyperparameters": f"{name}={text} = a= =b", **more}
    found = facts(
        pipeline,
        evaluation=report.model_copy(update={"images": None}),
        facts=values,
        reason=text,
        model_uri=text,
        training={name: value},
    )
    check_request(model_card(found))


def test_a_card_that_is_too_long_loses_its_details(cars: Pipeline) -> None:
    details = {f"fact {n}": "\N{GREEK SMALL LETTER ALPHA}" * 1024 for n in range(120)}
    card = model_card(facts(cars, facts={**FACTS, **details}))
    check_request(card)
    content = json.loads(card["ModelCardContent"])
    assert "custom_details" not in content["additional_information"]
    assert content["training_details"]["training_job_details"]["hyper_parameters"]


def test_a_package_that_is_judged_again_gets_a_new_card(cars: Pipeline) -> None:
    before = model_card(facts(cars, reason="too low"))
    content = json.loads(before["ModelCardContent"])
    content["business_details"] = {"business_problem": "written in Studio"}
    stored = {**before, "ModelCardContent": json.dumps(content)}
    renewed = renewed_card(stored, model_card(facts(cars)))
    check_request(renewed)
    found = json.loads(renewed["ModelCardContent"])
    assert found["business_details"] == {"business_problem": "written in Studio"}
    assert found["evaluation_details"][0]["evaluation_observation"] == "top-1 keeps all limits"


@pytest.mark.parametrize("damaged", ["{", "[1]", "null", ""])
def test_a_damaged_card_is_replaced(cars: Pipeline, damaged: str) -> None:
    new = model_card(facts(cars))
    stored = {"ModelCardContent": damaged, "ModelCardStatus": "Draft"}
    assert renewed_card(stored, new) == new
    assert renewed_card({}, new) == new


@pytest.mark.parametrize("status", ["Approved", "Archived"])
def test_a_card_that_users_have_settled_is_kept(cars: Pipeline, status: str) -> None:
    stored = {"ModelCardContent": "{}", "ModelCardStatus": status}
    assert renewed_card(stored, model_card(facts(cars))) == {}


def test_a_damaged_record_leaves_a_gap(
    s3: Any, layout: Layout, caplog: pytest.LogCaptureFixture
) -> None:
    s3.answer("get_object", s3.json({"dataset_version": ""}))
    s3.answer("get_object", s3.json(DATASET.model_dump()))
    evaluation, dataset = read_card_records(s3.client, layout, "job-1", "d1")
    assert evaluation is None
    assert dataset is not None
    assert dataset.counts["images"] == 300
    assert "evaluations/job-1/evaluation.json" in caplog.text
