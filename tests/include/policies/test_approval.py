"""A person is asked of models that would be promoted, with each limit's figures."""

import pytest

from include.pipeline.stages import Promotion
from include.policies.approval import answered, decide_asking, question
from include.policies.promotion import judge

EVALUATION = {
    "top1": 0.75, "top5": 0.9, "images": 100, "dataset_version": "d2", "split": "test",
}  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "go"), [("await approval", True), ("keep", False), ("promote", False)]
)
def test_only_a_model_that_would_be_promoted_is_asked_about(verdict: str, go: bool) -> None:
    decision = decide_asking(verdict, "why")
    assert (decision.go, decision.reason) == (go, f"{verdict}: why")


def test_the_question_has_each_limit_with_its_margin() -> None:
    verdict = judge(Promotion(approval="ask", minimum_top1=0.5), EVALUATION, None).as_dict()
    assert verdict["verdict"] == "await approval"
    facts = {"training_job": "cars-train-1", "dataset_version": "d2", "package": "arn:x/cars/7"}
    asked = question("cars", {**facts, **verdict})
    assert asked["subject"] == "Shall model package 7 of cars serve?"
    assert "| top-1 | 0.75 | at least 0.5 | 0.25 |" in asked["body"]
    assert "cars-train-1 on data set d2: top-1 0.7500 keeps all limits" in asked["body"]


def test_what_people_said_is_told_with_what_can_still_be_done() -> None:
    ana = {"responded_by_user": {"id": "1", "name": "ana"}, "timedout": False}
    asked = "Shall it serve?"
    yes = answered(asked, {**ana, "chosen_options": ["Approve"]})
    assert yes == "Shall it serve? ana answered Approve."
    no = answered(asked, {**ana, "chosen_options": ["Reject"]})
    assert no.startswith("Shall it serve? ana answered Reject: what serves goes on serving.")
    assert "approve the package in the registry" in no
    late = {"responded_by_user": None, "timedout": True, "chosen_options": ["Reject"]}
    assert answered(asked, late).startswith("Shall it serve? Nobody answered in time: what serves")
