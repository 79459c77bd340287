"""A job's name follows from its task, is valid for SageMaker, and is unique for the task."""

import re
from dataclasses import replace

import pytest

from sagemaker_jobs.jobs.identity import (
    JobIdentity,
    generation_of,
    request_digest,
    with_job_names,
)
from tests.plugins.sagemaker_jobs.descriptions import context

SAGEMAKER_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


@pytest.mark.parametrize(
    "prefix", ["cars", "stanford_cars-batch_inference", "x" * 200, "a" * 49 + "-_-" + "b" * 50, "_"]
)
def test_names_are_valid_for_sagemaker(identity: JobIdentity, prefix: str) -> None:
    name = identity.job_name(prefix, renewal=0, attempt=1)
    assert SAGEMAKER_NAME.fullmatch(name)
    assert len(name) <= 63


def test_a_task_has_the_same_name_in_every_process(identity: JobIdentity) -> None:
    name = identity.job_name("stanford_cars-train", renewal=0, attempt=1)
    # Written out: a version that names jobs differently would start running jobs again.
    assert name == "stanford-cars-train-60427add3a17"


@pytest.mark.parametrize(
    "change",
    [
        {"deployment": "other"},
        {"dag_id": "merch__training"},
        {"task_id": "other"},
        {"run_id": "manual__2"},
        {"map_index": 3},
        {"generation": 2},
    ],
)
def test_another_task_has_another_name(identity: JobIdentity, change: dict[str, object]) -> None:
    other = replace(identity, **change)  # type: ignore[arg-type]
    assert other.job_name("x", renewal=0, attempt=1) != identity.job_name("x", renewal=0, attempt=1)


def test_attempts_and_renewals_have_different_names(identity: JobIdentity) -> None:
    names = {
        identity.job_name("x", renewal=renewal, attempt=attempt)
        for renewal in range(3)
        for attempt in range(1, 4)
    }
    assert len(names) == 9


def test_the_identity_can_be_stored_in_an_xcom(identity: JobIdentity) -> None:
    assert JobIdentity(**identity.to_dict()) == identity


def test_retries_keep_the_generation_and_a_clear_changes_it() -> None:
    assert generation_of(context(max_tries=2, retries=2)) == 0
    # Airflow sets max_tries to the tries so far and the retries when a user clears a task.
    assert generation_of(context(max_tries=3 + 2, retries=2)) == 3


def test_identity_is_read_from_the_context() -> None:
    found = JobIdentity.from_context(context(max_tries=5, retries=2, map_index=4), "here")
    assert found == JobIdentity("here", "cars__training", "submit", "manual__1", 4, 3)


def test_the_digest_of_a_request_ignores_only_the_order_of_keys() -> None:
    digest = request_digest("training", {"a": 1, "b": [1, 2]})
    assert digest == request_digest("training", {"b": [1, 2], "a": 1})
    assert digest != request_digest("training", {"a": 1, "b": [2, 1]})
    assert digest != request_digest("processing", {"a": 1, "b": [1, 2]})


def test_placeholders_are_replaced_and_other_braces_stay() -> None:
    config = {
        "Output": {"S3Uri": "s3://b/{job_name}/out"},
        "Checkpoints": {"S3Uri": "s3://b/{first_job_name}"},
        "Arguments": ["--name", "{job_name}", '{"a": 1}'],
        "Count": 2,
    }
    assert with_job_names(config, "cars-2", "cars-1") == {
        "Output": {"S3Uri": "s3://b/cars-2/out"},
        "Checkpoints": {"S3Uri": "s3://b/cars-1"},
        "Arguments": ["--name", "cars-2", '{"a": 1}'],
        "Count": 2,
    }
    assert config["Output"] == {"S3Uri": "s3://b/{job_name}/out"}
