"""Network isolation: which containers may reach the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from include.config.strict import Strict

WEB = ("http://", "https://")


class Network(Strict):
    """What the containers of jobs and endpoint may reach."""

    isolation: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="SageMaker's EnableNetworkIsolation. auto: set for every container, except for "
        "a training that loads its first weights over the network; always: set for trainings, too",
    )

    @property
    def isolates(self) -> bool:
        """Whether processing jobs and models are isolated: their containers need no network."""
        return self.isolation != "never"

    def isolates_training(self, algorithm: str, hyperparameters: Mapping[str, str]) -> bool:
        """Whether a training is isolated; its instances reach each other in any case.

        Args:
            algorithm: The pipeline's `training.algorithm`.
            hyperparameters: Those of the request, which say where the first weights come from.
        """
        if self.isolation == "auto":
            return not loads_from_network(algorithm, hyperparameters)
        return self.isolates


def loads_from_network(algorithm: str, hyperparameters: Mapping[str, str]) -> bool:
    """Whether a training's container has to load its first weights itself, over the network.

    Weights at s3:// come as a channel. Where the built-in algorithm has ImageNet's weights from is
    not documented, so that it is taken to load them.
    """
    if str(hyperparameters.get("use_pretrained_model", "0")) != "1":
        return False
    if algorithm == "built-in":
        return True
    return str(hyperparameters.get("pretrained_model_uri", "")).startswith(WEB)
