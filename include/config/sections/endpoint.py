"""Section `endpoint`: the instances that serve, and how an update replaces them."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config.instances import InstanceType
from include.config.strict import Strict

PROVISIONING_TIMEOUT = timedelta(hours=2)
"""How long an endpoint's new instances may take, from their request to the first healthy ping."""


class Traffic(Strict):
    """How an update shifts an endpoint's traffic from the old instances to the new ones.

    SageMaker's BlueGreenUpdatePolicy: after each step the alarms are watched for `wait_seconds`.
    """

    shift: Literal["all_at_once", "canary", "linear"] = "all_at_once"
    step_percent: Annotated[int, Field(ge=1, le=50)] | None = Field(
        default=None,
        description="canary: the size of the first step; linear: the size of each step",
    )
    wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 300

    @property
    def steps(self) -> int:
        """The number of steps; the second step of a canary shift is all the rest."""
        if self.shift == "linear" and self.step_percent:
            return math.ceil(100 / self.step_percent)
        return 2 if self.shift == "canary" else 1

    @property
    def duration(self) -> timedelta:
        """How long the new instances are watched, over all steps, before the old ones stop."""
        return timedelta(seconds=self.steps * self.wait_seconds)

    @model_validator(mode="after")
    def _check_step_percent(self) -> Traffic:
        if self.shift == "all_at_once" and self.step_percent is not None:
            raise ValueError("step_percent is only for shift: canary or linear")
        if self.shift != "all_at_once" and self.step_percent is None:
            raise ValueError(f"shift: {self.shift} needs step_percent, such as 10")
        if self.shift == "linear" and self.step_percent is not None and self.step_percent < 10:
            raise ValueError(
                f"step_percent: {self.step_percent}: a step of shift: linear is at least 10"
            )
        return self


class Endpoint(Strict):
    """The instances that serve, the smoke test of a new model, and the releases that are kept."""

    instance_type: InstanceType = "ml.c5.xlarge"
    instance_count: Annotated[int, Field(ge=1)] = 1
    smoke_images: Annotated[int, Field(ge=1, le=50)] = 5
    rollback_alarms: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(
        default=[], max_length=10, description="CloudWatch alarms that roll an update back"
    )
    traffic: Traffic = Traffic()
    maximum_latency_ms: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="The maximum of the median latency in the smoke test"
    )
    maximum_slowdown: Annotated[float, Field(ge=1)] | None = Field(
        default=10.0,
        description="The maximum of the median latency as a multiple of the previous model's",
    )
    keep_releases: Annotated[int, Field(ge=2)] = Field(
        default=5,
        description="How many of the last approved releases keep their model and configuration",
    )

    @property
    def timeout(self) -> timedelta:
        """How long the sensor of an endpoint update waits."""
        return PROVISIONING_TIMEOUT + self.traffic.duration

    @model_validator(mode="after")
    def _check_several_instances(self) -> Endpoint:
        if self.traffic.shift != "all_at_once" and self.instance_count < 2:
            raise ValueError(
                f"traffic.shift: {self.traffic.shift} needs instance_count of at least 2: traffic "
                "shifts instance by instance"
            )
        return self
