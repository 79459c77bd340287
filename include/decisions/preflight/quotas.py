"""Check of the account's instance quotas against the instances in the pipeline's YAML.

SageMaker has a quota for each instance type and usage, with names such as "ml.g4dn.xlarge for spot
training job usage". Many new accounts have a quota of 0 for larger types.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from include.config import Pipeline
from include.decisions.preflight.access import Aws, client_host, failed_call, is_emulator
from include.decisions.preflight.finding import Finding, failed, ok, unknown

SERVICE = "sagemaker"
TOTALS = {
    "training job": "Number of instances across all training jobs",
    "processing job": "Number of instances across all processing jobs",
    "transform job": "Number of instances across all transform jobs",
    "endpoint": "Number of instances across active endpoints",
}
"""The quotas over all instance types, by usage; spot training counts as training."""

FLEETS = 2
"""An endpoint's update starts the new instances before it stops the old ones."""


@dataclass(frozen=True)
class Quota:
    """A quota of the account."""

    name: str
    code: str
    value: float


class Quotas:
    """The account's quotas for SageMaker, read from AWS at the first use.

    Args:
        aws: Returns a boto3 client of a service.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def find(self, name: str) -> Quota | None:
        """Return the quota with this name: the account's value, else AWS's default, else None."""
        return self._applied.get(name) or self._defaults.get(name)

    @property
    def region(self) -> str:
        """The region of the quotas."""
        return str(self._client.meta.region_name)

    @property
    def emulator_host(self) -> str:
        """The host of an emulator that is used instead of AWS; "" for AWS."""
        return client_host(self._client) if is_emulator(self._client) else ""

    @cached_property
    def _client(self) -> Any:
        return self._aws("service-quotas")

    @cached_property
    def _applied(self) -> Mapping[str, Quota]:
        return self._listed("list_service_quotas")

    @cached_property
    def _defaults(self) -> Mapping[str, Quota]:
        """AWS's defaults; a quota that the account has never used is listed only here."""
        return self._listed("list_aws_default_service_quotas")

    def _listed(self, operation: str) -> dict[str, Quota]:
        pages = self._client.get_paginator(operation).paginate(ServiceCode=SERVICE)
        quotas = (quota for page in pages for quota in page["Quotas"] if "Value" in quota)
        return {
            quota["QuotaName"]: Quota(quota["QuotaName"], quota["QuotaCode"], quota["Value"])
            for quota in quotas
        }


def check_quotas(quotas: Quotas, pipeline: Pipeline) -> Iterator[Finding]:
    """Yield whether each quota allows as many instances as the pipeline's YAML needs."""
    try:
        if quotas.emulator_host:
            yield unknown("quotas", f"{quotas.emulator_host} is not AWS, and has no quotas")
            return
        yield from [_check(quotas, name, count) for name, count in needs(pipeline).items()]
        yield from list(_totals(quotas, pipeline))
    except Exception as error:
        yield failed_call("quotas", "servicequotas:ListServiceQuotas", error)


def needs(pipeline: Pipeline) -> dict[str, int]:
    """Return the number of instances that each quota must allow, by the quota's name.

    Jobs of a pipeline run one after another, so that the largest number counts.
    """
    needed: dict[str, int] = {}
    for instance_type, usage, count in _instances(pipeline):
        name = f"{instance_type} for {usage} usage"
        needed[name] = max(count, needed.get(name, 0))
    return needed


def _instances(pipeline: Pipeline) -> Iterator[tuple[str, str, int]]:
    """Yield each stage's instance type, its usage in the names of quotas, and its count."""
    conversion, training, endpoint = pipeline.conversion, pipeline.training, pipeline.endpoint
    yield pipeline.dataset.instance.instance_type, "processing job", 1
    yield conversion.instance.instance_type, "processing job", conversion.instance_count
    yield pipeline.evaluation.instance.instance_type, "processing job", 1
    yield pipeline.batch.instance.instance_type, "processing job", 1
    usage = "spot training job" if training.spot else "training job"
    yield training.instance.instance_type, usage, training.instance_count
    for transform in (pipeline.evaluation.transform, pipeline.batch.transform):
        yield transform.instance_type, "transform job", transform.instance_count
    yield endpoint.instance_type, "endpoint", FLEETS * endpoint.instance_count


def _totals(quotas: Quotas, pipeline: Pipeline) -> Iterator[Finding]:
    needed: Counter[str] = Counter()
    for _, usage, count in _instances(pipeline):
        name = TOTALS[usage.removeprefix("spot ")]
        needed[name] = max(count, needed[name])
    for name, count in needed.items():
        if quotas.find(name):
            yield _check(quotas, name, count)


def _check(quotas: Quotas, name: str, needed: int) -> Finding:
    quota = quotas.find(name)
    check = f"quota {name}"
    if quota is None:
        return unknown(
            check,
            f"AWS lists no such quota in {quotas.region}",
            "check that the instance type is available in this region for this usage",
        )
    if quota.value >= needed:
        return ok(check, f"{quota.value:g}, and {needed} needed")
    return failed(
        check,
        f"{quota.value:g}, but {needed} needed",
        f"aws service-quotas request-service-quota-increase --service-code {SERVICE} "
        f"--quota-code {quota.code} --desired-value {needed} --region {quotas.region}; or use "
        "another instance type in the YAML",
    )
