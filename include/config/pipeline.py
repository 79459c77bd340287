"""A pipeline: one classification problem, as its YAML file describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, PrivateAttr, model_validator

from include.config.network import WEB, Network
from include.config.sections.budget import Budget
from include.config.sections.notifications import Notifications
from include.config.sections.schedules import Schedules
from include.config.sections.stages import (
    Batch,
    Conversion,
    Dataset,
    Endpoint,
    Evaluation,
    Promotion,
    Source,
    Training,
)
from include.config.strict import Strict

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)]


class Pipeline(Strict):
    """Everything that distinguishes one image classification problem from another.

    `name` is the YAML file's name; it is part of DAG ids, S3 keys and job names.
    """

    name: Name
    description: str = ""
    owner: Annotated[str, Field(min_length=1)] = "data-engineering"
    source: Source
    dataset: Dataset = Dataset()
    conversion: Conversion = Conversion()
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    promotion: Promotion = Promotion()
    endpoint: Endpoint = Endpoint()
    batch: Batch = Batch()
    network: Network = Network()
    budget: Budget = Budget()
    schedules: Schedules = Schedules()
    notifications: Notifications = Notifications()
    _overridden: Mapping[str, Pipeline] = PrivateAttr(default={})

    @property
    def everywhere(self) -> tuple[Pipeline, ...]:
        """This pipeline, and what it is in the deployments that its file overrides it for.

        DAGs are built before the deployment is known, so that they must suit all of them. Only one
        that was loaded without a deployment knows the others.
        """
        return (self, *self._overridden.values())

    @property
    def overridden(self) -> Mapping[str, Pipeline]:
        """The pipeline of each deployment that its file has overrides for, by deployment."""
        return self._overridden

    def known_elsewhere(self, overridden: Mapping[str, Pipeline]) -> Pipeline:
        """Return this pipeline, which now knows what it is in other deployments."""
        self._overridden = dict(overridden)
        return self

    @property
    def slug(self) -> str:
        """The name with hyphens: the model package group's and the endpoint's name."""
        return self.name.replace("_", "-")

    @model_validator(mode="after")
    def _isolated_training_needs_no_web(self) -> Pipeline:
        uri = self.training.hyperparameters.pretrained_model_uri or ""
        loads = self.training.hyperparameters.use_pretrained_model and uri.startswith(WEB)
        if self.network.isolation == "always" and loads:
            raise ValueError(
                f"network.isolation: always forbids to load pretrained_model_uri {uri} from the "
                "web: copy the file to S3 and name it there (s3://...), or use isolation: auto"
            )
        return self

    @model_validator(mode="after")
    def _training_takes_as_many_record_files(self) -> Pipeline:
        count = self.conversion.instance_count
        if count > 1 and self.training.algorithm == "built-in":
            raise ValueError(
                f"conversion.instance_count: {count} gives {count} record files a channel, and the "
                "built-in algorithm takes one: use 1, or training.algorithm: own"
            )
        return self

    @model_validator(mode="after")
    def _the_source_has_boxes_to_crop_to(self) -> Pipeline:
        if self.dataset.boxes == "crop" and self.source.layout != "stanford_cars":
            raise ValueError(
                f"dataset.boxes: crop needs boxes, and layout {self.source.layout} has none: leave "
                "it out, or use layout stanford_cars"
            )
        return self

    @model_validator(mode="after")
    def _records_are_large_enough(self) -> Pipeline:
        side = self.training.hyperparameters.side
        if self.conversion.resize < side:
            raise ValueError(
                f"conversion.resize: {self.conversion.resize} is smaller than "
                f"training.hyperparameters.image_shape ({side}): training would fail"
            )
        return self
