"""Request of the evaluate job: a candidate's predictions to its evaluation."""

from __future__ import annotations

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.contracts.commands import Command, EvaluateFlag, Input, Output
from include.contracts.environment import Precision
from include.sagemaker_requests.job import JobRequest
from include.sagemaker_requests.processing import ProcessingStep, processing_request
from include.storage.layout import Layout


def evaluate_request(
    pipeline: Pipeline,
    deployment: Deployment,
    training_job: str,
    dataset_version: str,
    precision: Precision | None = None,
) -> JobRequest:
    """Return the job that compares a candidate's predictions with a dataset version's labels.

    `precision` is the candidate's serving precision, for the evaluation's record.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    step = ProcessingStep(
        command=Command.EVALUATE,
        instance=pipeline.evaluation.instance,
        flags={
            EvaluateFlag.SPLIT: pipeline.evaluation.split,
            **({EvaluateFlag.SERVING_PRECISION: precision} if precision else {}),
        },
        inputs={
            Input.PREDICTIONS: layout.uri(layout.evaluation_predictions(training_job)),
            Input.VERSION: layout.uri(layout.dataset(dataset_version)),
        },
        outputs={Output.RESULT: layout.output(layout.evaluation(training_job))},
    )
    return processing_request(pipeline, deployment, step)
