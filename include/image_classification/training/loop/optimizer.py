"""From hyperparameters to Gluon's trainer."""

from typing import Any

from include.image_classification.training.distribution.group import Alone, Group, Rates
from include.image_classification.training.hyperparameters import Hyperparameters


def make_trainer(
    settings: Hyperparameters, network: Any, group: Group | None = None, rates: Rates = list
) -> Any:
    """Return a trainer for the network's parameters, without a learning rate schedule.

    `group` is the hosts that train together; `rates` is for those that cannot be told the learning
    rate before each step.

    As in the built-in algorithm only sgd and nag decay. Biases and BatchNorm's parameters do not
    (MXNet's Module lets BatchNorm's scale decay, too, which serves no purpose before a ReLU).
    """
    parameters = network.collect_params()
    for name, parameter in parameters.items():
        if not name.endswith("weight"):
            parameter.wd_mult = 0.0
    choices = {"learning_rate": settings.learning_rate, **_choices(settings)}
    return (group or Alone()).trainer(parameters, settings.optimizer, choices, rates)


def _choices(settings: Hyperparameters) -> dict[str, float]:
    if settings.optimizer == "adam":
        return {"beta1": settings.beta_1, "beta2": settings.beta_2, "epsilon": settings.eps}
    if settings.optimizer == "rmsprop":
        return {"gamma1": settings.gamma, "epsilon": settings.eps}
    return {"momentum": settings.momentum, "wd": settings.weight_decay}
