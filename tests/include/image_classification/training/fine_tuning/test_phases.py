"""Phases of a training: their layers, epochs and learning rates."""

import pytest

from include.image_classification.training.fine_tuning.phases import (
    Phase,
    TrainedLayers,
    plan_phases,
)
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.networks.parts import part_parameters, stage_numbers
from tests.include.image_classification.training.job_data import settings_with


def phases(**changes: str) -> list[Phase]:
    return list(plan_phases(parse(settings_with(epochs="4", learning_rate="0.1", **changes))))


def test_without_head_epochs_there_is_one_phase() -> None:
    for part in ("all", "last_stages", "head"):
        (phase,) = phases(fine_tune=part)
        assert (phase.part, phase.first_epoch, phase.end_epoch) == (part, 0, 4)
        assert phase.head_rate_ratio == 1


def test_head_epochs_precede_the_epochs_of_the_others() -> None:
    head, others = phases(
        fine_tune="last_stages",
        head_epochs="3",
        early_stopping="True",
        lr_scheduler_step="2",
        checkpoint_frequency="2",
    )
    assert (head.part, head.first_epoch, head.end_epoch) == ("head", 0, 3)
    assert (others.part, others.first_epoch, others.end_epoch) == ("last_stages", 3, 7)
    assert (head.settings.early_stopping, others.settings.early_stopping) == (False, True)
    assert (head.settings.lr_scheduler_step, others.settings.lr_scheduler_step) == ((), (2,))


def test_the_last_layers_rate_is_that_of_its_own_epochs_and_a_multiple_afterwards() -> None:
    head, others = phases(head_epochs="3", head_learning_rate="0.5")
    assert head.settings.learning_rate == 0.5
    assert others.settings.learning_rate == 0.1
    assert head.head_rate_ratio == 1
    assert others.head_rate_ratio == pytest.approx(5)
    (only,) = phases(head_learning_rate="0.5")
    assert only.head_rate_ratio == pytest.approx(5)


def test_layers_are_frozen_and_released() -> None:
    network = make_network(20, 3, (3, 32, 32))
    parameters = network.collect_params()
    initial = {name for name, value in parameters.items() if value.grad_req != "null"}
    head = part_parameters(network, "head")
    layers = TrainedLayers(network)
    first, second = phases(head_epochs="3", head_learning_rate="0.5")
    assert layers.choose(first) == head
    assert {name for name, value in parameters.items() if value.grad_req != "null"} == head
    assert {value.lr_mult for value in parameters.values()} == {1}
    assert layers.choose(second) == set(parameters)
    assert {name for name, value in parameters.items() if value.grad_req != "null"} == initial
    assert {name for name, value in parameters.items() if value.lr_mult != 1} == head


def test_the_rate_of_a_stage_is_a_multiple_of_that_of_the_next_one() -> None:
    network = make_network(20, 3, (3, 32, 32))
    (phase,) = phases(layer_decay="0.5", head_learning_rate="0.2")
    TrainedLayers(network).choose(phase)
    rates: dict[int, set[float]] = {}
    for name, stage in stage_numbers(network).items():
        if name not in part_parameters(network, "head"):
            rates.setdefault(stage, set()).add(network.collect_params()[name].lr_mult)
    trained = {stage: values - {1} if stage < 4 else values for stage, values in rates.items()}
    assert trained == {1: {0.125}, 2: {0.25}, 3: {0.5}, 4: {1}}
    head = {network.collect_params()[name].lr_mult for name in part_parameters(network, "head")}
    assert head == {2}
