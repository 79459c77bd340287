"""Instances of processing, training and transform jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config.strict import Strict
from include.contracts.limits import MAX_TRANSFORM_MB, MEGABYTE
from include.contracts.patterns import like

InstanceType = Annotated[
    str, like(r"ml\.[a-z0-9\-]+\.[a-z0-9]+", "a SageMaker instance type, such as ml.c5.xlarge")
]

MAX_OVERHEAD = timedelta(minutes=30)
"""Time that a job may take in addition to its run time: waiting for capacity, moving data."""


FETCH_RUNTIME_MINUTES = 240
"""How long the job may run that fetches all files of `source.urls`. The next one resumes it."""


class InstanceConfig(Strict):
    """The instance of a processing or training job, and its limits."""

    instance_type: InstanceType
    volume_gb: Annotated[int, Field(ge=1, le=16384)] = 30
    max_runtime_minutes: Annotated[int, Field(ge=1, le=40320)] = 120

    @property
    def has_gpu(self) -> bool:
        """Whether the instance type is of a GPU family (ml.p*, ml.g4dn, ml.g5, ...)."""
        return self.instance_type.split(".")[1][:1] in {"p", "g"}

    @property
    def max_runtime_seconds(self) -> int:
        """The value of SageMaker's MaxRuntimeInSeconds."""
        return self.max_runtime_minutes * 60

    @property
    def timeout(self) -> timedelta:
        """How long the sensor of such a job waits."""
        return timedelta(minutes=self.max_runtime_minutes) + MAX_OVERHEAD


class TransformConfig(Strict):
    """The instances of a batch transform job, and how it sends images to the model."""

    instance_type: InstanceType = "ml.c5.xlarge"
    instance_count: Annotated[int, Field(ge=1)] = 1
    concurrency: Annotated[int, Field(ge=1, le=100)] = 4
    max_payload_mb: Annotated[int, Field(ge=1, le=100)] = 20
    max_runtime_minutes: Annotated[int, Field(ge=1, le=40320)] = 240
    strategy: Literal["SingleRecord"] = "SingleRecord"

    @property
    def max_payload_bytes(self) -> int:
        """The size of the largest image that fits into a request."""
        return self.max_payload_mb * MEGABYTE

    @model_validator(mode="after")
    def _check_transform_limit(self) -> TransformConfig:
        if self.concurrency * self.max_payload_mb > MAX_TRANSFORM_MB:
            raise ValueError(
                f"concurrency times max_payload_mb may be at most {MAX_TRANSFORM_MB}, "
                f"not {self.concurrency * self.max_payload_mb}"
            )
        return self

    @property
    def timeout(self) -> timedelta:
        """How long the sensor of such a job waits."""
        return timedelta(minutes=self.max_runtime_minutes) + MAX_OVERHEAD
