"""All checks together: each is made, what is wrong stops no other, and the table is readable."""

from pathlib import Path
from typing import Any

import pytest

from include.decisions.preflight import check_installation, check_pipeline, failures, table
from include.decisions.preflight.finding import failed, ok, unknown
from tests.include.decisions.preflight.conftest import SETTINGS, StubbedAws

INSTALLATION = ["login", "region", "bucket", "role", "image"]


def test_everything_refused_is_all_unknown_and_no_traceback(aws: StubbedAws) -> None:
    for service, operation in (
        ("sts", "get_caller_identity"),
        ("s3", "get_bucket_location"),
        ("iam", "get_role"),
        ("ecr", "describe_images"),
    ):
        aws[service].refuse(operation, "AccessDenied", "no")
    findings = check_installation(aws, SETTINGS)
    assert [each.check for each in findings[6:]] == INSTALLATION
    assert {each.check: each.status for each in findings[6:]} == {
        **dict.fromkeys(INSTALLATION, "unknown"),
        "region": "ok",
    }


def test_the_endpoints_role_is_looked_at_where_it_is_another(aws: StubbedAws) -> None:
    aws["sts"].refuse("get_caller_identity", "AccessDenied")
    aws["s3"].refuse("get_bucket_location", "AccessDenied")
    aws["ecr"].refuse("describe_images", "AccessDenied")
    for _ in ("jobs", "endpoint"):
        aws["iam"].refuse("get_role", "NoSuchEntity", "cannot be found")
    other = "arn:aws:iam::123456789012:role/endpoint"
    findings = check_installation(aws, {**SETTINGS, "sagemaker_endpoint_role_arn": other})
    assert [each.check for each in failures(findings)] == ["role", "endpoint role"]
    fix = failures(findings)[1].fix
    assert fix.startswith("aws iam create-role --role-name endpoint")
    assert "docs/iam/endpoint.json" in fix


def test_without_variables_nothing_is_asked_about_them(aws: StubbedAws) -> None:
    aws["sts"].refuse("get_caller_identity", "AccessDenied")
    findings = check_installation(aws, {})
    assert [each.check for each in failures(findings)] == [
        f"Variable {name}"
        for name in ("deployment", "artifact_bucket", "sagemaker_role_arn", "image_uri")
    ]
    assert [each.check for each in findings[6:]] == ["login", "region"]


def test_without_a_region_there_is_nowhere_to_look() -> None:
    from botocore.exceptions import NoRegionError

    def nowhere(service: str) -> Any:
        raise NoRegionError

    findings = check_installation(nowhere, SETTINGS)
    assert [each.check for each in findings[6:]] == ["login", "region"]
    assert [each.check for each in failures(findings)] == ["region"]


def test_an_aws_that_is_away_is_unknown_everywhere() -> None:
    def away(service: str) -> Any:
        raise ConnectionError("the network is down")

    assert failures(check_installation(away, SETTINGS)) == []
    (finding,) = check_pipeline(away, SETTINGS, "stanford_cars")
    assert (finding.status, "the network is down" in finding.found) == ("unknown", True)


def test_a_pipeline_is_looked_at_as_its_deployment_runs_it(aws: StubbedAws) -> None:
    """On one machine stanford_cars trains with our own image."""
    aws["s3"].answer("put_object", {})
    aws["s3"].answer("delete_object", {})
    aws["sagemaker"].refuse("describe_endpoint", "ValidationException", "Could not find endpoint")
    aws.stand_in("service-quotas")
    findings = check_pipeline(aws, {**SETTINGS, "deployment": "local"}, "stanford_cars")
    assert [each.check for each in findings] == [
        *("YAML", "writing", "endpoint name", "job names", "requests", "quotas"),
    ]
    assert failures(findings) == []


def test_the_built_in_algorithms_image_is_looked_at_where_it_trains(aws: StubbedAws) -> None:
    aws["s3"].refuse("put_object", "AccessDenied")
    aws["sagemaker"].refuse("describe_endpoint", "AccessDeniedException")
    aws.stand_in("service-quotas")
    findings = {each.check: each for each in check_pipeline(aws, SETTINGS, "merch")}
    assert findings["built-in image"].status == "ok"
    assert findings["writing"].status == "failed"
    assert findings["requests"].status == "ok"


def test_a_wrong_yaml_is_told_line_by_line(
    aws: StubbedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    (tmp_path / "flowers.yaml").write_text("source: {layout: heaps}\nconversion: {fit: stretch}\n")
    findings = check_pipeline(aws, SETTINGS, "flowers")
    assert [(each.check, each.status) for each in findings] == [("YAML", "failed")] * 2
    assert "source.layout: 'heaps' is not allowed" in findings[0].found


def test_a_pipeline_needs_the_installations_variables(aws: StubbedAws) -> None:
    (finding,) = check_pipeline(aws, {**SETTINGS, "image_uri": ""}, "merch")
    assert (finding.check, finding.status) == ("installation", "failed")
    assert "Airflow Variable image_uri" in finding.found


def test_the_table_has_columns_and_each_fix_below_its_line() -> None:
    findings = [ok("a", "there"), failed("longer", "gone", "bring it back"), unknown("b", "who")]
    assert list(table(findings)) == [
        "ok       a       there",
        "failed   longer  gone",
        "                 fix: bring it back",
        "unknown  b       who",
    ]
    assert list(table([])) == []
