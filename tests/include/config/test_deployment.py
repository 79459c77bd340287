"""Deployments: an invalid setting is named with its fix."""

import dataclasses

import pytest

from include.config import Deployment, DeploymentError


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("bucket", "", "Airflow Variable artifact_bucket is '': set it to a bucket"),
        ("role_arn", "admin", "sagemaker_role_arn is 'admin': set it to arn:aws:iam::"),
        ("image_uri", "", "Airflow Variable image_uri is ''"),
        ("name", "", "Airflow Variable deployment is ''"),
    ],
)
def test_an_invalid_setting_is_named(
    deployment: Deployment, field: str, value: str, message: str
) -> None:
    with pytest.raises(DeploymentError, match=message):
        dataclasses.replace(deployment, **{field: value})


def test_the_built_in_image_is_in_the_regions_registry(deployment: Deployment) -> None:
    frankfurt = dataclasses.replace(deployment, region="eu-central-1")
    assert frankfurt.image("built-in") == (
        "813361260812.dkr.ecr.eu-central-1.amazonaws.com/image-classification:1"
    )
    assert deployment.image("custom") == deployment.image_uri


def test_a_region_without_a_known_registry_is_an_error(deployment: Deployment) -> None:
    unknown = dataclasses.replace(deployment, region="mars-north-1")
    with pytest.raises(DeploymentError, match=r"in mars-north-1 is not known; .*algorithm: custom"):
        unknown.image("built-in")
