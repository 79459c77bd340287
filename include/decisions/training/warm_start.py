"""Starting weights of a training: the champion's, published weights, or fresh ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.config.pipeline import Pipeline
from include.contracts.hyperparameters import default_text
from include.contracts.pretrained_weights import find_published
from include.decisions.registry.packages import Package


@dataclass(frozen=True)
class TrainingStart:
    """The weights that a training starts from.

    Attributes:
        text: A description for the log and the candidate's package.
        model_uri: The model.tar.gz to resume from, or None.
        champion: The ARN of the package of that model, or None.
    """

    text: str
    model_uri: str | None = None
    champion: str | None = None


def network_name(algorithm: str, hyperparameters: Mapping[str, str]) -> str:
    """Return a name for a network; a training can resume from a model whose network has this name.

    The name has only characters that a model package's metadata can store.
    """
    custom = hyperparameters.get("network") or default_text("network")
    family = custom if algorithm == "custom" else "built-in"
    shape = hyperparameters.get("image_shape") or default_text("image_shape")
    layers, classes = hyperparameters.get("num_layers"), hyperparameters["num_classes"]
    # The built-in algorithm has no hyperparameter `network`, so it always has num_layers.
    network = family if layers is None else f"{family} resnet-{layers}"
    return f"{network} {shape.replace(',', 'x')} {classes} classes"


def choose_start(
    champion: Package | None, pipeline: Pipeline, hyperparameters: Mapping[str, str], network: str
) -> TrainingStart:
    """Return the weights that a training starts from.

    With `training.start_from: champion` these are the champion's, if its network is the same. If
    the network differs, for example after a change of num_layers or of the classes, the training
    starts as without a champion.

    Args:
        champion: The champion's package, from `choose_champion`.
        pipeline: The pipeline to train.
        hyperparameters: The training job's hyperparameters.
        network: Their network, from `network_name`.
    """
    fallback = _start_without_champion(pipeline.training.algorithm, hyperparameters)
    if pipeline.training.start_from != "champion":
        return TrainingStart(fallback)
    if champion is None:
        return TrainingStart(f"{fallback}, since no model is approved yet")
    return _start_from_champion(champion, network, fallback)


def _start_without_champion(algorithm: str, hyperparameters: Mapping[str, str]) -> str:
    if hyperparameters.get("use_pretrained_model") != "1":
        return "scratch"
    given = hyperparameters.get("pretrained_model_sha256")
    if given is None and algorithm == "custom":
        published = find_published(
            hyperparameters.get("network", default_text("network")),
            int(hyperparameters.get("num_layers", default_text("num_layers"))),
        )
        # The name of a published file contains the start of its SHA-256.
        given = published.file_name if published is not None else None
    return f"pretrained {given or ''}".strip()


def _start_from_champion(champion: Package, network: str, fallback: str) -> TrainingStart:
    champion_network = champion.metadata.get("network", "unknown")
    if champion_network != network:
        return TrainingStart(
            f"{fallback}, since champion {champion.version} is {champion_network} and this "
            f"training is {network}"
        )
    job = champion.metadata.get("training_job", "")
    text = f"champion {champion.version} {job}".strip()
    return TrainingStart(text, champion.model_uri, champion.arn)
