"""What a night's training starts from: the champion, or what the pipeline says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.config.pipeline import Pipeline
from include.decisions.registry.packages import Package

DEFAULT_NETWORK = "torchvision"
DEFAULT_IMAGE_SHAPE = "3,224,224"


@dataclass(frozen=True)
class TrainingStart:
    """What a training starts from.

    Attributes:
        text: In words, for the log and the candidate's package.
        model_uri: The model.tar.gz that it goes on from, or None.
        champion: The ARN of the package whose model that is, or None.
    """

    text: str
    model_uri: str | None = None
    champion: str | None = None


def network_name(algorithm: str, hyperparameters: Mapping[str, str]) -> str:
    """Name a network: models of the same name can go on from each other.

    Only what a model package's metadata keeps unchanged is in it.
    """
    told = hyperparameters
    family = told.get("network", DEFAULT_NETWORK) if algorithm == "own" else "built-in"
    shape = told.get("image_shape", DEFAULT_IMAGE_SHAPE).replace(",", "x")
    return f"{family} resnet-{told['num_layers']} {shape} {told['num_classes']} classes"


def choose_start(
    champion: Package | None, pipeline: Pipeline, hyperparameters: Mapping[str, str], network: str
) -> TrainingStart:
    """Return what a training with these hyperparameters starts from.

    The champion where the pipeline asks for it and its network is the same; where it is another,
    for example after num_layers or the classes changed, a new one has to be started anyway.

    Args:
        champion: What `choose_champion` returned.
        pipeline: What is trained.
        hyperparameters: Those of the job.
        network: What `network_name` says of them.
    """
    otherwise = _otherwise(hyperparameters)
    if pipeline.training.start_from != "champion":
        return TrainingStart(otherwise)
    if champion is None:
        return TrainingStart(f"{otherwise}, since no model is approved yet")
    return _from_champion(champion, network, otherwise)


def _otherwise(hyperparameters: Mapping[str, str]) -> str:
    if hyperparameters.get("use_pretrained_model") != "1":
        return "scratch"
    return f"pretrained {hyperparameters.get('pretrained_model_sha256', '')}".strip()


def _from_champion(champion: Package, network: str, otherwise: str) -> TrainingStart:
    theirs = champion.metadata.get("network", "unknown")
    if theirs != network:
        return TrainingStart(
            f"{otherwise}, since champion {champion.version} is {theirs} and this is {network}"
        )
    job = champion.metadata.get("training_job", "")
    text = f"champion {champion.version} {job}".strip()
    return TrainingStart(text, champion.model_uri, champion.arn)
