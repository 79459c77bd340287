"""Import paths and fields that Airflow's database holds from an earlier version still work.

A deferred task stores its trigger's class path and arguments, a serialized DAG the class path of
its deadline reference, and a deadline the path of its callback.
"""

from typing import Any

import pytest
from airflow.sdk._shared.module_loading import import_string

from sagemaker_jobs.errors import PermanentAwsError, TrackingInterrupted
from sagemaker_jobs.sensors.base import tracking_error
from sagemaker_jobs.triggers.polling import PollingTrigger

JOB: dict[str, Any] = {
    "kind": "training",
    "job_name": "cars-1",
    "renewal": 0,
    "log_pattern": "ERROR",
    "stall_after": 1800.0,
}
ENDPOINT = {"endpoint_name": "cars", "endpoint_config_name": "cars-7"}
STORED_PACE = {"poll_interval": 5.0, "deadline": 4e9, "patience": 45.0}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("sagemaker_jobs.triggers.job.SageMakerJobTrigger", JOB),
        ("sagemaker_jobs.triggers.endpoint.SageMakerEndpointTrigger", ENDPOINT),
    ],
)
def test_a_stored_trigger_loads(path: str, fields: dict[str, Any]) -> None:
    trigger: PollingTrigger = import_string(path)(connection={}, pace=STORED_PACE, **fields)
    assert trigger.pace.outage_timeout == 45.0
    stored_path, arguments = trigger.serialize()
    assert stored_path == path
    assert {key: arguments[key] for key in fields} == fields


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"permanent": True}, PermanentAwsError),
        ({"lasting": True}, PermanentAwsError),
        ({"permanent": False}, TrackingInterrupted),
        ({"lasting": False}, TrackingInterrupted),
        ({}, TrackingInterrupted),
    ],
)
def test_a_stored_event_keeps_its_meaning(fields: dict[str, bool], error: type[Exception]) -> None:
    event = {"status": "error", "message": "AccessDeniedException: no", **fields}
    assert type(tracking_error("job cars-1 is still running", event)) is error


@pytest.mark.parametrize(
    "path",
    [
        "sagemaker_jobs.deadlines.RunCreated",
        "sagemaker_jobs.notifications.deadlines.DagRunCreatedDeadline",
    ],
)
def test_a_stored_deadline_reference_is_registered(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow import plugins_manager
    from airflow._shared.module_loading import qualname
    from airflow.serialization.decoders import decode_deadline_reference

    from image_classification_plugin import ImageClassificationPlugin

    registered = {qualname(cls): cls for cls in ImageClassificationPlugin.deadline_references}
    monkeypatch.setattr(plugins_manager, "get_deadline_references_plugins", lambda: registered)
    name = path.rpartition(".")[2]
    stored = decode_deadline_reference({"reference_type": name, "__class_path": path})
    assert stored.reference_name == name


def test_a_stored_deadline_callback_is_found() -> None:
    from sagemaker_jobs.notifications import deadlines

    assert import_string("sagemaker_jobs.notices.deadline_missed") is deadlines.deadline_missed
