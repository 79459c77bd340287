"""Section `training`: the image that trains, its instances and its hyperparameters."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config.hyperparameters import Hyperparameters
from include.config.instances import InstanceConfig
from include.config.strict import Strict
from include.contracts.hyperparameters import as_text
from include.contracts.pretrained_weights import find_published

Algorithm = Literal["custom", "built-in"]
"""The project's container image, or SageMaker's built-in image classification."""


class Training(Strict):
    """Settings of the training job."""

    algorithm: Algorithm = "custom"
    instance: InstanceConfig = InstanceConfig(
        instance_type="ml.c5.4xlarge", volume_gb=50, max_runtime_minutes=720
    )
    instance_count: Annotated[int, Field(ge=1, le=20)] = 1
    spot: bool = False
    max_wait_minutes: Annotated[int, Field(ge=1, le=2 * 40320)] | None = None
    input_mode: Literal["File", "FastFile", "Pipe"] = Field(
        default="File",
        description="How record files reach the instance: copied before training, or streamed",
    )
    start_from: Literal["scratch", "pretrained", "champion"] | None = Field(
        default=None,
        description="Initial weights; default: as use_pretrained_model says. champion: the best "
        "model so far if it has the same network and classes, else the default",
    )
    hyperparameters: Hyperparameters = Hyperparameters()

    @property
    def timeout(self) -> timedelta:
        """How long the training job's sensor waits, including the wait for a spot instance."""
        wait = timedelta(minutes=self.longest_wait_minutes if self.spot else 0)
        return self.instance.timeout + wait

    @property
    def longest_wait_minutes(self) -> int:
        """The limit of a spot job's total time, waiting and running."""
        return self.max_wait_minutes or 2 * self.instance.max_runtime_minutes

    @model_validator(mode="after")
    def _check_processor(self) -> Training:
        instance_type = self.instance.instance_type
        if self.algorithm == "built-in" and not self.instance.has_gpu:
            raise ValueError(
                f"instance.instance_type: {instance_type} has no GPU, and the built-in algorithm "
                "trains on GPUs only: use ml.g4dn.* or ml.g5.*, or algorithm: custom"
            )
        if self.algorithm == "custom" and self.instance.has_gpu:
            raise ValueError(
                f"instance.instance_type: {instance_type} has a GPU, which the custom image cannot "
                "use: use ml.c5.* or another CPU instance type, or algorithm: built-in"
            )
        return self

    @model_validator(mode="after")
    def _check_hyperparameters_are_known(self) -> Training:
        if self.algorithm == "built-in" and self.hyperparameters.custom_only:
            raise ValueError(
                f"hyperparameters: {', '.join(self.hyperparameters.custom_only)}: not supported "
                "by the built-in algorithm: leave it out, or use algorithm: custom"
            )
        return self

    @model_validator(mode="after")
    def _check_several_instances(self) -> Training:
        if self.instance_count > 1 and self.hyperparameters.kv_store is None:
            raise ValueError(
                f"instance_count: {self.instance_count} needs hyperparameters.kv_store to be "
                "dist_sync or dist_async, which sets how the instances train together"
            )
        return self

    @model_validator(mode="after")
    def _check_fine_tuning(self) -> Training:
        hyperparameters = self.hyperparameters
        if hyperparameters.single_host and self.instance_count > 1:
            raise ValueError(
                f"hyperparameters.{hyperparameters.single_host} trains on one instance, not on "
                f"instance_count: {self.instance_count}: use 1, or leave it out"
            )
        if not hyperparameters.freezes_layers:
            return self
        setting = f"hyperparameters.{hyperparameters.freezing}"
        if self.input_mode == "Pipe":
            raise ValueError(
                f"{setting} needs input_mode: File or FastFile: a pipe can be read once per epoch "
                "only"
            )
        return self

    @model_validator(mode="after")
    def _check_input_mode(self) -> Training:
        if self.algorithm == "built-in" and self.input_mode == "FastFile":
            raise ValueError(
                "input_mode: FastFile: the built-in algorithm takes File or Pipe: use one of them, "
                "or algorithm: custom"
            )
        return self

    @model_validator(mode="after")
    def _check_start_from(self) -> Training:
        switch = self.hyperparameters.use_pretrained_model
        if self.start_from == "scratch" and switch:
            raise ValueError(
                "start_from: scratch contradicts hyperparameters.use_pretrained_model: 1"
            )
        if self.start_from == "pretrained" and not switch:
            raise ValueError("start_from: pretrained needs hyperparameters.use_pretrained_model: 1")
        return self

    @model_validator(mode="after")
    def _check_pretrained_weights(self) -> Training:
        hyperparameters = self.hyperparameters
        if not hyperparameters.use_pretrained_model:
            return self
        network, num_layers = hyperparameters.network, hyperparameters.num_layers
        if (
            self.algorithm == "custom"
            and hyperparameters.pretrained_model_uri is None
            and find_published(network, num_layers) is None
        ):
            raise ValueError(
                "hyperparameters.use_pretrained_model: 1 needs pretrained_model_uri and "
                f"pretrained_model_sha256: no published weights of network {network} with "
                f"num_layers {num_layers} are known"
            )
        if self.algorithm == "built-in" and hyperparameters.image_shape != (3, 224, 224):
            raise ValueError(
                "hyperparameters.use_pretrained_model: 1 needs image_shape to be 3,224,224, not "
                f"{as_text(hyperparameters.image_shape)}"
            )
        return self

    @model_validator(mode="after")
    def _check_spot_wait(self) -> Training:
        wait = self.max_wait_minutes
        if wait is not None and not self.spot:
            raise ValueError("max_wait_minutes is only for spot: true")
        if wait is not None and wait < self.instance.max_runtime_minutes:
            raise ValueError(
                "max_wait_minutes must be at least instance.max_runtime_minutes "
                f"({self.instance.max_runtime_minutes})"
            )
        return self
