"""Request of the report job: a batch's predictions to a table, a gallery and figures."""

from __future__ import annotations

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.contracts.commands import Command, Input, Output, ReportFlag
from include.sagemaker_requests.job import JobRequest
from include.sagemaker_requests.processing import ProcessingStep, processing_request
from include.storage.layout import Layout


def report_request(
    pipeline: Pipeline,
    deployment: Deployment,
    batch: str,
    dataset_version: str,
    with_truth: bool,
    training_job: str | None = None,
) -> JobRequest:
    """Return the job that reports a batch.

    Args:
        pipeline: The batch's pipeline.
        deployment: The deployment in which the job runs.
        batch: The batch; its images are those of its manifest.
        dataset_version: The version that the model was trained on, for the names of the classes.
        with_truth: Whether the true classes are known, in the folder for them.
        training_job: The training job whose evaluation the batch is compared with; None for no
            comparison.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    inputs = {
        Input.PREDICTIONS: layout.uri(layout.batch_predictions(batch)),
        Input.IMAGES: layout.uri(layout.batch_manifest(batch)),
        Input.PLAN: layout.uri(layout.batch_plan(batch)),
        Input.VERSION: layout.uri(layout.dataset(dataset_version)),
    }
    if with_truth:
        inputs[Input.TRUTH] = layout.uri(layout.truth)
    if training_job is not None:
        inputs[Input.EVALUATION] = layout.uri(layout.evaluation_answers(training_job))
    step = ProcessingStep(
        command=Command.REPORT,
        instance=pipeline.batch.instance,
        flags={
            ReportFlag.BATCH: batch,
            ReportFlag.UNCERTAIN_BELOW: str(pipeline.batch.uncertain_below),
        },
        inputs=inputs,
        outputs={Output.RESULT: layout.output(layout.batch_report(batch))},
        manifests=frozenset({Input.IMAGES}),
    )
    return processing_request(pipeline, deployment, step)
