"""Tests of the verdict on a candidate."""

import json
from typing import Any

import pytest

from include.config.sections.promotion import Promotion
from include.contracts.records import ClassScores, EvaluationReport
from include.decisions.promotion.freshness import Freshness
from include.decisions.promotion.paired_predictions import PairedPredictions
from include.decisions.promotion.verdict import decide_announcement, judge
from include.decisions.registry.packages import Package
from include.sagemaker_requests.package import metadata


def evaluation(top1: float, per_class: list[ClassScores] | None = None) -> EvaluationReport:
    return EvaluationReport(
        top1=top1,
        top5=0.9,
        calibration_error=0.05,
        images=100,
        dataset_version="d2",
        split="test",
        per_class=per_class or [scores(f"c{number}", 10, top1) for number in range(10)],
    )


def scores(name: str, images: int | None, top1: float) -> ClassScores:
    return ClassScores(name=name, images=images, top1=top1)


CHAMPION = Package("arn:x/3", "Approved", "image:1", "s3://b/m", {"dataset_version": "d1"})
SAME, NEWER = Freshness(False, "d1 is the champion's, too"), Freshness(True, "d2 is newer")
BETTER = PairedPredictions(60, 15, 5, 20)
EQUAL = PairedPredictions(60, 10, 10, 20)
WORSE = PairedPredictions(60, 5, 15, 20)


@pytest.mark.parametrize(
    ("rules", "top1", "freshness", "paired", "verdict", "reason"),
    [
        ({}, 0.6, None, None, "promote", "top-1 0.6000 keeps all limits; there is no champion"),
        ({}, 0.1, None, None, "keep", "gain in top-1 over the most frequent class is 0, more than"),
        ({}, 0.1, NEWER, BETTER, "keep", "gain in top-1 over the most frequent class is 0, more"),
        ({"minimum_top1": 0.5}, 0.4, None, None, "keep", "top-1 is 0.4, at least 0.5 is needed"),
        ({"minimum_top1": 0.5}, 0.4, SAME, BETTER, "keep", "top-1 is 0.4"),
        ({}, 0.75, SAME, BETTER, "promote", "0.7500 against champion 3's 0.6500 on 100 images"),
        (
            {},
            0.75,
            SAME,
            BETTER,
            "promote",
            "15 right by the candidate only and 5 by the champion only",
        ),
        ({"significance": 0.01}, 0.75, SAME, BETTER, "keep", "p of McNemar's test is 0.04139"),
        ({}, 0.7, SAME, EQUAL, "keep", "gain in top-1 over the champion is 0, more than 0"),
        ({}, 0.7, NEWER, EQUAL, "promote", "keeps all limits"),
        ({}, 0.65, NEWER, WORSE, "keep", "is -0.1, at least 0 is needed"),
        ({"margin": 0.2}, 0.65, NEWER, WORSE, "promote", "keeps all limits"),
        ({}, 0.9, SAME, None, "keep", "champion 3 has no predictions for the candidate's photos"),
        (
            {"approval": "manual"},
            0.75,
            SAME,
            BETTER,
            "await approval",
            "requires a user's approval",
        ),
        ({"approval": "manual"}, 0.65, SAME, WORSE, "keep", "more than 0 is needed"),
    ],
)
def test_judge(
    rules: dict[str, Any],
    top1: float,
    freshness: Freshness | None,
    paired: PairedPredictions | None,
    verdict: str,
    reason: str,
) -> None:
    champion = CHAMPION if freshness else None
    found = judge(Promotion(**rules), evaluation(top1), champion, paired, freshness)
    assert found.verdict == verdict
    assert reason in found.reason


def test_the_reason_names_the_rule_for_the_datas_age() -> None:
    found = judge(Promotion(), evaluation(0.75), CHAMPION, EQUAL, NEWER)
    assert found.reason.endswith("; judged with newer data: d2 is newer")
    assert found.record().rule == "judged with newer data: d2 is newer"
    found = judge(Promotion(), evaluation(0.75), CHAMPION, EQUAL, SAME)
    assert found.reason.endswith("; judged as on the same data: d1 is the champion's, too")


