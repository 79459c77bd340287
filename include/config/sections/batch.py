"""Section `batch`: how new images are predicted, reported and checked for drift."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from include.config.instances import InstanceConfig, TransformConfig
from include.config.strict import Fraction, OpenFraction, Strict


class Drift(Strict):
    """How far a batch may differ from its model's evaluation before drift is reported.

    Both distances go from 0 to 1: the total variation distance of the predicted classes, and the
    Kolmogorov-Smirnov distance of the top-1 probabilities.
    """

    classes: Fraction | None = Field(
        default=0.5,
        description="The maximum distance of the predicted classes' distribution; null: no limit",
    )
    confidence: Fraction | None = Field(
        default=0.2,
        description="The maximum distance of the top-1 probabilities; null: no limit",
    )
    significance: OpenFraction = 0.01
    minimum_images: Annotated[int, Field(ge=1)] = 100
    retrain: bool = Field(
        default=False,
        description="Whether the next nightly run trains on the same data, once for each champion; "
        "only where training.start_from: champion makes that another model",
    )


class Batch(Strict):
    """Settings of batch inference."""

    transform: TransformConfig = TransformConfig()
    instance: InstanceConfig = InstanceConfig(instance_type="ml.c5.xlarge", volume_gb=30)
    max_images: Annotated[int, Field(ge=1)] = 10_000
    uncertain_below: Fraction = Field(
        default=0.5, description="Top-1 predictions below this probability are listed for review"
    )
    flip_average: bool = Field(
        default=False,
        description="Whether the custom image averages the probabilities of each photo and of its "
        "mirror image, which doubles the prediction's time",
    )
    drift: Drift = Drift()
