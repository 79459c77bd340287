"""The submitting operators prepare a request and return what the sensor needs."""

from typing import Any

import pytest
from botocore.stub import Stubber

from sagemaker_jobs import SageMakerSubmitTrainingOperator, SageMakerSubmitTransformOperator
from sagemaker_jobs.jobs.ensure import REQUEST_TAG
from sagemaker_jobs.jobs.identity import request_digest
from tests.plugins.sagemaker_jobs.descriptions import context
from tests.plugins.sagemaker_jobs.tasks import (
    CONFIG,
    JOB,
    REQUEST,
    run,
    stub_create,
    stub_missing_job,
    with_client,
)


def test_the_result_has_what_the_sensor_needs(sagemaker: Stubber, client: Any) -> None:
    stub_missing_job(sagemaker)
    stub_create(sagemaker)
    submit = SageMakerSubmitTrainingOperator(task_id="submit", request=REQUEST)
    assert run(with_client(submit, client), context=context()) == JOB


def test_the_job_is_tagged_with_its_request_and_its_tasks(sagemaker: Stubber, client: Any) -> None:
    stub_missing_job(sagemaker)
    tags = {
        REQUEST_TAG: request_digest("training", CONFIG),
        "sagemaker-jobs:task": "cars__training/submit/manual__1",
        "sagemaker-jobs:sensor": "group.wait",
    }
    stub_create(sagemaker, [{"Key": key, "Value": value} for key, value in tags.items()])
    submit = SageMakerSubmitTrainingOperator(
        task_id="submit", request=REQUEST, sensor_task_id="group.wait"
    )
    run(with_client(submit, client), context=context())


def test_numbers_that_templates_rendered_as_text_are_parsed(
    sagemaker: Stubber, client: Any
) -> None:
    stub_missing_job(sagemaker)
    stub_create(sagemaker)
    config = {**CONFIG, "StoppingCondition": {"MaxRuntimeInSeconds": "600"}}
    submit = SageMakerSubmitTrainingOperator(
        task_id="submit", request={**REQUEST, "config": config}
    )
    # The sensor compares requests, so it gets the request that was sent.
    assert run(with_client(submit, client), context=context())["request"] == REQUEST


def test_an_incomplete_request_is_an_error_that_names_the_missing_fields() -> None:
    submit = SageMakerSubmitTransformOperator(task_id="submit", request={"prefix": "cars"})
    with pytest.raises(
        ValueError, match="task submit: the request has no deployment and no config"
    ):
        run(submit, context=context())
