"""Section `evaluation`: how a candidate is evaluated."""

from __future__ import annotations

from typing import Literal

from include.config.instances import InstanceConfig, TransformConfig
from include.config.strict import Strict


class Evaluation(Strict):
    """The split whose photos the candidate classifies by batch transform, and the instances."""

    split: Literal["test", "validation"] = "test"
    transform: TransformConfig = TransformConfig()
    instance: InstanceConfig = InstanceConfig(instance_type="ml.c5.xlarge", volume_gb=30)
