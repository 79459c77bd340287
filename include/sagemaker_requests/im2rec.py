"""Dataset version to RecordIO version."""

from __future__ import annotations

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.versions import recordio_version
from include.sagemaker_requests.job import JobRequest
from include.sagemaker_requests.processing import Program, processing_request
from include.storage.layout import Layout

PARTS = ("train", "validation", "index")


def im2rec_request(
    pipeline: Pipeline, deployment: Deployment, dataset_version: str, earlier: str | None = None
) -> JobRequest:
    """Return the job that converts a dataset version, under the pipeline's settings.

    Of several instances each converts its share of the images into record files of its own. Only
    the images of the version's conversion manifest are downloaded, not all that were ever stored.

    Args:
        pipeline: Whose settings count.
        deployment: Where it runs.
        dataset_version: What is converted.
        earlier: The folder of an earlier conversion's files, from which the records of unchanged
            images are taken; None converts all images.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    conversion = pipeline.conversion
    version = recordio_version(dataset_version, conversion)
    shards = conversion.instance_count
    parts = {part: layout.output(layout.recordio_part(version, part, shards)) for part in PARTS}
    program = Program(
        name="im2rec",
        instance=conversion.instance,
        flags={
            "resize": str(conversion.resize),
            "fit": conversion.fit,
            "quality": str(conversion.quality),
            "recordio-version": version,
        },
        inputs={
            "version": layout.uri(layout.dataset(dataset_version)),
            "images": layout.uri(layout.conversion_manifest(dataset_version)),
            **({"previous": layout.uri(earlier)} if earlier else {}),
        },
        outputs={**parts, "result": layout.output(layout.recordio_files(version, shards))},
        instances=shards,
        manifests=frozenset({"images"}),
        sharded=frozenset({"images"}),
    )
    return processing_request(pipeline, deployment, program)
