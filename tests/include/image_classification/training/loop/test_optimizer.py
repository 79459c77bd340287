"""Two steps of each optimizer on one weight, compared with its formula."""

import math

import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.distribution.group import SingleHost
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.loop.optimizer import make_trainer

START, GRADIENT, RATE, DECAY = 0.5, 0.2, 0.1, 0.01


def after_two_steps(name: str = "weight", **changes: str) -> float:
    """Return the weight after two steps with the same gradient, from a batch of four."""
    required = {"num_classes": "2", "num_training_samples": "9"}
    rates = {"learning_rate": str(RATE), "weight_decay": str(DECAY)}
    settings = parse(required | rates | changes)
    parameters = mx.gluon.ParameterDict()
    parameter = parameters.get(name, shape=(1,), init=mx.init.Constant(START))
    parameters.initialize()

    class Network:
        def collect_params(self) -> object:
            return parameters

    trainer = make_trainer(settings, Network(), SingleHost(), lambda: [])
    for _ in range(2):
        with mx.autograd.record():
            loss = 4 * GRADIENT * parameter.data()
        loss.backward()
        trainer.step(4)
    return float(parameter.data().asscalar())


def test_sgd_with_momentum_and_decay() -> None:
    weight, speed = START, 0.0
    for _ in range(2):
        speed = 0.8 * speed - RATE * (GRADIENT + DECAY * weight)
        weight += speed
    assert after_two_steps(optimizer="sgd", momentum="0.8") == pytest.approx(weight, rel=1e-5)


def test_nag_applies_the_momentum_in_advance() -> None:
    weight, speed = START, 0.0
    for _ in range(2):
        speed = 0.8 * speed + GRADIENT
        weight -= RATE * (GRADIENT + 0.8 * speed)
    assert after_two_steps(optimizer="nag", momentum="0.8", weight_decay="0") == pytest.approx(
        weight, rel=1e-5
    )


def test_adam_without_decay() -> None:
    weight, first, second = START, 0.0, 0.0
    for step in (1, 2):
        first = 0.8 * first + 0.2 * GRADIENT
        second = 0.9 * second + 0.1 * GRADIENT**2
        rate = RATE * math.sqrt(1 - 0.9**step) / (1 - 0.8**step)
        weight -= rate * first / (math.sqrt(second) + 0.01)
    adam = {"optimizer": "adam", "beta_1": "0.8", "beta_2": "0.9", "eps": "0.01"}
    assert after_two_steps(**adam) == pytest.approx(weight, rel=1e-5)


def test_rmsprop_without_decay() -> None:
    weight, square = START, 0.0
    for _ in range(2):
        square = 0.7 * square + 0.3 * GRADIENT**2
        weight -= RATE * GRADIENT / math.sqrt(square + 0.01)
    rmsprop = {"optimizer": "rmsprop", "gamma": "0.7", "eps": "0.01"}
    assert after_two_steps(**rmsprop) == pytest.approx(weight, rel=1e-5)


@pytest.mark.parametrize("name", ["bias", "gamma", "beta"])
def test_only_weights_decay(name: str) -> None:
    expected = START - 2 * RATE * GRADIENT
    assert after_two_steps(name, optimizer="sgd", momentum="0") == pytest.approx(expected, rel=1e-6)
