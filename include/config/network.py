"""Network isolation: which containers may reach the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from include.config.strict import Strict
from include.contracts.hyperparameters import default_text
from include.contracts.pretrained_weights import find_published

WEB = ("http://", "https://")


class Network(Strict):
    """Network access of the containers of jobs and of the endpoint."""

    isolation: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="SageMaker's EnableNetworkIsolation. auto: set for every container that needs "
        "no network; always: set for trainings that would load weights over the network, too. The "
        "jobs select and fetch, which list S3 and read the web, are never isolated",
    )

    @property
    def isolates(self) -> bool:
        """Whether models and processing jobs are isolated, except for `select` and `fetch`."""
        return self.isolation != "never"

    def isolates_training(self, algorithm: str, hyperparameters: Mapping[str, str]) -> bool:
        """Return whether a training is isolated; its instances always reach each other.

        Args:
            algorithm: The pipeline's `training.algorithm`.
            hyperparameters: The request's hyperparameters, with the source of initial weights.
        """
        if self.isolation == "auto":
            return not loads_from_network(algorithm, hyperparameters)
        return self.isolates


def loads_from_network(algorithm: str, hyperparameters: Mapping[str, str]) -> bool:
    """Return whether a training's container loads its initial weights over the network.

    Weights at s3:// are a channel, and those of an installed package are in the custom image. It is
    not documented how the built-in algorithm gets ImageNet's weights, so it is assumed to load
    them.
    """
    if str(hyperparameters.get("use_pretrained_model", "0")) != "1":
        return False
    if algorithm == "built-in":
        return True
    if uri := hyperparameters.get("pretrained_model_uri", ""):
        return str(uri).startswith(WEB)
    return _published_on_the_web(hyperparameters)


def _published_on_the_web(hyperparameters: Mapping[str, str]) -> bool:
    """Return whether the catalogue's weights for these hyperparameters must be downloaded."""
    network = hyperparameters.get("network", default_text("network"))
    num_layers = int(hyperparameters.get("num_layers", default_text("num_layers")))
    published = find_published(network, num_layers)
    return published is not None and published.package is None
