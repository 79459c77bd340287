"""Tests of the checks of Variables, credentials and region."""

from typing import Any

import pytest

from include.decisions.preflight.settings import check_login, check_region, check_settings
from tests.include.decisions.preflight.conftest import SETTINGS, StubbedAws


def test_valid_variables_are_ok() -> None:
    findings = list(check_settings(SETTINGS))
    assert [finding.status for finding in findings] == ["ok"] * 6
    assert findings[1].check == "Variable artifact_bucket"
    assert findings[1].found == "some-bucket"


def test_an_optional_variable_is_shown_with_its_default() -> None:
    for changes in ({}, {"sagemaker_endpoint_role_arn": ""}):
        findings = {finding.check: finding for finding in check_settings({**SETTINGS, **changes})}
        endpoint = findings["Variable sagemaker_endpoint_role_arn"]
        assert endpoint.status == "ok"
        assert endpoint.found == "is not set, default: the role of sagemaker_role_arn"
    wrong = {**SETTINGS, "sagemaker_endpoint_role_arn": "endpoint"}
    findings = {finding.check: finding for finding in check_settings(wrong)}
    assert findings["Variable sagemaker_endpoint_role_arn"].status == "failed"


def test_all_invalid_variables_are_reported() -> None:
    wrong = {"deployment": "testing", "artifact_bucket": "Some Bucket", "image_uri": ""}
    findings = {finding.check: finding for finding in check_settings(wrong)}
    assert findings["Variable deployment"].status == "ok"
    assert findings["Variable artifact_bucket"].found == "'Some Bucket' is not valid"
    role = findings["Variable sagemaker_role_arn"]
    assert (role.status, role.found) == ("failed", "is not set")
    assert role.fix == (
        "set it to arn:aws:iam::<account>:role/<name>: "
        "airflow variables set sagemaker_role_arn <value>"
    )


def test_the_callers_identity_is_reported(aws: StubbedAws) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/airflow/x"
    answer = {"Account": "123456789012", "Arn": arn, "UserId": "x"}
    aws["sts"].answer("get_caller_identity", answer)
    assert check_login(aws).found == f"account 123456789012, as {arn}"


@pytest.mark.parametrize(
    ("code", "status"),
    [("ExpiredToken", "failed"), ("InvalidClientTokenId", "failed"), ("Throttling", "unknown")],
)
def test_rejected_credentials_fail(aws: StubbedAws, code: str, status: str) -> None:
    aws["sts"].refuse("get_caller_identity", code, "The token is expired")
    finding = check_login(aws)
    assert finding.status == status
    assert "The token is expired" in finding.found
    assert ("valid credentials" in finding.fix) is (status == "failed")


def test_missing_credentials_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import NoCredentialsError

    def none(service: str) -> Any:
        raise NoCredentialsError

    assert check_login(none).status == "failed"


def test_the_region_is_reported(aws: StubbedAws) -> None:
    assert check_region(aws).found == "us-east-1"


@pytest.mark.parametrize(
    ("region", "status"), [("eu-cental", "failed"), ("eu-cental-1", "unknown")]
)
def test_a_misspelled_region_is_reported(aws: StubbedAws, region: str, status: str) -> None:
    aws("sagemaker").meta._client_config._user_provided_options["region_name"] = region
    aws("sagemaker").meta._client_config.region_name = region
    finding = check_region(aws)
    assert (finding.status, region in finding.found) == (status, True)
    assert "region_name in the extra of the connection aws_default" in finding.fix


def test_a_missing_region_fails() -> None:
    from botocore.exceptions import NoRegionError

    def without_region(service: str) -> Any:
        raise NoRegionError

    assert check_region(without_region).found == "no region is set"
