"""The verdict rests on the figures, and its reason names them."""

from typing import Any

import pytest

from include.pipeline.stages import Promotion
from include.policies.common_images import CommonFigures
from include.policies.promotion import decide_announcement, judge
from include.policies.registry import Package


def champion(**metadata: str) -> Package:
    return Package("arn:x/3", "Approved", "image:1", "s3://b/m", metadata)


def evaluation(top1: float) -> dict[str, Any]:
    return {"top1": top1, "top5": 0.9, "images": 9, "dataset_version": "d2", "split": "test"}


SERVING = champion(top1="0.8", dataset_version="d2")


@pytest.mark.parametrize(
    ("rules", "top1", "serving", "verdict", "reason"),
    [
        ({}, 0.1, None, "promote", "nothing serves yet"),
        ({"minimum_top1": 0.5}, 0.1, None, "keep", "below the minimum of 0.5"),
        ({"minimum_top1": 0.5}, 0.4, champion(top1="0.1"), "keep", "below the minimum"),
        ({}, 0.81, SERVING, "promote", "champion's 0.8000 is a gain of +0.0100, more than"),
        ({}, 0.8, SERVING, "keep", "gain of +0.0000, not more than the margin"),
        ({}, 0.7, SERVING, "keep", "gain of -0.1000, not more than"),
        ({"margin": 0.05}, 0.84, SERVING, "keep", "margin of 0.0500"),
        ({"margin": -0.05}, 0.78, SERVING, "promote", "margin of -0.0500"),
        ({}, 0.3, champion(), "promote", "champion's was never measured"),
        ({"approval": "manual"}, 0.9, SERVING, "await approval", "a person approves"),
        ({"approval": "manual"}, 0.1, SERVING, "keep", "not more than"),
    ],
)
def test_the_verdict(
    rules: dict[str, Any], top1: float, serving: Package | None, verdict: str, reason: str
) -> None:
    found = judge(Promotion(**rules), evaluation(top1), serving)
    assert found.verdict == verdict
    assert reason in found.reason
    assert f"{top1:.4f}" in found.reason


def test_on_different_data_what_counts_is_what_both_were_asked() -> None:
    older = champion(top1="0.9", dataset_version="d1")
    common = CommonFigures(images=40, candidate_top1=0.7, champion_top1=0.6)
    found = judge(Promotion(), evaluation(0.65), older, common)
    assert found.verdict == "promote"
    assert (found.top1, found.champion_top1) == (0.65, 0.6)
    assert "0.7000 against the champion's 0.6000" in found.reason
    assert "on the 40 images that both were asked" in found.reason


def test_another_data_set_is_mentioned() -> None:
    older = champion(top1="0.5", dataset_version="d1")
    found = judge(Promotion(), evaluation(0.6), older)
    assert "measured on dataset d2, the champion on d1" in found.reason
    assert "measured on" not in judge(Promotion(), evaluation(0.6), SERVING).reason


def test_another_split_is_mentioned_and_the_own_one_is_written_down() -> None:
    validated = champion(top1="0.5", dataset_version="d2", split="validation")
    found = judge(Promotion(), evaluation(0.6), validated)
    assert "measured on the test split, the champion on validation" in found.reason
    assert found.as_dict()["split"] == "test"
    tested = champion(top1="0.5", dataset_version="d2", split="test")
    assert "measured on" not in judge(Promotion(), evaluation(0.6), tested).reason


def test_the_verdict_is_what_the_registry_calls_it() -> None:
    automatic, manual = Promotion(), Promotion(approval="manual")
    assert judge(automatic, evaluation(0.9), SERVING).approval == "Approved"
    assert judge(automatic, evaluation(0.1), SERVING).approval == "Rejected"
    assert judge(manual, evaluation(0.9), SERVING).approval == "PendingManualApproval"


def test_only_a_promoted_model_is_announced() -> None:
    assert decide_announcement("promote", "x").go
    assert not decide_announcement("keep", "x").go
    waiting = decide_announcement("await approval", "top-1 0.9")
    assert not waiting.go
    assert waiting.reason == "await approval: top-1 0.9"
