"""Request of the fetch job: files on the web to the source's folder in S3."""

from __future__ import annotations

from include.config.deployment import Deployment
from include.config.instances import FETCH_RUNTIME_MINUTES
from include.config.pipeline import Pipeline
from include.contracts.commands import Command, FetchFlag, Input, Output
from include.sagemaker_requests.job import JOB_NAME, JobRequest
from include.sagemaker_requests.processing import ProcessingStep, processing_request
from include.storage.layout import Layout


def fetch_request(pipeline: Pipeline, deployment: Deployment) -> JobRequest:
    """Return the job that fetches the files that fetching/request.json names.

    The job reaches the web and writes to S3 itself, under the role of jobs: files may be larger
    than its volume. The addresses are not in the request, because they may contain tokens.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    instance = pipeline.dataset.instance
    step = ProcessingStep(
        command=Command.FETCH,
        instance=instance.model_copy(update={"max_runtime_minutes": FETCH_RUNTIME_MINUTES}),
        flags={
            FetchFlag.SOURCE: layout.uri(layout.source),
            FetchFlag.DRAFTS: layout.uri(layout.fetching),
        },
        inputs={Input.REQUEST: layout.uri(layout.fetch_request)},
        outputs={Output.RESULT: layout.output(layout.refresh_run(JOB_NAME))},
        needs_network=True,
    )
    return processing_request(pipeline, deployment, step)
