"""Request of the select job: the listing of `incoming/` to the images of a batch."""

from __future__ import annotations

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.contracts.commands import Command, Output, Screening, SelectFlag
from include.sagemaker_requests.job import JOB_NAME, JobRequest
from include.sagemaker_requests.processing import ProcessingStep, processing_request
from include.storage.layout import Layout

RUN_TIME = "%Y%m%dT%H%M%S"
"""The format of a run's time in the names of batches, which are sorted by it."""


def select_request(
    pipeline: Pipeline,
    deployment: Deployment,
    run_time: str,
    screening: Screening,
    everything: bool,
) -> JobRequest:
    """Return the job that chooses the images of a batch.

    The job has no inputs: SageMaker would copy all of `incoming/`. It lists S3 itself, under the
    role of jobs, and is therefore not isolated from the network.

    Args:
        pipeline: The batch's pipeline.
        deployment: The deployment in which the job runs.
        run_time: The time of the run, in the format `RUN_TIME`.
        screening: How images are screened.
        everything: Whether images that were predicted before may be predicted again.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    step = ProcessingStep(
        command=Command.SELECT,
        instance=pipeline.batch.instance,
        flags={
            SelectFlag.INCOMING: layout.uri(layout.incoming),
            SelectFlag.BATCHES: layout.uri(layout.batches),
            SelectFlag.RUN_TIME: run_time,
            SelectFlag.MAX_IMAGES: str(pipeline.batch.max_images),
            SelectFlag.MAX_BYTES: str(pipeline.batch.transform.max_payload_bytes),
            SelectFlag.IMAGES: "all" if everything else "new",
            SelectFlag.SCREENING: screening,
        },
        inputs={},
        outputs={
            Output.RESULT: layout.output(layout.selection(JOB_NAME)),
            Output.BATCHES: layout.output(layout.batches),
        },
        needs_network=True,
    )
    return processing_request(pipeline, deployment, step)
