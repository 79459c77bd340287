"""The account may run each machine that the YAML names, counted as SageMaker counts."""

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
    """Script the quotas of one listing, in pages."""
    quotas: list[Any] = [
        {"QuotaName": name, "QuotaCode": f"L-{number:08X}", "Value": value}
        for number, (name, value) in enumerate(values.items())
    ]
    size = -(-len(quotas) // pages) or 1
    for page in range(pages):
        more = {"NextToken": str(page + 1)} if page + 1 < pages else {}
        asked = {"ServiceCode": "sagemaker"} | ({"NextToken": str(page)} if page else {})
        part = quotas[page * size : (page + 1) * size]
        aws["service-quotas"].answer(operation, {"Quotas": part, **more}, **asked)


def found(aws: StubbedAws, pipeline: Pipeline) -> dict[str, Any]:
    return {each.check: each for each in check_quotas(Quotas(aws), pipeline)}


def test_a_pipelines_machines_are_counted_by_use(cars: Pipeline) -> None:
    """An endpoint's update runs old and new machines side by side; jobs follow one another."""
    assert needs(cars) == {name: 2 if "endpoint" in name else 1 for name in ENOUGH}
    own = InstanceConfig(instance_type="ml.c5.9xlarge")
    training = cars.training.model_copy(
        update={"spot": False, "instance_count": 3, "instance": own, "algorithm": "custom"}
    )
    conversion = cars.conversion.model_copy(update={"instance_count": 4})
    larger = needs(cars.model_copy(update={"training": training, "conversion": conversion}))
    assert larger["ml.c5.9xlarge for training job usage"] == 3
    assert larger["ml.c5.2xlarge for processing job usage"] == 4
    assert not any("spot" in name for name in larger)


def test_quotas_that_allow_it_are_right(aws: StubbedAws, cars: Pipeline) -> None:
    listed(aws, "list_service_quotas", ENOUGH, pages=2)
    listed(aws, "list_aws_default_service_quotas", {})
    findings = found(aws, cars)
    assert {each.status for each in findings.values()} == {"ok"}
    assert findings[f"quota {SPOT}"].found == "1, of which 1 needed"


def test_a_quota_of_none_fails_with_the_command_that_asks_for_more(
    aws: StubbedAws, cars: Pipeline
) -> None:
    listed(aws, "list_service_quotas", ENOUGH | {SPOT: 0.0})
    listed(aws, "list_aws_default_service_quotas", {})
    finding = found(aws, cars)[f"quota {SPOT}"]
    assert (finding.status, finding.found) == ("failed", "0, but 1 needed")
    assert finding.fix == (
        "aws service-quotas request-service-quota-increase --service-code sagemaker "
        "--quota-code L-00000000 --desired-value 1 --region us-east-1; "
        "or name another machine in the YAML"
    )


def test_awss_default_counts_where_the_account_has_no_value(
    aws: StubbedAws, cars: Pipeline
) -> None:
    listed(aws, "list_service_quotas", {name: 9.0 for name in ENOUGH if name != SPOT})
    listed(
        aws, "list_aws_default_service_quotas", {SPOT: 0.0, "ml.c5.xlarge for endpoint usage": 0}
    )
    findings = found(aws, cars)
    assert findings[f"quota {SPOT}"].status == "failed"
    assert findings["quota ml.c5.xlarge for endpoint usage"].status == "ok"


def test_a_limit_over_all_types_counts_where_there_is_one(aws: StubbedAws, cars: Pipeline) -> None:
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
    assert {each.status for each in findings.values()} == {"unknown"}
    assert findings[f"quota {SPOT}"].found == "AWS lists no such quota in us-east-1"


@pytest.mark.parametrize("code", ["AccessDeniedException", "TooManyRequestsException"])
def test_who_may_not_ask_does_not_know(aws: StubbedAws, cars: Pipeline, code: str) -> None:
    aws["service-quotas"].refuse("list_service_quotas", code)
    (finding,) = found(aws, cars).values()
    assert (finding.check, finding.status) == ("quotas", "unknown")
    assert "servicequotas:ListServiceQuotas" in finding.found


def test_a_stand_in_for_aws_has_no_quotas(aws: StubbedAws, cars: Pipeline) -> None:
    aws.stand_in("service-quotas")
    (finding,) = found(aws, cars).values()
    assert finding.found == "127.0.0.1 stands in for AWS: it has no quotas"


def test_several_pipelines_ask_once(aws: StubbedAws, cars: Pipeline) -> None:
    listed(aws, "list_service_quotas", ENOUGH)
    listed(aws, "list_aws_default_service_quotas", {})
    quotas = Quotas(aws)
    assert list(check_quotas(quotas, cars)) == list(check_quotas(quotas, cars))
