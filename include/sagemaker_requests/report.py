"""A batch's predictions to a table and a gallery."""

from __future__ import annotations

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.sagemaker_requests.job import JobRequest
from include.sagemaker_requests.processing import Program, processing_request
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
        pipeline: Whose batch it is.
        deployment: Where it runs.
        batch: The batch; its images are those of its manifest.
        dataset_version: The version that the model was trained on, for its classes' names.
        with_truth: Whether the true classes are known, in the folder for them.
        training_job: Whose evaluation's answers the batch is compared with; None for no comparison.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    inputs = {
        "predictions": layout.uri(layout.batch_predictions(batch)),
        "images": layout.uri(layout.batch_manifest(batch)),
        "version": layout.uri(layout.dataset(dataset_version)),
    }
    if with_truth:
        inputs["truth"] = layout.uri(layout.truth)
    if training_job is not None:
        inputs["evaluation"] = layout.uri(layout.evaluation_answers(training_job))
    program = Program(
        name="report",
        instance=pipeline.batch.instance,
        flags={"batch": batch, "uncertain-below": str(pipeline.batch.uncertain_below)},
        inputs=inputs,
        outputs={"result": layout.output(layout.batch_report(batch))},
        manifests=frozenset({"images"}),
    )
    return processing_request(pipeline, deployment, program)
