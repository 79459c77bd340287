"""A serving model that is older than the pipeline allows is told, and only that."""

from datetime import UTC, datetime, timedelta

import pytest

from include.decisions.registry.packages import Package
from include.decisions.training import model_age
from tests.include.conftest import ARN, THEN, Stub

PACKAGE = Package(f"{ARN}/7", "Approved", "image", "s3://b/model.tar.gz", {})


@pytest.mark.parametrize(("days", "stale"), [(0, False), (30, False), (31, True)])
def test_a_model_is_stale_once_it_is_older_than_allowed(
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
    found = model_age.model_age_warning(sagemaker.client, PACKAGE, 30, THEN + timedelta(days=days))
    assert (found is not None) == stale
    if found:
        assert "model package 7, the champion, was registered 31 days ago" in found


def test_without_a_model_there_is_no_age(sagemaker: Stub) -> None:
    assert model_age.model_age_warning(sagemaker.client, None, 1, datetime.now(UTC)) is None


def test_without_a_limit_aws_is_not_asked(sagemaker: Stub) -> None:
    assert model_age.model_age_warning(sagemaker.client, PACKAGE, None, datetime.now(UTC)) is None
