"""Section `conversion`: how a dataset version becomes RecordIO files."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from include.config.instances import InstanceConfig
from include.config.strict import Strict
from include.contracts.commands import RecordFit


class Conversion(Strict):
    """Settings of the im2rec job.

    Every value is part of the RecordIO version's name, except `instance` and `instance_count`.
    """

    resize: Annotated[int, Field(ge=8, le=4096)] = 224
    fit: RecordFit = "squash"
    quality: Annotated[int, Field(ge=1, le=100)] = 95
    instance_count: Annotated[int, Field(ge=1, le=20)] = 1
    instance: InstanceConfig = InstanceConfig(instance_type="ml.c5.2xlarge", volume_gb=50)
