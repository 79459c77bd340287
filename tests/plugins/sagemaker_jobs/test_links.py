"""The links lead to the AWS console, or to the pages of another endpoint if it has some."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from sagemaker_jobs.jobs.kinds import get_kind
from sagemaker_jobs.links import (
    CONSOLE_VARIABLE,
    JOB_LINKS,
    ModelPageLink,
    SageMakerJobLink,
    endpoint_links,
    job_links,
)

TRAINING = get_kind("training")


def local() -> Any:
    return boto3.client("sagemaker", region_name="us-east-1", endpoint_url="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("region", "console"),
    [
        ("eu-west-1", "https://console.aws.amazon.com"),
        ("cn-north-1", "https://console.amazonaws.cn"),
    ],
)
def test_the_console_of_the_partition(region: str, console: str) -> None:
    client = boto3.client("sagemaker", region_name=region)
    found = job_links(client, TRAINING, "x", "s3://b/cars/models/x/output/model.tar.gz")
    group = "/aws/sagemaker/TrainingJobs"
    assert found == {
        "job": f"{console}/sagemaker/home?region={region}#/jobs/x",
        "log": f"{console}/cloudwatch/home?region={region}"
        f"#logStream:group={group};prefix=x/;streamFilter=typeLogStreamPrefix",
        "output": f"{console}/s3/object/b?region={region}&prefix=cars/models/x/output/model.tar.gz",
    }
    assert endpoint_links(client, "x") == {
        "endpoint": f"{console}/sagemaker/home?region={region}#/endpoints/x"
    }


def test_a_prefix_of_outputs_is_listed_and_without_output_there_is_no_link() -> None:
    client = boto3.client("sagemaker", region_name="us-east-1")
    prefix = job_links(client, TRAINING, "x", "s3://b/a b/report")["output"]
    assert prefix.endswith("/s3/buckets/b?region=us-east-1&prefix=a%20b/report/")
    assert "output" not in job_links(client, TRAINING, "x")


def test_the_pages_of_another_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONSOLE_VARIABLE, "http://127.0.0.1:4566/")
    page = "http://127.0.0.1:4566/jobs/training/x"
    assert job_links(local(), TRAINING, "x", "s3://b/k") == {"job": page, "log": f"{page}#log"}
    assert endpoint_links(local(), "x") == {"endpoint": "http://127.0.0.1:4566/endpoints/x"}


def test_without_pages_there_are_no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONSOLE_VARIABLE, raising=False)
    assert job_links(local(), TRAINING, "x") == {}
    assert endpoint_links(local(), "x") == {}


def test_a_link_is_the_url_that_the_operator_has_set() -> None:
    class Operator:
        links = {"job": "https://console"}  # noqa: RUF012

    link: Any = SageMakerJobLink()
    assert link.get_link(Operator(), ti_key=None) == "https://console"
    assert link.get_link(object(), ti_key=None) == ""
    others: Any = list(JOB_LINKS)[1:3]
    assert [other.get_link(Operator(), ti_key=None) for other in others] == ["", ""]


@pytest.mark.parametrize(
    ("dag_id", "url"),
    [
        ("merch__nightly_training", "/image-models/-/of/merch__nightly_training/run%201/judge"),
        ("job_sweep", ""),
    ],
)
def test_the_model_page_about_a_task(
    dag_id: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://example.org/airflow/")
    key = SimpleNamespace(dag_id=dag_id, run_id="run 1", task_id="judge")
    expected = f"https://example.org/airflow{url}" if url else ""
    assert ModelPageLink().get_link(None, ti_key=key) == expected  # type: ignore[arg-type]
