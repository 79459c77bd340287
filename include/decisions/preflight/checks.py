"""All checks, in the order in which their findings should be fixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from include.config import Deployment, DeploymentError, Pipeline, PipelineError, find_pipeline
from include.config.deployment import SETTINGS
from include.decisions.preflight.access import Aws, failed_call
from include.decisions.preflight.bucket import check_bucket, check_source_bucket, check_writing
from include.decisions.preflight.encryption import check_encryption
from include.decisions.preflight.endpoint import check_endpoint
from include.decisions.preflight.finding import Finding, failed, ok
from include.decisions.preflight.image import check_built_in, check_image
from include.decisions.preflight.quotas import Quotas, check_quotas
from include.decisions.preflight.releases import check_releases
from include.decisions.preflight.requests import check_limits
from include.decisions.preflight.role import check_endpoint_role, check_role, role_of
from include.decisions.preflight.settings import check_login, check_region, check_settings
from include.storage.layout import Layout

Settings = Mapping[str, str]
"""The installation's Airflow Variables by name; a Variable that is not set is empty or missing."""


def check_installation(aws: Aws, settings: Settings) -> list[Finding]:
    """Check what all pipelines share: Variables, login, region, bucket and its key, roles, image.

    Args:
        aws: Returns a boto3 client of a service.
        settings: The Airflow Variables.
    """
    valid = {
        setting.variable: value
        for setting in SETTINGS
        if (value := settings.get(setting.variable, "")) and setting.allows(value)
    }
    checks = {
        "sagemaker_role_arn": check_role,
        "sagemaker_endpoint_role_arn": check_endpoint_role,
        "image_uri": check_image,
    }
    region = check_region(aws)
    login = check_login(aws)
    found = [*check_settings(settings), login, region]
    if region.status == "failed":  # without a region no other service can be called
        return found
    if bucket := valid.get("artifact_bucket"):
        found += check_bucket(aws, bucket)
    found += [check(aws, valid[name]) for name, check in checks.items() if name in valid]
    if bucket:
        found += check_encryption(aws, bucket, _roles(login, valid))
    return found


def _roles(login: Finding, valid: Settings) -> dict[str, str]:
    """Return the roles that read and write the bucket, by what names them."""
    names = ("sagemaker_role_arn", "sagemaker_endpoint_role_arn")
    roles = {f"Variable {name}": valid[name] for name in names if name in valid}
    own = role_of(login.found.rpartition(" ")[2])
    return {**({"login": own} if own else {}), **roles}


def check_pipeline(
    aws: Aws, settings: Settings, name: str, quotas: Quotas | None = None
) -> list[Finding]:
    """Check what one pipeline needs: its YAML, S3 folder, names, releases, requests and quotas.

    Args:
        aws: Returns a boto3 client of a service.
        settings: The Airflow Variables.
        name: The pipeline's name.
        quotas: The account's quotas, to read them only once for several pipelines.
    """
    try:
        pipeline = find_pipeline(name, settings.get("deployment") or None)
    except PipelineError as error:
        return [failed("YAML", line, "fix the file") for line in str(error).splitlines()]
    try:
        deployment = _deployment(aws, settings)
    except DeploymentError as error:
        fix = "set the Variable; the pipeline's other checks were not made"
        return [failed("installation", str(error), fix)]
    except Exception as error:
        return [failed_call("region", "boto3.client", error)]
    return list(_check_deployed(aws, pipeline, deployment, quotas or Quotas(aws)))


def _deployment(aws: Aws, settings: Settings) -> Deployment:
    values = {setting.field: settings.get(setting.variable, "") for setting in SETTINGS}
    return Deployment(region=aws("sagemaker").meta.region_name, **values)


def _check_deployed(
    aws: Aws, pipeline: Pipeline, deployment: Deployment, quotas: Quotas
) -> Iterator[Finding]:
    yield ok("YAML", f"{pipeline.name} as deployment {deployment.name} runs it")
    for message in pipeline.deprecations:
        yield ok("YAML", message)
    yield check_writing(aws, Layout(deployment.bucket, pipeline.name))
    yield from check_source_bucket(aws, pipeline, deployment)
    if pipeline.training.algorithm == "built-in":
        yield check_built_in(deployment)
    yield check_endpoint(aws, pipeline, deployment)
    yield from check_releases(aws, pipeline, deployment)
    yield from check_limits(aws, pipeline, deployment)
    yield from check_quotas(quotas, pipeline)
