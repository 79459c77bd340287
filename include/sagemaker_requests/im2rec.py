"""Request of the im2rec job: dataset version to RecordIO version."""

from __future__ import annotations

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.versions import recordio_version
from include.contracts.commands import Command, Im2recFlag, Input, Output
from include.sagemaker_requests.job import JobRequest
from include.sagemaker_requests.processing import ProcessingStep, processing_request
from include.storage.layout import Layout

PARTS = (Output.TRAIN, Output.VALIDATION, Output.INDEX)


def im2rec_request(
    pipeline: Pipeline, deployment: Deployment, dataset_version: str, earlier: str | None = None
) -> JobRequest:
    """Return the job that converts a dataset version with the pipeline's settings.

    Each of several instances converts its share of the images into record files of its own. Only
    the images of the version's conversion manifest are downloaded, not all that were ever stored.

    Args:
        pipeline: The pipeline with the settings.
        deployment: The deployment in which the job runs.
        dataset_version: The version to convert.
        earlier: The folder of an earlier conversion's files, from which the records of unchanged
            images are taken; None converts all images.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    conversion = pipeline.conversion
    version = recordio_version(dataset_version, conversion)
    shards = conversion.instance_count
    parts = {part: layout.output(layout.recordio_part(version, part, shards)) for part in PARTS}
    step = ProcessingStep(
        command=Command.IM2REC,
        instance=conversion.instance,
        flags={
            Im2recFlag.RESIZE: str(conversion.resize),
            Im2recFlag.FIT: conversion.fit,
            Im2recFlag.QUALITY: str(conversion.quality),
            Im2recFlag.RECORDIO_VERSION: version,
        },
        inputs={
            Input.VERSION: layout.uri(layout.dataset(dataset_version)),
            Input.IMAGES: layout.uri(layout.conversion_manifest(dataset_version)),
            **({Input.PREVIOUS: layout.uri(earlier)} if earlier else {}),
        },
        outputs={**parts, Output.RESULT: layout.output(layout.recordio_files(version, shards))},
        instances=shards,
        manifests=frozenset({Input.IMAGES}),
        sharded=frozenset({Input.IMAGES}),
    )
    return processing_request(pipeline, deployment, step)
