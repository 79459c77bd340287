"""Gluon trainer for the optimizer that the hyperparameters select."""

from typing import Any

from include.image_classification.training.distribution.group import Group, Rates, SingleHost
from include.image_classification.training.hyperparameters import Hyperparameters


def make_trainer(
    settings: Hyperparameters, network: Any, group: Group | None = None, rates: Rates = list
) -> Any:
    """Return a trainer for the network's parameters.

    As in the built-in algorithm, only sgd and nag apply weight decay. Biases and BatchNorm's
    parameters do not decay. (MXNet's Module also decays BatchNorm's scale, which has no effect
    before a ReLU.)

    Args:
        settings: The hyperparameters.
        network: The network to train.
        group: The hosts that train together; this host alone by default.
        rates: Returns the learning rate of each step. Only dist_async uses it; otherwise the caller
            sets the rate before each step.
    """
    parameters = network.collect_params()
    for name, parameter in parameters.items():
        if not name.endswith("weight"):
            parameter.wd_mult = 0.0
    options = {"learning_rate": settings.learning_rate, **_optimizer_options(settings)}
    return (group or SingleHost()).make_trainer(parameters, settings.optimizer, options, rates)


def _optimizer_options(settings: Hyperparameters) -> dict[str, float]:
    if settings.optimizer == "adam":
        return {"beta1": settings.beta_1, "beta2": settings.beta_2, "epsilon": settings.eps}
    if settings.optimizer == "rmsprop":
        return {"gamma1": settings.gamma, "epsilon": settings.eps}
    return {"momentum": settings.momentum, "wd": settings.weight_decay}
