"""What a job runs on."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config.strict import Strict

InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9\-]+\.[a-z0-9]+$")]

WAIT_FOR_CAPACITY = timedelta(minutes=30)
"""How long a job may take beside running: waiting for a machine, moving data."""

LARGEST_TRANSFORM_MB = 100
"""SageMaker's limit for concurrency times payload."""


class Machine(Strict):
    """One machine for a processing or training job."""

    instance_type: InstanceType
    volume_gb: Annotated[int, Field(ge=1, le=16384)] = 30
    max_runtime_minutes: Annotated[int, Field(ge=1, le=40320)] = 120

    @property
    def has_gpu(self) -> bool:
        """Whether the instance type is of a GPU family (ml.p*, ml.g4dn, ml.g5, ...)."""
        return self.instance_type.split(".")[1][:1] in {"p", "g"}

    @property
    def max_runtime_seconds(self) -> int:
        """The limit as SageMaker takes it."""
        return self.max_runtime_minutes * 60

    @property
    def patience(self) -> timedelta:
        """How long the task that follows such a job waits."""
        return timedelta(minutes=self.max_runtime_minutes) + WAIT_FOR_CAPACITY


class TransformMachine(Strict):
    """The machines of a batch transform, and how images are put to them."""

    instance_type: InstanceType = "ml.c5.xlarge"
    instance_count: Annotated[int, Field(ge=1)] = 1
    concurrency: Annotated[int, Field(ge=1, le=100)] = 4
    max_payload_mb: Annotated[int, Field(ge=1, le=100)] = 20
    max_runtime_minutes: Annotated[int, Field(ge=1, le=40320)] = 240
    strategy: Literal["SingleRecord"] = "SingleRecord"

    @property
    def max_payload_bytes(self) -> int:
        """The largest image that a request carries."""
        return self.max_payload_mb * 1024 * 1024

    @model_validator(mode="after")
    def _fits_sagemakers_limit(self) -> TransformMachine:
        if self.concurrency * self.max_payload_mb > LARGEST_TRANSFORM_MB:
            raise ValueError(
                f"concurrency times max_payload_mb may be at most {LARGEST_TRANSFORM_MB}, "
                f"not {self.concurrency * self.max_payload_mb}"
            )
        return self

    @property
    def patience(self) -> timedelta:
        """How long the task that follows such a job waits."""
        return timedelta(minutes=self.max_runtime_minutes) + WAIT_FOR_CAPACITY
