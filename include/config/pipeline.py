"""A pipeline: one classification problem, as its YAML file describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field, PrivateAttr, model_validator

from include.config.network import WEB, Network
from include.config.sections import (
    Batch,
    Budget,
    Conversion,
    Dataset,
    Endpoint,
    Evaluation,
    ModelCard,
    Notifications,
    Promotion,
    Schedules,
    Source,
    Training,
)
from include.config.strict import Strict
from include.contracts.commands import BOXED_LAYOUTS
from include.contracts.patterns import like

Name = Annotated[
    str,
    Field(max_length=40),
    like(
        r"[a-z][a-z0-9]*(_[a-z0-9]+)*",
        "lower-case letters and digits, a letter first, words joined by single underscores, such "
        "as stanford_cars. The name is the file's name: rename the file",
    ),
]


class Pipeline(Strict):
    """The complete configuration of one image classification problem.

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
    model_card: ModelCard = ModelCard()
    _overridden: Mapping[str, Pipeline] = PrivateAttr(default={})
    _deprecations: Sequence[str] = PrivateAttr(default=())

    @property
    def variants(self) -> tuple[Pipeline, ...]:
        """This pipeline, and its variant for each deployment that the file has overrides for.

        DAGs are built before the deployment is known, so they must suit all variants. A pipeline
        that was loaded for one deployment has itself as its only variant.
        """
        return (self, *self._overridden.values())

    @property
    def overridden(self) -> Mapping[str, Pipeline]:
        """The variant for each deployment that the file has overrides for, by deployment."""
        return self._overridden

    @property
    def deprecations(self) -> Sequence[str]:
        """One message for each deprecated key or value in the file, with its new name."""
        return self._deprecations

    def with_variants(self, overridden: Mapping[str, Pipeline]) -> Pipeline:
        """Set the variants of other deployments, and return this pipeline."""
        self._overridden = dict(overridden)
        return self

    def with_deprecations(self, messages: Sequence[str]) -> Pipeline:
        """Set the messages about deprecated names in the file, and return this pipeline."""
        self._deprecations = tuple(messages)
        return self

    @property
    def slug(self) -> str:
        """The name with hyphens: the name of the model package group and of the endpoint."""
        return self.name.replace("_", "-")

    @model_validator(mode="after")
    def _check_isolated_training_needs_no_web(self) -> Pipeline:
        uri = self.training.hyperparameters.pretrained_model_uri or ""
        loads = self.training.hyperparameters.use_pretrained_model and uri.startswith(WEB)
        if self.network.isolation == "always" and loads:
            raise ValueError(
                f"network.isolation: always forbids to load pretrained_model_uri {uri} from the "
                "web: copy the file to S3 and name it there (s3://...), or use isolation: auto"
            )
        return self

    @model_validator(mode="after")
    def _check_number_of_record_files(self) -> Pipeline:
        count = self.conversion.instance_count
        if count > 1 and self.training.algorithm == "built-in":
            raise ValueError(
                f"conversion.instance_count: {count} gives {count} record files a channel, and the "
                "built-in algorithm takes one: use 1, or training.algorithm: custom"
            )
        return self

    @model_validator(mode="after")
    def _check_flip_average(self) -> Pipeline:
        if self.batch.flip_average and self.training.algorithm == "built-in":
            raise ValueError(
                "batch.flip_average: true: the built-in algorithm's server cannot average: leave "
                "it out, or use training.algorithm: custom"
            )
        return self

    @model_validator(mode="after")
    def _check_source_has_boxes(self) -> Pipeline:
        if self.dataset.boxes == "crop" and self.source.layout not in BOXED_LAYOUTS:
            raise ValueError(
                f"dataset.boxes: crop needs boxes, and layout {self.source.layout} has none: leave "
                f"it out, or use one of the layouts {', '.join(BOXED_LAYOUTS)}"
            )
        return self

    @model_validator(mode="after")
    def _check_record_size(self) -> Pipeline:
        settings = self.training.hyperparameters
        if self.conversion.resize < settings.longest_side:
            is_shape = settings.longest_side == settings.longer_side
            name = "image_shape" if is_shape else "training_size"
            raise ValueError(
                f"conversion.resize: {self.conversion.resize} is smaller than "
                f"training.hyperparameters.{name} ({settings.longest_side}): training would fail"
            )
        return self
