"""Tests of all checks together, and of the table of findings."""

from pathlib import Path
from typing import Any

import pytest

from include.decisions.preflight import check_installation, check_pipeline, failures, table
from include.decisions.preflight.finding import failed, ok, unknown
from tests.include.decisions.preflight.conftest import SETTINGS, StubbedAws

INSTALLATION = ["login", "region", "bucket", "role", "image", "encryption"]


def test_denied_calls_are_unknown(aws: StubbedAws) -> None:
    for service, operation in (
        ("sts", "get_caller_identity"),
        ("s3", "get_bucket_location"),
        ("s3", "get_bucket_encryption"),
        ("iam", "get_role"),
        ("ecr", "describe_images"),
    ):
        aws[service].refuse(operation, "AccessDenied", "no")
    findings = check_installation(aws, SETTINGS)
    assert [finding.check for finding in findings[6:]] == INSTALLATION
    assert {finding.check: finding.status for finding in findings[6:]} == {
        **dict.fromkeys(INSTALLATION, "unknown"),
        "region": "ok",
    }


def test_the_endpoints_role_is_checked_if_it_is_another_one(aws: StubbedAws) -> None:
    aws["sts"].refuse("get_caller_identity", "AccessDenied")
    aws["s3"].refuse("get_bucket_location", "AccessDenied")
    aws["s3"].refuse("get_bucket_encryption", "AccessDenied")
    aws["ecr"].refuse("describe_images", "AccessDenied")
    for _ in ("jobs", "endpoint"):
        aws["iam"].refuse("get_role", "NoSuchEntity", "cannot be found")
    other = "arn:aws:iam::123456789012:role/endpoint"
    findings = check_installation(aws, {**SETTINGS, "sagemaker_endpoint_role_arn": other})
    assert [finding.check for finding in failures(findings)] == ["role", "endpoint role"]
    fix = failures(findings)[1].fix
    assert fix.startswith("aws iam create-role --role-name endpoint")
    assert "docs/iam/endpoint.json" in fix


def test_without_variables_aws_is_not_called_for_them(aws: StubbedAws) -> None:
    aws["sts"].refuse("get_caller_identity", "AccessDenied")
    findings = check_installation(aws, {})
    assert [finding.check for finding in failures(findings)] == [
        f"Variable {name}"
        for name in ("deployment", "artifact_bucket", "sagemaker_role_arn", "image_uri")
    ]
    assert [finding.check for finding in findings[6:]] == ["login", "region"]


def test_without_a_region_the_other_checks_are_not_made() -> None:
    from botocore.exceptions import NoRegionError

    def without_region(service: str) -> Any:
        raise NoRegionError

    findings = check_installation(without_region, SETTINGS)
    assert [finding.check for finding in findings[6:]] == ["login", "region"]
    assert [finding.check for finding in failures(findings)] == ["region"]


def test_without_a_connection_all_checks_are_unknown() -> None:
    def unreachable(service: str) -> Any:
        raise ConnectionError("the network is down")

    assert failures(check_installation(unreachable, SETTINGS)) == []
    (finding,) = check_pipeline(unreachable, SETTINGS, "stanford_cars")
    assert (finding.status, "the network is down" in finding.found) == ("unknown", True)


def test_a_pipeline_is_checked_with_its_deployments_overrides(aws: StubbedAws) -> None:
    """In the deployment local, stanford_cars uses the custom image."""
    aws["s3"].answer("put_object", {})
    aws["s3"].answer("delete_object", {})
    aws["s3"].answer("list_objects_v2", {})
    aws["sagemaker"].refuse("describe_endpoint", "ValidationException", "Could not find endpoint")
    aws.use_emulator("service-quotas")
    findings = check_pipeline(aws, {**SETTINGS, "deployment": "local"}, "stanford_cars")
    assert [finding.check for finding in findings] == [
        *("YAML", "writing", "endpoint name", "job names", "requests", "quotas"),
    ]
    assert failures(findings) == []


def test_the_built_in_image_is_checked_if_the_pipeline_uses_it(aws: StubbedAws) -> None:
    aws["s3"].refuse("put_object", "AccessDenied")
    aws["s3"].answer("list_objects_v2", {})
    aws["sagemaker"].refuse("describe_endpoint", "AccessDeniedException")
    aws.use_emulator("service-quotas")
    findings = {finding.check: finding for finding in check_pipeline(aws, SETTINGS, "merch")}
    assert findings["built-in image"].status == "ok"
    assert findings["writing"].status == "failed"
    assert findings["requests"].status == "ok"


def test_each_error_in_a_yaml_is_a_finding(
    aws: StubbedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    (tmp_path / "flowers.yaml").write_text("source: {layout: heaps}\nconversion: {fit: stretch}\n")
    findings = check_pipeline(aws, SETTINGS, "flowers")
    assert [(finding.check, finding.status) for finding in findings] == [("YAML", "failed")] * 2
    assert "source.layout: 'heaps' is not allowed" in findings[0].found


@pytest.mark.filterwarnings("ignore:.*is deprecated:FutureWarning")
def test_each_deprecated_name_in_a_yaml_is_a_finding(
    aws: StubbedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    text = "source: {layout: class_folders}\ntraining: {algorithm: own}\n"
    (tmp_path / "flowers.yaml").write_text(text)
    aws["s3"].refuse("put_object", "AccessDenied")
    aws["s3"].answer("list_objects_v2", {})
    aws["sagemaker"].refuse("describe_endpoint", "AccessDeniedException")
    aws.use_emulator("service-quotas")
    findings = [
        finding for finding in check_pipeline(aws, SETTINGS, "flowers") if finding.check == "YAML"
    ]
    assert [finding.status for finding in findings] == ["ok", "ok"]
    message = "training.algorithm: own is deprecated: write algorithm: custom"
    assert findings[1].found == message


def test_a_pipeline_needs_the_installations_variables(aws: StubbedAws) -> None:
    (finding,) = check_pipeline(aws, {**SETTINGS, "image_uri": ""}, "merch")
    assert (finding.check, finding.status) == ("installation", "failed")
    assert "Airflow Variable image_uri" in finding.found


def test_the_table_has_columns_and_fixes_in_lines_of_their_own() -> None:
    findings = [ok("a", "there"), failed("longer", "gone", "bring it back"), unknown("b", "who")]
    assert list(table(findings)) == [
        "ok       a       there",
        "failed   longer  gone",
        "                 fix: bring it back",
        "unknown  b       who",
    ]
    assert list(table([])) == []
