"""The model that serves: its endpoint, its package and the figures of its evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.common.aws_errors import is_missing
from include.common.confidence import wilson_interval
from include.contracts.records import EvaluationReport, VerdictRecord
from include.storage.layout import Layout
from model_page.reading.models.registry import PackageView, RegistryReader
from model_page.reading.objects import ObjectReader

Interval = tuple[float, float]


@dataclass(frozen=True)
class EndpointView:
    """An endpoint and the first production variant of its configuration.

    `reason` is SageMaker's or empty, `changed` the time of the last update.
    """

    name: str
    status: str
    reason: str
    config: str
    variant: str
    changed: datetime
    arn_version: int | None


@dataclass(frozen=True)
class Figures:
    """The figures of an evaluation, with 95 % confidence intervals of the accuracies."""

    split: str
    images: int | None
    top1: float | None
    top1_interval: Interval | None
    top5: float | None
    top5_interval: Interval | None
    calibration_error: float | None
    dataset_version: str


class ServingReader:
    """Reads endpoints; what an endpoint configuration serves never changes, so it is kept."""

    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker
        self._variants: dict[str, tuple[str, str | None]] = {}

    def endpoint(self, name: str) -> EndpointView | None:
        """Return an endpoint, or None if it does not exist."""
        try:
            described = self._sagemaker.describe_endpoint(EndpointName=name)
        except self._sagemaker.exceptions.ClientError as error:
            if not is_missing(error):
                raise
            return None
        config = described["EndpointConfigName"]
        variant, arn = self._variant(config)
        version = arn.rsplit("/", 1)[-1] if arn else ""
        return EndpointView(
            name=name,
            status=described["EndpointStatus"],
            reason=described.get("FailureReason", ""),
            config=config,
            variant=variant,
            changed=described["LastModifiedTime"],
            arn_version=int(version) if version.isdecimal() else None,
        )

    def _variant(self, config: str) -> tuple[str, str | None]:
        """Return the name of a configuration's first variant and the ARN of its package."""
        if config not in self._variants:
            described = self._sagemaker.describe_endpoint_config(EndpointConfigName=config)
            variant = described["ProductionVariants"][0]
            model = self._sagemaker.describe_model(ModelName=variant["ModelName"])
            container = model.get("PrimaryContainer") or model["Containers"][0]
            self._variants[config] = variant["VariantName"], container.get("ModelPackageName")
        return self._variants[config]


def serving_package(
    endpoint: EndpointView | None, registry: RegistryReader, group: str
) -> PackageView | None:
    """Return the package that an endpoint serves, or None."""
    if endpoint is None or endpoint.arn_version is None:
        return None
    return registry.package(group, endpoint.arn_version)


def read_figures(objects: ObjectReader, layout: Layout, job: str | None) -> Figures | None:
    """Return the figures of a training job's evaluation, or None without an evaluation."""
    if not job:
        return None
    key = layout.evaluation_report(job)
    report = objects.record(key, EvaluationReport, "the job evaluate")
    if report is None:
        return None
    return Figures(
        split=report.split or "test",
        images=report.images,
        top1=report.top1,
        top1_interval=wilson_interval(report.top1, report.images),
        top5=report.top5,
        top5_interval=wilson_interval(report.top5, report.images),
        calibration_error=report.calibration_error,
        dataset_version=report.dataset_version,
    )


def read_verdict(objects: ObjectReader, layout: Layout, job: str | None) -> VerdictRecord | None:
    """Return the verdict on a training job's candidate, or None."""
    if not job:
        return None
    return objects.record(layout.evaluation_verdict(job), VerdictRecord, "nightly training")
