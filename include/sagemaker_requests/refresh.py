"""Request of the refresh job: source to dataset version."""

from __future__ import annotations

from dataclasses import dataclass

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.contracts.commands import Command, Input, Output, RefreshFlag
from include.sagemaker_requests.job import JOB_NAME, JobRequest
from include.sagemaker_requests.processing import ProcessingStep, processing_request
from include.storage.layout import Layout


@dataclass(frozen=True)
class LabelInputs:
    """The keys of what a refresh job needs to merge labels.

    Attributes:
        labels: The folder of the labels.
        plan: The folder of what the plan found for them.
        manifest: The S3 manifest of the labelled photos, or None if no photo is needed.
    """

    labels: str
    plan: str
    manifest: str | None


def source_uri(pipeline: Pipeline, layout: Layout) -> str:
    """Return the S3 folder of a pipeline's raw data, with its slash."""
    uri = pipeline.source.uri or layout.uri(layout.source)
    return uri if uri.endswith("/") else f"{uri}/"


def refresh_request(
    pipeline: Pipeline,
    deployment: Deployment,
    previous: str | None,
    fingerprint: str,
    store_all: bool = False,
    ledger_job: str | None = None,
    labels: LabelInputs | None = None,
) -> JobRequest:
    """Return the job that makes a dataset version.

    Args:
        pipeline: The pipeline whose source is read.
        deployment: The deployment in which the job runs.
        previous: The current dataset version, whose split assignments are kept, if any.
        fingerprint: The state of source and labels, recorded with the result.
        store_all: Store images of the current version again, because some are missing.
        ledger_job: The refresh job whose ledgers are continued, if there is one.
        labels: What the job needs to merge labels, or None if there are no labels.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    inputs = {Input.SOURCE: source_uri(pipeline, layout)}
    if previous is not None:
        inputs[Input.PREVIOUS] = layout.uri(layout.dataset(previous))
    if ledger_job is not None:
        inputs[Input.LEDGER] = layout.uri(layout.split_ledger(ledger_job))
    if labels is not None:
        inputs |= _label_inputs(layout, labels)
    step = ProcessingStep(
        command=Command.REFRESH,
        instance=pipeline.dataset.instance,
        flags={
            **_flags(pipeline, inputs[Input.SOURCE], fingerprint),
            RefreshFlag.IMAGES_URI: layout.uri(layout.images),
            **({RefreshFlag.LABELS_URI: layout.uri(layout.labels)} if labels else {}),
            **({RefreshFlag.STORE: "all"} if store_all else {}),
        },
        inputs=inputs,
        manifests=frozenset({Input.LABELLED}),
        outputs={
            Output.IMAGES: layout.output(layout.images),
            Output.QUARANTINE: layout.output(layout.quarantine),
            Output.VERSIONS: layout.output(layout.dataset_versions),
            Output.LEDGER: layout.output(layout.split_ledger(JOB_NAME)),
            Output.RESULT: layout.output(layout.refresh_run(JOB_NAME)),
        },
    )
    return processing_request(pipeline, deployment, step)


def _label_inputs(layout: Layout, labels: LabelInputs) -> dict[Input, str]:
    inputs = {Input.LABELS: layout.uri(labels.labels), Input.LABEL_PLAN: layout.uri(labels.plan)}
    if labels.manifest is not None:
        inputs[Input.LABELLED] = layout.uri(labels.manifest)
    return inputs


def _flags(pipeline: Pipeline, uri: str, fingerprint: str) -> dict[str, str]:
    dataset = pipeline.dataset
    classes = pipeline.source.classes_argument
    label_files = pipeline.source.label_files_argument
    columns = pipeline.source.columns_argument
    return {
        RefreshFlag.LAYOUT: pipeline.source.layout,
        RefreshFlag.SPLIT: dataset.split,
        RefreshFlag.TRAIN_RATIO: str(dataset.train_ratio),
        RefreshFlag.VALIDATION_RATIO: str(dataset.validation_ratio),
        RefreshFlag.BOXES: dataset.boxes,
        RefreshFlag.BOX_MARGIN: str(dataset.box_margin),
        RefreshFlag.MIN_SIDE: str(dataset.min_side),
        RefreshFlag.MAX_PIXELS: str(dataset.max_pixels),
        RefreshFlag.QUARANTINE_LIMIT: str(dataset.quarantine_limit),
        RefreshFlag.NEW_CLASSES: "create" if dataset.new_classes_from_labels else "refuse",
        RefreshFlag.SOURCE_URI: uri,
        RefreshFlag.SOURCE_FINGERPRINT: fingerprint,
        **({RefreshFlag.CLASSES: classes} if classes else {}),
        **({RefreshFlag.LABEL_FILES: label_files} if label_files else {}),
        **({RefreshFlag.COLUMNS: columns} if columns else {}),
        **({RefreshFlag.DEVKIT: pipeline.source.devkit} if pipeline.source.devkit else {}),
    }
