"""Tests of the approval of a model by a user."""

from typing import Any

import pytest

from include.config.sections.promotion import Promotion
from include.contracts.records import ClassScores, EvaluationReport
from include.decisions.promotion.approval import (
    APPROVE,
    REJECT,
    decide_approval,
    decide_question,
    question,
    responder,
)
from include.decisions.promotion.verdict import judge

EVALUATION = EvaluationReport(
    top1=0.75,
    top5=0.9,
    images=100,
    dataset_version="d2",
    split="test",
    per_class=[ClassScores(name=name, images=50, top1=0.75) for name in ("Audi", "BMW")],
)


@pytest.mark.parametrize(
    ("verdict", "go"), [("await approval", True), ("keep", False), ("promote", False)]
)
def test_a_user_is_asked_only_about_a_model_that_passed_all_limits(verdict: str, go: bool) -> None:
    decision = decide_question("ask", verdict, "why")
    assert (decision.go, decision.reason) == (go, f"{verdict}: why")


def test_a_deployment_with_another_approval_does_not_ask() -> None:
    decision = decide_question("manual", "await approval", "why")
    assert not decision.go
    assert decision.reason == "await approval: why; promotion.approval is manual here"


def test_the_question_has_each_limit_with_its_margin() -> None:
    found = judge(Promotion(approval="ask", minimum_top1=0.5), EVALUATION, None)
    verdict = found.record().as_json()
    assert verdict["verdict"] == "await approval"
    facts = {"training_job": "cars-train-1", "dataset_version": "d2", "package": "arn:x/cars/7"}
    asked = question("cars", {**facts, **verdict})
    assert asked["subject"] == "Approve model package 7 of cars?"
    assert "| top-1 | 0.75 | at least 0.5 | 0.25 |" in asked["body"]
    assert "cars-train-1 on dataset d2: top-1 0.7500 keeps all limits" in asked["body"]
    assert "may answer" not in asked["body"]
    named = question("cars", {**facts, **verdict}, ["Ada", "Bob"])
    assert named["body"].endswith("Only Ada, Bob may answer.")


USER = {"id": "7", "name": "Ada"}


@pytest.mark.parametrize(
    ("user", "option", "why", "go", "reason"),
    [
        (USER, APPROVE, None, True, "approved in Airflow by Ada: top-1 0.75"),
        (USER, APPROVE, "looks fine", True, "approved in Airflow by Ada: looks fine"),
        (USER, REJECT, "blurred", False, "rejected in Airflow by Ada: blurred"),
        (USER, REJECT, None, False, "rejected in Airflow by Ada"),
        (None, REJECT, None, False, "nobody answered in time: the package can still be approved"),
    ],
)
def test_decide_approval_distinguishes_an_answer_from_a_timeout(
    user: Any, option: str, why: str | None, go: bool, reason: str
) -> None:
    answer = {"chosen_options": [option], "params_input": {"why": why}, "responded_by_user": user}
    decision = decide_approval(answer, "top-1 0.75")
    assert (decision.go, decision.reason) == (go, reason)
    assert responder(answer) == (user and "Ada")
