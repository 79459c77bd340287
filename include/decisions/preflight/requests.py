"""The pipeline's requests: would SageMaker take them, by its own model of them?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from include.config import Deployment, DeploymentError, Pipeline
from include.decisions.preflight.access import Aws, failed_call
from include.decisions.preflight.finding import Finding, failed, ok
from include.decisions.preflight.violations import find_problems
from include.sagemaker_requests import Rehearsed, rehearse
from include.sagemaker_requests.job import LONGEST_PREFIX


def check_limits(aws: Aws, pipeline: Pipeline, deployment: Deployment) -> Iterator[Finding]:
    """Yield what SageMaker would refuse of all that the pipeline will ask of it."""
    check = "requests"
    try:
        requests = list(rehearse(pipeline, deployment))
    except DeploymentError:
        return  # The built-in image's own check says so.
    try:
        model = aws("sagemaker").meta.service_model
    except Exception as error:
        yield failed_call(check, "boto3.client", error)
        return
    yield _names(requests)
    broken = [finding for each in requests for finding in _broken(model, each)]
    yield from broken
    if not broken:
        yield ok(check, f"all {len(requests)} that the pipeline makes keep SageMaker's limits")


def _names(requests: list[Rehearsed]) -> Finding:
    prefixes = [each.prefix for each in requests if each.prefix]
    cut = [prefix for prefix in prefixes if len(prefix) > LONGEST_PREFIX]
    longest = max(map(len, prefixes))
    found = f"start with up to {longest} characters, 12 digits tell jobs apart"
    if cut:
        found += f"; cut to {LONGEST_PREFIX}: {', '.join(cut)}"
    return ok("job names", found)


def _broken(model: Any, rehearsed: Rehearsed) -> Iterator[Finding]:
    shape = model.operation_model(rehearsed.operation).input_shape
    for found in find_problems(shape, rehearsed.request):
        place = f"{rehearsed.operation} {found.path}"
        yield failed(f"request {rehearsed.title}", f"{place}: {found.problem}", found.fix)
