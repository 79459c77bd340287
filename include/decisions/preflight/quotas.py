"""Instance quotas: may the account run as many machines as the pipeline's YAML names?

SageMaker counts each instance type by what it is used for, under names such as "ml.g4dn.xlarge for
spot training job usage", and many accounts begin with 0 of the larger ones.
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
"""What AWS limits over all instance types, by usage; spot training counts as training."""

FLEETS = 2
"""An update of an endpoint starts the new machines before it ends the old ones."""


@dataclass(frozen=True)
class Quota:
    """One limit of the account."""

    name: str
    code: str
    value: float


class Quotas:
    """The account's quotas for SageMaker, asked for when they are first looked at."""

    def __init__(self, aws: Aws) -> None:
        """Take what makes clients."""
        self._aws = aws

    def find(self, name: str) -> Quota | None:
        """Return the quota of this name, the account's own before AWS's default."""
        return self._applied.get(name) or self._defaults.get(name)

    @property
    def region(self) -> str:
        """Where they hold."""
        return str(self._client.meta.region_name)

    @property
    def emulator_host(self) -> str:
        """The host that is asked instead of AWS; empty where it is AWS."""
        return client_host(self._client) if is_emulator(self._client) else ""

    @cached_property
    def _client(self) -> Any:
        return self._aws("service-quotas")

    @cached_property
    def _applied(self) -> Mapping[str, Quota]:
        return self._listed("list_service_quotas")

    @cached_property
    def _defaults(self) -> Mapping[str, Quota]:
        """AWS's defaults: of a quota that nobody ever looked at, only these are listed."""
        return self._listed("list_aws_default_service_quotas")

    def _listed(self, operation: str) -> dict[str, Quota]:
        pages = self._client.get_paginator(operation).paginate(ServiceCode=SERVICE)
        found = (each for page in pages for each in page["Quotas"] if "Value" in each)
        return {
            each["QuotaName"]: Quota(each["QuotaName"], each["QuotaCode"], each["Value"])
            for each in found
        }


def check_quotas(quotas: Quotas, pipeline: Pipeline) -> Iterator[Finding]:
    """Yield for each kind of machine whether one run may have as many as the YAML asks for."""
    try:
        if quotas.emulator_host:
            yield unknown("quotas", f"{quotas.emulator_host} stands in for AWS: it has no quotas")
            return
        yield from [_judged(quotas, name, count) for name, count in needs(pipeline).items()]
        yield from list(_totals(quotas, pipeline))
    except Exception as error:
        yield failed_call("quotas", "servicequotas:ListServiceQuotas", error)


def needs(pipeline: Pipeline) -> dict[str, int]:
    """Return how many instances each quota must allow, by the quota's name.

    Of jobs that run one after the other the largest counts.
    """
    most: dict[str, int] = {}
    for instance_type, usage, count in _machines(pipeline):
        name = f"{instance_type} for {usage} usage"
        most[name] = max(count, most.get(name, 0))
    return most


def _machines(pipeline: Pipeline) -> Iterator[tuple[str, str, int]]:
    """Yield each stage's instance type, its usage as quotas name it, and how many."""
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
    most: Counter[str] = Counter()
    for _, usage, count in _machines(pipeline):
        name = TOTALS[usage.removeprefix("spot ")]
        most[name] = max(count, most[name])
    for name, count in most.items():
        if quotas.find(name):
            yield _judged(quotas, name, count)


def _judged(quotas: Quotas, name: str, needed: int) -> Finding:
    quota = quotas.find(name)
    check = f"quota {name}"
    if quota is None:
        return unknown(
            check,
            f"AWS lists no such quota in {quotas.region}",
            "see whether the instance type is offered there for that use",
        )
    if quota.value >= needed:
        return ok(check, f"{quota.value:g}, of which {needed} needed")
    return failed(
        check,
        f"{quota.value:g}, but {needed} needed",
        f"aws service-quotas request-service-quota-increase --service-code {SERVICE} "
        f"--quota-code {quota.code} --desired-value {needed} --region {quotas.region}; or name "
        "another machine in the YAML",
    )
