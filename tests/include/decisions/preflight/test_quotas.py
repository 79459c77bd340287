"""Tests of the check of instance quotas."""

from typing import Any

import pytest

from include.config import Pipeline
from include.config.instances import InstanceConfig
from include.decisions.preflight.quotas import Quotas, check_quotas, needs
from tests.include.decisions.preflight.conftest import StubbedAws

SPOT = "ml.g4dn.xlarge for spot training job usage"
ENOUGH = {
    SPOT: 1.0,
    "ml.c5.2xlarge for processing job usage": 4.0,
    "ml.c5.xlarge for processing job usage": 4.0,
    "ml.c5.xlarge for transform job usage": 1.0,
    "ml.c5.xlarge for endpoint usage": 2.0,
}


def listed(aws: StubbedAws, operation: str, values: dict[str, float], pages: int = 1) -> None:
    """Prepare the answers of one listing of quotas, in pages."""
    quotas: list[Any] = [
        {"QuotaName": name, "QuotaCode": f"L-{number:08X}", "Value": value}
        for number, (name, value) in enumerate(values.items())
    ]
    size = -(-len(quotas) // pages) or 1
    for page in range(pages):
        more = {"NextToken": str(page + 1)} if page + 1 < pages else {}
        request = {"ServiceCode": "sagemaker"} | ({"NextToken": str(page)} if page else {})
        part = quotas[page * size : (page + 1) * size]
        aws["service-quotas"].answer(operation, {"Quotas": part, **more}, **request)


def found(aws: StubbedAws, pipeline: Pipeline) -> dict[str, Any]:
    return {finding.check: finding for finding in check_quotas(Quotas(aws), pipeline)}


def test_a_pipelines_instances_are_counted_by_usage(cars: Pipeline) -> None:
    """An endpoint's update runs old and new instances at the same time; jobs run one by one."""
    assert needs(cars) == {name: 2 if "endpoint" in name else 1 for name in ENOUGH}
    other = InstanceConfig(instance_type="ml.c5.9xlarge")
    training = cars.training.model_copy(
        update={"spot": False, "instance_count": 3, "instance": other, "algorithm": "custom"}
    )
    conversion = cars.conversion.model_copy(update={"instance_count": 4})
    larger = needs(cars.model_copy(update={"training": training, "conversion": conversion}))
    assert larger["ml.c5.9xlarge for training job usage"] == 3
    assert larger["ml.c5.2xlarge for processing job usage"] == 4
    assert not any("spot" in name for name in larger)


def test_sufficient_quotas_are_ok(aws: StubbedAws, cars: Pipeline) -> None:
    listed(aws, "list_service_quotas", ENOUGH, pages=2)
    listed(aws, "list_aws_default_service_quotas", {})
    findings = found(aws, cars)
    assert {finding.status for finding in findings.values()} == {"ok"}
    assert findings[f"quota {SPOT}"].found == "1, and 1 needed"


def test_an_insufficient_quota_fails_with_the_command_for_an_increase(
    aws: StubbedAws, cars: Pipeline
) -> None:
    listed(aws, "list_service_quotas", ENOUGH | {SPOT: 0.0})
    listed(aws, "list_aws_default_service_quotas", {})
    finding = found(aws, cars)[f"quota {SPOT}"]
    assert (finding.status, finding.found) == ("failed", "0, but 1 needed")
    assert finding.fix == (
        "aws service-quotas request-service-quota-increase --service-code sagemaker "
        "--quota-code L-00000000 --desired-value 1 --region us-east-1; "
        "or use another instance type in the YAML"
    )


def test_awss_default_applies_if_the_account_has_no_value(aws: StubbedAws, cars: Pipeline) -> None:
    listed(aws, "list_service_quotas", {name: 9.0 for name in ENOUGH if name != SPOT})
    listed(
        aws, "list_aws_default_service_quotas", {SPOT: 0.0, "ml.c5.xlarge for endpoint usage": 0}
    )
    findings = found(aws, cars)
    assert findings[f"quota {SPOT}"].status == "failed"
    assert findings["quota ml.c5.xlarge for endpoint usage"].status == "ok"


def test_a_quota_over_all_types_is_checked(aws: StubbedAws, cars: Pipeline) -> None:
    total = "Number of instances across all processing jobs"
    conversion = cars.conversion.model_copy(update={"instance_count": 4})
    listed(aws, "list_service_quotas", ENOUGH | {total: 3.0})
    listed(aws, "list_aws_default_service_quotas", {})
    findings = found(aws, cars.model_copy(update={"conversion": conversion}))
    assert findings[f"quota {total}"].found == "3, but 4 needed"


def test_a_quota_that_is_not_listed_is_unknown(aws: StubbedAws, cars: Pipeline) -> None:
    listed(aws, "list_service_quotas", {})
    listed(aws, "list_aws_default_service_quotas", {})
    findings = found(aws, cars)
    assert {finding.status for finding in findings.values()} == {"unknown"}
    assert findings[f"quota {SPOT}"].found == "AWS lists no such quota in us-east-1"


@pytest.mark.parametrize("code", ["AccessDeniedException", "TooManyRequestsException"])
def test_after_an_error_the_quotas_are_unknown(aws: StubbedAws, cars: Pipeline, code: str) -> None:
    aws["service-quotas"].refuse("list_service_quotas", code)
    (finding,) = found(aws, cars).values()
    assert (finding.check, finding.status) == ("quotas", "unknown")
    assert "servicequotas:ListServiceQuotas" in finding.found


def test_an_emulator_has_no_quotas(aws: StubbedAws, cars: Pipeline) -> None:
    aws.use_emulator("service-quotas")
    (finding,) = found(aws, cars).values()
    assert finding.found == "127.0.0.1 is not AWS, and has no quotas"


def test_quotas_are_read_once_for_several_pipelines(aws: StubbedAws, cars: Pipeline) -> None:
    listed(aws, "list_service_quotas", ENOUGH)
    listed(aws, "list_aws_default_service_quotas", {})
    quotas = Quotas(aws)
    assert list(check_quotas(quotas, cars)) == list(check_quotas(quotas, cars))
