"""Source to dataset version."""

from __future__ import annotations

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.sagemaker_requests.job import JOB_NAME, JobRequest
from include.sagemaker_requests.processing import Program, processing_request
from include.storage.layout import Layout


def source_uri(pipeline: Pipeline, layout: Layout) -> str:
    """Return where a pipeline's raw data is: an S3 folder, with its slash."""
    uri = pipeline.source.uri or layout.uri(layout.source)
    return uri if uri.endswith("/") else f"{uri}/"


def refresh_request(
    pipeline: Pipeline,
    deployment: Deployment,
    previous: str | None,
    fingerprint: str,
    store_all: bool = False,
    ledger_job: str | None = None,
) -> JobRequest:
    """Return the job that makes a dataset version.

    Args:
        pipeline: Whose source is read.
        deployment: Where it runs.
        previous: The current dataset version, whose assignments to splits are kept, if any.
        fingerprint: The source's state, recorded with the result.
        store_all: Images that the current version holds are stored again, because some are missing.
        ledger_job: The refresh job whose split ledger is carried on, if there is one.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    inputs = {"source": source_uri(pipeline, layout)}
    if previous is not None:
        inputs["previous"] = layout.uri(layout.dataset(previous))
    if ledger_job is not None:
        inputs["ledger"] = layout.uri(layout.split_ledger_file(ledger_job))
    program = Program(
        name="refresh",
        instance=pipeline.dataset.instance,
        flags={
            **_flags(pipeline, inputs["source"], fingerprint),
            "images-uri": layout.uri(layout.images),
            **({"store": "all"} if store_all else {}),
        },
        inputs=inputs,
        outputs={
            "images": layout.output(layout.images),
            "quarantine": layout.output(layout.quarantine),
            "versions": layout.output(layout.dataset_versions),
            "ledger": layout.output(layout.split_ledger(JOB_NAME)),
            "result": layout.output(layout.refresh_run(JOB_NAME)),
        },
    )
    return processing_request(pipeline, deployment, program)


def _flags(pipeline: Pipeline, uri: str, fingerprint: str) -> dict[str, str]:
    dataset = pipeline.dataset
    classes = pipeline.source.classes_argument
    return {
        "layout": pipeline.source.layout,
        "split": dataset.split,
        "train-ratio": str(dataset.train_ratio),
        "validation-ratio": str(dataset.validation_ratio),
        "boxes": dataset.boxes,
        "box-margin": str(dataset.box_margin),
        "min-side": str(dataset.min_side),
        "max-pixels": str(dataset.max_pixels),
        "quarantine-limit": str(dataset.quarantine_limit),
        "source-uri": uri,
        "source-fingerprint": fingerprint,
        **({"classes": classes} if classes else {}),
        **({"devkit": pipeline.source.devkit} if pipeline.source.devkit else {}),
    }
