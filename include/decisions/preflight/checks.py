"""All checks, in the order in which people mend things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from include.config import Deployment, DeploymentError, Pipeline, PipelineError, find_pipeline
from include.config.deployment import SETTINGS
from include.decisions.preflight.access import Aws, failed_call
from include.decisions.preflight.bucket import check_bucket, check_writing
from include.decisions.preflight.endpoint import check_endpoint
from include.decisions.preflight.finding import Finding, failed, ok
from include.decisions.preflight.image import check_built_in, check_image
from include.decisions.preflight.quotas import Quotas, check_quotas
from include.decisions.preflight.requests import check_limits
from include.decisions.preflight.role import check_endpoint_role, check_role
from include.decisions.preflight.settings import check_login, check_region, check_settings
from include.storage.layout import Layout

Settings = Mapping[str, str]
"""The installation's Airflow Variables by name; one that is not set is empty or missing."""


def check_installation(aws: Aws, settings: Settings) -> list[Finding]:
    """Look at what all pipelines share: Variables, login, region, bucket, role, image.

    Args:
        aws: Makes a boto3 client of a service.
        settings: The Airflow Variables.
    """
    right = {
        setting.variable: value
        for setting in SETTINGS
        if (value := settings.get(setting.variable, "")) and setting.allows(value)
    }
    looks = {
        "artifact_bucket": check_bucket,
        "sagemaker_role_arn": check_role,
        "sagemaker_endpoint_role_arn": check_endpoint_role,
        "image_uri": check_image,
    }
    region = check_region(aws)
    found = [*check_settings(settings), check_login(aws), region]
    if region.status == "failed":  # Nowhere to look.
        return found
    return [*found, *(look(aws, right[name]) for name, look in looks.items() if name in right)]


def check_pipeline(
    aws: Aws, settings: Settings, name: str, quotas: Quotas | None = None
) -> list[Finding]:
    """Look at what one pipeline needs: its YAML, its folder, its machines, names and requests.

    Args:
        aws: Makes a boto3 client of a service.
        settings: The Airflow Variables.
        name: The pipeline.
        quotas: Those of the account, where several pipelines are looked at.
    """
    try:
        pipeline = find_pipeline(name, settings.get("deployment") or None)
    except PipelineError as error:
        return [failed("YAML", line, "mend the file") for line in str(error).splitlines()]
    try:
        deployment = _deployment(aws, settings)
    except DeploymentError as error:
        return [failed("installation", str(error), "set the Variable; the rest is not looked at")]
    except Exception as error:
        return [failed_call("region", "boto3.client", error)]
    return list(_of_pipeline(aws, pipeline, deployment, quotas or Quotas(aws)))


def _deployment(aws: Aws, settings: Settings) -> Deployment:
    values = {each.field: settings.get(each.variable, "") for each in SETTINGS}
    return Deployment(region=aws("sagemaker").meta.region_name, **values)


def _of_pipeline(
    aws: Aws, pipeline: Pipeline, deployment: Deployment, quotas: Quotas
) -> Iterator[Finding]:
    yield ok("YAML", f"{pipeline.name} as deployment {deployment.name} runs it")
    for message in pipeline.deprecations:
        yield ok("YAML", message)
    yield check_writing(aws, Layout(deployment.bucket, pipeline.name))
    if pipeline.training.algorithm == "built-in":
        yield check_built_in(deployment)
    yield check_endpoint(aws, pipeline, deployment)
    yield from check_limits(aws, pipeline, deployment)
    yield from check_quotas(quotas, pipeline)
