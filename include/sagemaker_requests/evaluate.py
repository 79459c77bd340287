"""A candidate's predictions to its figures."""

from __future__ import annotations

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.sagemaker_requests.job import JobRequest
from include.sagemaker_requests.precision import Precision
from include.sagemaker_requests.processing import Program, processing_request
from include.storage.layout import Layout


def evaluate_request(
    pipeline: Pipeline,
    deployment: Deployment,
    training_job: str,
    dataset_version: str,
    precision: Precision | None = None,
) -> JobRequest:
    """Return the job that compares a candidate's answers with a dataset version's labels.

    `precision` is the one in which the candidate answered, for the evaluation's record.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    program = Program(
        name="evaluate",
        instance=pipeline.evaluation.instance,
        flags={
            "split": pipeline.evaluation.split,
            **({"serving-precision": precision} if precision else {}),
        },
        inputs={
            "predictions": layout.uri(layout.evaluation_predictions(training_job)),
            "version": layout.uri(layout.dataset(dataset_version)),
        },
        outputs={"result": layout.output(layout.evaluation(training_job))},
    )
    return processing_request(pipeline, deployment, program)
