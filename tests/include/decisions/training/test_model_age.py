"""Tests of `model_age_warning`."""

from datetime import UTC, datetime, timedelta

import pytest

from include.decisions.registry.packages import Package
from include.decisions.training.model_age import model_age_warning
from tests.include.conftest import ARN, THEN, Stub

PACKAGE = Package(f"{ARN}/7", "Approved", "image", "s3://b/model.tar.gz", {})


@pytest.mark.parametrize(("days", "stale"), [(0, False), (30, False), (31, True)])
def test_a_champion_older_than_the_limit_is_reported(
    sagemaker: Stub, days: int, stale: bool
) -> None:
    sagemaker.answer(
        "describe_model_package",
        {
            "ModelPackageName": "m",
            "ModelPackageArn": PACKAGE.arn,
            "CreationTime": THEN,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
        },
        ModelPackageName=PACKAGE.arn,
    )
    found = model_age_warning(sagemaker.client, PACKAGE, 30, THEN + timedelta(days=days))
    assert (found is not None) == stale
    if found:
        assert "model package 7, the champion, was registered 31 days ago" in found


def test_without_a_champion_there_is_no_warning(sagemaker: Stub) -> None:
    assert model_age_warning(sagemaker.client, None, 1, datetime.now(UTC)) is None


def test_without_a_limit_aws_is_not_called(sagemaker: Stub) -> None:
    assert model_age_warning(sagemaker.client, PACKAGE, None, datetime.now(UTC)) is None