def test_another_version_does_not_count_as_newer_data() -> None:
    """The candidate's d2 may be older than the champion's d1; then the margin does not apply."""
    found = judge(Promotion(margin=0.2), evaluation(0.65), CHAMPION, WORSE)
    assert found.verdict == "keep"


def test_the_reason_names_three_failed_gates_and_the_record_all() -> None:
    classes = [scores(f"c{number}", 10, 0.1) for number in range(9)]
    classes.append(scores("c9", 20, 0.9))
    found = judge(Promotion(class_floor=0.2), evaluation(0.5, classes), None)
    assert "top-1 of class c2 is 0.1, at least 0.2 is needed and 7 more" in found.reason
    gates = found.record().as_json()["gates"]
    missed = [gate for gate in gates if not gate["passed"] and "of class" in gate["metric"]]
    assert [gate["margin"] for gate in missed] == [pytest.approx(-0.1)] * 9


def test_a_model_that_predicts_one_class_for_every_image_is_not_promoted() -> None:
    """Its top-1 is the share of the most frequent class, here nine in ten."""
    classes = [scores("a", 90, 1.0), scores("b", 10, 0.0)]
    found = judge(Promotion(minimum_top1=0.5), evaluation(0.9, classes), None)
    assert found.verdict == "keep"
    assert "gain in top-1 over the most frequent class is 0, more than 0" in found.reason
    gates = {gate["metric"]: gate for gate in found.record().as_json()["gates"]}
    p = gates["p against the most frequent class"]
    assert (p["value"], p["threshold"], p["margin"]) == (1.0, 0.05, pytest.approx(-0.95))


def test_the_reason_names_a_split_that_is_too_small_for_any_model() -> None:
    classes = [scores("a", 9, 1.0), scores("b", 5, 1.0)]
    found = judge(Promotion(), evaluation(1.0, classes), None)
    assert found.verdict == "keep"
    assert found.reason.startswith(
        "the test split is too small to decide: 5 of its 14 images are not of the most frequent "
        "class a, so that even a model without an error has p 0.0625; with "
        "promotion.significance 0.05 at least 6 are needed"
    )


def test_without_the_classes_numbers_of_images_no_model_is_promoted() -> None:
    figures = evaluation(1.0, [scores("a", None, 1.0)])
    found = judge(Promotion(), figures, None)
    assert "gain in top-1 over the most frequent class is missing" in found.reason


def test_the_reason_and_the_record_name_classes_left_out() -> None:
    paired = PairedPredictions(60, 15, 5, 20, left_out=("Beetle", "VW"))
    found = judge(Promotion(), evaluation(0.75), CHAMPION, paired, NEWER)
    assert "without 2 classes that only one of the splits has" in found.reason
    assert found.record().classes_left_out == ["Beetle", "VW"]


def test_the_record_is_json_and_its_figures_can_be_stored_as_metadata() -> None:
    record = judge(Promotion(), evaluation(0.75), CHAMPION, BETTER, SAME).record().as_json()
    assert json.loads(json.dumps(record)) == record
    facts = metadata(record)
    assert (facts["top1"], facts["split"], facts["gain"]) == ("0.75", "test", "0.1")
    assert not {"gates", "classes_left_out"} & facts.keys()


@pytest.mark.parametrize(
    ("rules", "paired", "approval"),
    [
        ({}, BETTER, "Approved"),
        ({}, WORSE, "Rejected"),
        ({"approval": "manual"}, BETTER, "PendingManualApproval"),
    ],
)
def test_the_approval_status_follows_from_the_verdict(
    rules: dict[str, Any], paired: PairedPredictions, approval: str
) -> None:
    assert judge(Promotion(**rules), evaluation(0.75), CHAMPION, paired, SAME).approval == approval


def test_only_a_promoted_model_is_announced() -> None:
    assert decide_announcement("promote", "x").go
    assert not decide_announcement("keep", "x").go
    waiting = decide_announcement("await approval", "top-1 0.9")
    assert not waiting.go
    assert waiting.reason == "await approval: top-1 0.9"
