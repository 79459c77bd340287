"""What tonight's training will cost: the last one like it tells, else its time limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from include.config.prices import Price
from include.config.sections.training import Training
from include.decisions.costs.billing import HOUR, TrainingJob

SAME_NETWORK = ("num_layers", "image_shape", "network")
"""The hyperparameters that decide how long an image takes."""

WORK = ("epochs", "num_training_samples")
"""The hyperparameters that say, multiplied, how many images are learnt from."""


@dataclass(frozen=True)
class Estimate:
    """What a training job will cost in US dollars, and in words what that rests on."""

    usd: float
    text: str


def estimate_training(
    training: Training,
    hyperparameters: Mapping[str, str],
    price: Price,
    earlier: Iterable[TrainingJob],
) -> Estimate:
    """Estimate what a training job's machines will cost.

    The price is the one on demand, so that spot machines cost less.

    Args:
        training: On which machines, and for how long at most.
        hyperparameters: Those of the job.
        price: What one machine costs.
        earlier: Earlier jobs, newest first; the first completed one counts that had the same
            machines and network, in proportion to its images and epochs.
    """
    seconds, why = _seconds(training, hyperparameters, earlier)
    usd = training.instance_count * price.usd_per_hour * seconds / HOUR
    less = "; spot machines cost less" if training.spot else ""
    return Estimate(
        usd,
        f"${usd:.2f} for the training job ({training.instance_count} x "
        f"{training.instance.instance_type} at ${price.usd_per_hour} an hour, the price of "
        f"{price.date}, for {seconds:.0f} s: {why}{less})",
    )


def _seconds(
    training: Training, hyperparameters: Mapping[str, str], earlier: Iterable[TrainingJob]
) -> tuple[float, str]:
    """Return how long a job will take, and why."""
    limit = float(training.instance.max_runtime_seconds)
    for job in earlier:
        if _is_like(job, training, hyperparameters):
            factor = _work(hyperparameters) / _work(job.hyperparameters)
            times = f", for {factor:.2f} times its images and epochs" if factor != 1 else ""
            seconds = min(job.seconds * factor, limit)
            return seconds, f"{job.name} took {job.seconds:.0f} s{times}"
    return limit, "instance.max_runtime_minutes, at most, as no earlier training was like it"


def _is_like(job: TrainingJob, training: Training, hyperparameters: Mapping[str, str]) -> bool:
    machines = (training.instance.instance_type, training.instance_count)
    theirs = job.hyperparameters
    return (
        job.completed
        and (job.instance_type, job.instances) == machines
        and all(theirs.get(name) == hyperparameters.get(name) for name in SAME_NETWORK)
        and all(name in theirs for name in WORK)
    )


def _work(hyperparameters: Mapping[str, str]) -> int:
    epochs, images = (int(hyperparameters[name]) for name in WORK)
    return epochs * images
