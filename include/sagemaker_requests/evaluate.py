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
    temperature: float | None = None,
) -> JobRequest:
    """Return the job that compares a candidate's predictions with a dataset version's labels.

    Args:
        pipeline: The candidate's pipeline.
        deployment: The deployment in which the job runs.
        training_job: The candidate's training job.
        dataset_version: The dataset version.
        precision: The candidate's serving precision, for the evaluation's record.
        temperature: The training job's metric calibration:temperature, if it has one. The
            evaluation then has the calibration error without this temperature, too.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    step = ProcessingStep(
        command=Command.EVALUATE,
        instance=pipeline.evaluation.instance,
        flags={
            EvaluateFlag.SPLIT: pipeline.evaluation.split,
            **({EvaluateFlag.SERVING_PRECISION: precision} if precision else {}),
            **({EvaluateFlag.TEMPERATURE: f"{temperature:.6g}"} if temperature else {}),
        },
        inputs={
            Input.PREDICTIONS: layout.uri(layout.evaluation_predictions(training_job)),
            Input.VERSION: layout.uri(layout.dataset(dataset_version)),
        },
        outputs={Output.RESULT: layout.output(layout.evaluation(training_job))},
    )
    return processing_request(pipeline, deployment, step)
