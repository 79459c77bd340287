"""A task knows its pipeline under the deployment's overrides, and names a setting that is wrong."""

from typing import Any

import pytest

from include.pipeline import DeploymentError

SETTINGS = {
    "DEPLOYMENT": "local",
    "ARTIFACT_BUCKET": "some-bucket",
    "SAGEMAKER_ROLE_ARN": "arn:aws:iam::123456789012:role/sagemaker",
    "IMAGE_URI": "local/image-classification",
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, dag_bag: Any) -> pytest.MonkeyPatch:
    """Give an installation's settings; loading the DAGs has put their folder on sys.path."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"AIRFLOW_VAR_{name}", value)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    return monkeypatch


def test_a_task_gets_its_pipeline_with_the_deployments_overrides(
    settings: pytest.MonkeyPatch,
) -> None:
    from image_families.site import open_site

    site = open_site("stanford_cars")
    assert site.pipeline.training.algorithm == "own"
    assert site.deployment.region == "us-east-1"
    assert site.layout.uri(site.layout.source) == "s3://some-bucket/stanford_cars/source/"
    assert site.runtime.meta.service_model.service_name == "sagemaker-runtime"


def test_a_wrong_setting_is_named(settings: pytest.MonkeyPatch) -> None:
    from image_families.site import open_site

    settings.setenv("AIRFLOW_VAR_ARTIFACT_BUCKET", "Some Bucket")
    with pytest.raises(DeploymentError, match="Airflow Variable artifact_bucket is 'Some Bucket'"):
        open_site("stanford_cars")
