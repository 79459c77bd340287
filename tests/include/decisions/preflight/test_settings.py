"""Variables, login and region: what is missing is named with what sets it."""

from typing import Any

import pytest

from include.decisions.preflight.settings import check_login, check_region, check_settings
from tests.include.decisions.preflight.conftest import SETTINGS, StubbedAws


def test_variables_that_can_be_right_are_shown() -> None:
    findings = list(check_settings(SETTINGS))
    assert [each.status for each in findings] == ["ok"] * 6
    assert findings[1].check == "Variable artifact_bucket"
    assert findings[1].found == "some-bucket"


def test_a_variable_that_may_be_left_out_is_shown_with_what_counts_instead() -> None:
    for told in ({}, {"sagemaker_endpoint_role_arn": ""}):
        findings = {each.check: each for each in check_settings({**SETTINGS, **told})}
        endpoint = findings["Variable sagemaker_endpoint_role_arn"]
        assert endpoint.status == "ok"
        assert endpoint.found == "is not set: the role of sagemaker_role_arn counts"
    wrong = {**SETTINGS, "sagemaker_endpoint_role_arn": "endpoint"}
    findings = {each.check: each for each in check_settings(wrong)}
    assert findings["Variable sagemaker_endpoint_role_arn"].status == "failed"


def test_each_wrong_variable_is_told_not_the_first_only() -> None:
    wrong = {"deployment": "testing", "artifact_bucket": "Some Bucket", "image_uri": ""}
    findings = {each.check: each for each in check_settings(wrong)}
    assert findings["Variable deployment"].status == "ok"
    assert findings["Variable artifact_bucket"].found == "'Some Bucket' cannot be right"
    role = findings["Variable sagemaker_role_arn"]
    assert (role.status, role.found) == ("failed", "is not set")
    assert role.fix == (
        "set it to arn:aws:iam::<account>:role/<name>: "
        "airflow variables set sagemaker_role_arn <value>"
    )


def test_who_asks_is_told(aws: StubbedAws) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/airflow/x"
    answer = {"Account": "123456789012", "Arn": arn, "UserId": "x"}
    aws["sts"].answer("get_caller_identity", answer)
    assert check_login(aws).found == f"account 123456789012, as {arn}"


@pytest.mark.parametrize(
    ("code", "status"),
    [("ExpiredToken", "failed"), ("InvalidClientTokenId", "failed"), ("Throttling", "unknown")],
)
def test_credentials_that_aws_does_not_take_fail(aws: StubbedAws, code: str, status: str) -> None:
    aws["sts"].refuse("get_caller_identity", code, "The token is expired")
    finding = check_login(aws)
    assert finding.status == status
    assert "The token is expired" in finding.found
    assert ("credentials that are valid" in finding.fix) is (status == "failed")


def test_no_credentials_at_all_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import NoCredentialsError

    def none(service: str) -> Any:
        raise NoCredentialsError

    assert check_login(none).status == "failed"


def test_the_region_is_told(aws: StubbedAws) -> None:
    assert check_region(aws).found == "us-east-1"


@pytest.mark.parametrize(
    ("region", "status"), [("eu-cental", "failed"), ("eu-cental-1", "unknown")]
)
def test_a_misspelt_region_is_noticed(aws: StubbedAws, region: str, status: str) -> None:
    aws("sagemaker").meta._client_config._user_provided_options["region_name"] = region
    aws("sagemaker").meta._client_config.region_name = region
    finding = check_region(aws)
    assert (finding.status, region in finding.found) == (status, True)
    assert "region_name in the extra of the connection aws_default" in finding.fix


def test_no_region_fails() -> None:
    from botocore.exceptions import NoRegionError

    def nowhere(service: str) -> Any:
        raise NoRegionError

    assert check_region(nowhere).found == "no region is set"
