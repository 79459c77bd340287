"""Check of the pipeline's requests against botocore's service model of SageMaker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from include.config import Deployment, DeploymentError, Pipeline
from include.decisions.preflight.access import Aws, failed_call
from include.decisions.preflight.finding import Finding, failed, ok
from include.decisions.preflight.violations import find_problems
from include.sagemaker_requests import DryRunRequest, dry_run_requests
from include.sagemaker_requests.job import LONGEST_PREFIX


def check_limits(aws: Aws, pipeline: Pipeline, deployment: Deployment) -> Iterator[Finding]:
    """Yield the findings about all requests that the pipeline will send to SageMaker."""
    check = "requests"
    try:
        requests = list(dry_run_requests(pipeline, deployment))
    except DeploymentError:
        return  # reported by `check_built_in`
    try:
        model = aws("sagemaker").meta.service_model
    except Exception as error:
        yield failed_call(check, "boto3.client", error)
        return
    yield _names(requests)
    problems = [finding for request in requests for finding in _problems(model, request)]
    yield from problems
    if not problems:
        yield ok(
            check, f"all {len(requests)} requests of the pipeline are within SageMaker's limits"
        )


def _names(requests: list[DryRunRequest]) -> Finding:
    prefixes = [request.prefix for request in requests if request.prefix]
    cut = [prefix for prefix in prefixes if len(prefix) > LONGEST_PREFIX]
    longest = max(map(len, prefixes))
    found = f"prefix of up to {longest} characters and a hash of 12 digits"
    if cut:
        found += f"; cut to {LONGEST_PREFIX}: {', '.join(cut)}"
    return ok("job names", found)


def _problems(model: Any, request: DryRunRequest) -> Iterator[Finding]:
    shape = model.operation_model(request.operation).input_shape
    for found in find_problems(shape, request.request):
        field = f"{request.operation} {found.path}"
        yield failed(f"request {request.title}", f"{field}: {found.problem}", found.fix)
