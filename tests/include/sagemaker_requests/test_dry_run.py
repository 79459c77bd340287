"""All requests of a pipeline are valid by botocore's service model."""

from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline, find_pipeline
from include.sagemaker_requests.job import LONGEST_PREFIX
from include.service_model.violations import find_violations
from sagemaker_jobs.jobs.identity import JobIdentity


@cache
def service() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")


@pytest.mark.parametrize("deployment_name", [None, "local"])
@pytest.mark.parametrize("pipeline_name", ["stanford_cars", "merch"])
def test_every_request_is_valid(
    pipeline_name: str, deployment_name: str | None, deployment: Deployment
) -> None:
    pipeline = find_pipeline(pipeline_name, deployment_name)
    requests = list(make.dry_run_requests(pipeline, deployment))
    assert [request.title for request in requests] == [
        *("fetch", "refresh", "im2rec", "evaluate", "select", "report", "train"),
        *("evaluation transform", "batch transform"),
        *("candidate's model", "package's model", "endpoint configuration", "endpoint"),
        *("package group", "package"),
    ]
    for request in requests:
        shape = service().operation_model(request.operation).input_shape
        assert not ParamValidator().validate(request.request, shape).has_errors(), request.title
        assert list(find_violations(shape, request.request)) == [], request.title


def test_a_placeholder_name_is_as_long_as_a_real_job_name(
    cars: Pipeline, deployment: Deployment
) -> None:
    """The limit is defined twice, because the jobs plugin does not import the project."""
    real = JobIdentity("d", "d", "t", "r", -1, 0).job_name("x" * 80, renewal=0, attempt=1)
    assert len(real) == 63
    assert real.index("-") == LONGEST_PREFIX
    longest = cars.model_copy(update={"name": "x" * 40})
    names = [
        request.request[field]
        for request in make.dry_run_requests(longest, deployment)
        for field in request.request
        if field.endswith("JobName")
    ]
    assert max(map(len, names)) == 63
