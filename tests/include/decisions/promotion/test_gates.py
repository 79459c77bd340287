"""Tests of the promotion gates."""

from typing import Any

import pytest

from include.config.sections.promotion import Promotion
from include.contracts.records import EvaluationReport
from include.decisions.promotion.gates import Gate, champion_gates, floor_gates
from include.decisions.promotion.paired_predictions import PairedPredictions


def evaluation(**figures: Any) -> EvaluationReport:
    return EvaluationReport(dataset_version="d2", **figures)


@pytest.mark.parametrize(
    ("value", "limit", "threshold", "margin", "passed"),
    [
        (0.75, "at least", 0.5, 0.25, True),
        (0.5, "at least", 0.5, 0.0, True),
        (0.25, "at least", 0.5, -0.25, False),
        (0.0, "more than", 0.0, 0.0, False),
        (0.25, "at most", 0.5, 0.25, True),
        (0.75, "at most", 0.5, -0.25, False),
        (None, "at most", 0.5, None, False),
    ],
)
def test_the_margin_of_a_passed_gate_is_not_negative(
    value: float | None, limit: Any, threshold: float, margin: float | None, passed: bool
) -> None:
    gate = Gate("x", value, limit, threshold)
    assert (gate.margin, gate.passed) == (margin, passed)
    found = gate.result()
    assert (found.value, found.threshold, found.margin) == (value, threshold, margin)


def test_a_missing_figure_fails_its_gate() -> None:
    rules = Promotion(minimum_top5=0.5, maximum_calibration_error=0.1, class_floors={"Audi": 0.2})
    missed = [str(gate) for gate in floor_gates(rules, evaluation()) if not gate.passed]
    assert missed == [
        "top-1 is missing, and at least 0 is needed",
        "top-5 is missing, and at least 0.5 is needed",
        "expected calibration error is missing, and at most 0.1 is needed",
        "top-1 of class Audi is missing, and at least 0.2 is needed",
    ]


def test_a_class_has_its_own_floor_or_the_common_one() -> None:
    classes = [
        {"name": "Audi", "top1": 0.3},
        {"name": "BMW", "top1": 0.3},
        {"name": "Fiat", "top1": None},
    ]
    rules = Promotion(class_floor=0.2, class_floors={"BMW": 0.5})
    figures = evaluation(top1=1.0, per_class=classes)
    gates = {gate.metric: gate for gate in floor_gates(rules, figures)}
    assert gates["top-1 of class Audi"].passed
    assert not gates["top-1 of class BMW"].passed
    assert not gates["top-1 of class Fiat"].passed  # the class has no images


@pytest.mark.parametrize("figures", [{"top1": 1.0}, {"top1": 1.0, "per_class": []}])
def test_a_common_floor_fails_without_figures_of_classes(figures: Any) -> None:
    """Otherwise an evaluation without these figures would pass without a check."""
    missed = [
        str(gate)
        for gate in floor_gates(Promotion(class_floor=0.5), evaluation(**figures))
        if not gate.passed
    ]
    assert missed == ["top-1 of each class is missing, and at least 0.5 is needed"]


def test_a_class_without_a_figure_fails_the_common_floor() -> None:
    figures: dict[str, Any] = {"top1": 1.0, "per_class": [{"name": "Audi"}]}
    gates = list(floor_gates(Promotion(class_floor=0.5), evaluation(**figures)))
    assert [gate.metric for gate in gates if not gate.passed] == ["top-1 of class Audi"]


def test_a_figure_without_a_limit_has_no_gate() -> None:
    figures: dict[str, Any] = {
        "top1": 0.5,
        "top5": 0.6,
        "per_class": [{"name": "Audi", "top1": 0.0}],
    }
    assert [gate.metric for gate in floor_gates(Promotion(), evaluation(**figures))] == ["top-1"]


@pytest.mark.parametrize(
    ("candidate_only", "champion_only", "newer", "passed"),
    [
        (15, 5, False, True),  # p 0.041
        (14, 6, False, False),  # p 0.115
        (5, 15, False, False),  # significantly worse
        (10, 10, False, False),
        (10, 10, True, True),
        (9, 10, True, True),  # a loss of 0.01, within the margin for newer data
        (8, 10, True, False),
    ],
)
def test_a_candidate_must_be_significantly_better_or_newer_and_within_the_margin(
    candidate_only: int, champion_only: int, newer: bool, passed: bool
) -> None:
    both_wrong = 40 - candidate_only - champion_only
    paired = PairedPredictions(60, candidate_only, champion_only, both_wrong)
    gates = champion_gates(Promotion(margin=0.01), paired, newer)
    assert all(gate.passed for gate in gates) is passed


def test_a_p_value_passes_only_in_the_candidates_favor() -> None:
    """A significantly worse candidate has a small p value, too."""
    for candidate_only, passed in ((25, True), (5, False)):
        paired = PairedPredictions(60, candidate_only, 30 - candidate_only, 0)
        _, p_value = champion_gates(Promotion(), paired, newer=False)
        assert p_value.value is not None
        assert p_value.value < 0.05
        assert p_value.result().passed is passed
    assert str(p_value).endswith("at most 0.05 in the candidate's favor is needed")


@pytest.mark.parametrize("newer", [True, False])
def test_without_a_comparison_the_gates_fail(newer: bool) -> None:
    assert not any(gate.passed for gate in champion_gates(Promotion(), None, newer))
