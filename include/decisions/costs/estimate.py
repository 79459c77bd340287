"""Estimate a training's cost from the last comparable training, or from its time limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from include.config.prices import Price
from include.config.sections.training import Training
from include.decisions.costs.billing import HOUR, TrainingJob

SAME_NETWORK = (
    "num_layers",
    "image_shape",
    "network",
    "fine_tune",
    "head_epochs",
    "frozen_stages",
    "training_size",
)
"""The hyperparameters that determine the training time of one image."""

WORK = ("epochs", "num_training_samples")
"""The hyperparameters whose product is the number of images to process."""


@dataclass(frozen=True)
class Estimate:
    """A training job's estimated cost.

    Attributes:
        usd: The cost in US dollars.
        text: The cost with its basis: instances, price, duration, earlier job.
    """

    usd: float
    text: str


def estimate_training(
    training: Training,
    hyperparameters: Mapping[str, str],
    price: Price,
    earlier: Iterable[TrainingJob],
) -> Estimate:
    """Estimate the cost of a training job's instances, at on-demand prices.

    Args:
        training: The pipeline's section `training`: instances and time limit.
        hyperparameters: The job's hyperparameters.
        price: The price of one instance.
        earlier: Earlier jobs, newest first. The estimate is based on the first completed one with
            the same instances and network, in proportion to images and epochs.
    """
    seconds, basis = _seconds(training, hyperparameters, earlier)
    usd = training.instance_count * price.usd_per_hour * seconds / HOUR
    spot = "; spot instances cost less" if training.spot else ""
    return Estimate(
        usd,
        f"${usd:.2f} for the training job ({training.instance_count} x "
        f"{training.instance.instance_type} at ${price.usd_per_hour} an hour, the price of "
        f"{price.date}, for {seconds:.0f} s: {basis}{spot})",
    )


def _seconds(
    training: Training, hyperparameters: Mapping[str, str], earlier: Iterable[TrainingJob]
) -> tuple[float, str]:
    """Return a job's expected duration, and the basis of the estimate."""
    limit = float(training.instance.max_runtime_seconds)
    for job in earlier:
        if _is_comparable(job, training, hyperparameters):
            factor = _work(hyperparameters) / _work(job.hyperparameters)
            times = f", for {factor:.2f} times its images and epochs" if factor != 1 else ""
            seconds = min(job.seconds * factor, limit)
            return seconds, f"{job.name} took {job.seconds:.0f} s{times}"
    return limit, "instance.max_runtime_minutes, since there is no comparable earlier training"


def _is_comparable(
    job: TrainingJob, training: Training, hyperparameters: Mapping[str, str]
) -> bool:
    instances = (training.instance.instance_type, training.instance_count)
    earlier = job.hyperparameters
    return (
        job.completed
        and (job.instance_type, job.instances) == instances
        and all(earlier.get(name) == hyperparameters.get(name) for name in SAME_NETWORK)
        and all(name in earlier for name in WORK)
    )


def _work(hyperparameters: Mapping[str, str]) -> int:
    """Return the number of images to process, over all epochs."""
    epochs, images = (int(hyperparameters[name]) for name in WORK)
    return epochs * images
