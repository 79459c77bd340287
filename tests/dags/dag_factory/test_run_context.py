"""A task gets its pipeline with the deployment's overrides; errors name an invalid Variable."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.config import DeploymentError
from tests.dags.task_calls import task_context

SETTINGS = {
    "DEPLOYMENT": "local",
    "ARTIFACT_BUCKET": "some-bucket",
    "SAGEMAKER_ROLE_ARN": "arn:aws:iam::123456789012:role/sagemaker",
    "IMAGE_URI": "local/image-classification",
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, dag_bag: Any) -> pytest.MonkeyPatch:
    """Set the Airflow Variables of an installation."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"AIRFLOW_VAR_{name}", value)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    return monkeypatch


def test_a_task_gets_its_pipeline_with_the_deployments_overrides(
    settings: pytest.MonkeyPatch,
) -> None:
    from dag_factory.run_context import load_context

    site = load_context("stanford_cars")
    assert site.pipeline.training.algorithm == "custom"
    assert site.deployment.region == "us-east-1"
    assert site.layout.uri(site.layout.source) == "s3://some-bucket/stanford_cars/source/"
    assert site.runtime.meta.service_model.service_name == "sagemaker-runtime"


def test_the_runtime_client_has_short_timeouts_and_the_settings_of_the_connection(
    settings: pytest.MonkeyPatch,
) -> None:
    """With botocore's default of five attempts, a smoke test would wait minutes for each photo."""
    from dag_factory.run_context import load_context

    extra = {"region_name": "eu-west-1", "config_kwargs": {"proxies": {"http": "p"}}}
    connection = json.dumps({"conn_type": "aws", "extra": extra})
    settings.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection)
    site = load_context("stanford_cars")
    config = site.runtime.meta.config
    assert (config.read_timeout, config.retries["total_max_attempts"]) == (70, 2)
    assert config.proxies == {"http": "p"}
    assert site.runtime.meta.region_name == site.sagemaker.meta.region_name == "eu-west-1"
    assert site.sagemaker.meta.config.read_timeout == 60


def test_the_request_of_a_fetch_has_the_hosts_that_a_variable_allows(
    settings: pytest.MonkeyPatch, dag_bag: Any, load_dags: Any, pipelines_folder: Path
) -> None:
    """The task with its context from Airflow Variables, and the request that it writes."""
    yaml = "source: {layout: class_folders, urls: ['https://127.0.0.1:9/c.zip?token=1']}"
    (pipelines_folder / "mirrored.yaml").write_text(yaml)
    plan = load_dags().dags["mirrored__dataset_refresh"].get_task("plan_fetch").python_callable
    settings.setenv("AIRFLOW_VAR_FETCH_ALLOWED_HOSTS", "127.0.0.1")
    settings.setattr("dag_factory.skipping.get_current_context", task_context)
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="some-bucket")
        request = plan("mirrored")
        stored = s3.get_object(Bucket="some-bucket", Key="mirrored/fetching/request.json")
        written = json.loads(stored["Body"].read())
    assert written["allowed_hosts"] == "127.0.0.1"
    assert written["files"][0]["mirrors"] == ["https://127.0.0.1:9/c.zip?token=1"]
    assert "token" not in json.dumps(request), "XComs and job descriptions show the request"


def test_an_invalid_variable_is_named(settings: pytest.MonkeyPatch) -> None:
    from dag_factory.run_context import load_context

    settings.setenv("AIRFLOW_VAR_ARTIFACT_BUCKET", "Some Bucket")
    with pytest.raises(DeploymentError, match="Airflow Variable artifact_bucket is 'Some Bucket'"):
        load_context("stanford_cars")
