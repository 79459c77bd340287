"""One walk over a request yields each violation with its path, constraint and value."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from include.service_model.violations import Container, Step, find_violations

_MODEL = botocore.session.Session().get_service_model("sagemaker")
_TRAINING: dict[str, Any] = {
    "TrainingJobName": "job",
    "RoleArn": "arn:aws:iam::123456789012:role/x",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
}


def _find(operation: str, request: Any) -> list[tuple[str, str, Any]]:
    shape = _MODEL.operation_model(operation).input_shape
    return [
        ("/".join(str(step.name) for step in violation.path), violation.constraint, violation.value)
        for violation in find_violations(shape, request)
    ]


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ({"RoleArn": None}, ("RoleArn", "required", None)),
        ({"RoleArn": 7}, ("RoleArn", "type", 7)),
        ({"Colour": "red"}, ("Colour", "unknown", "red")),
        ({"TrainingJobName": "a_b"}, ("TrainingJobName", "pattern", "a_b")),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 0}}, ("*/MaxRuntimeInSeconds", "min", 0)),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": True}}, ("*/*Seconds", "type", True)),
        ({"HyperParameters": {"a": "x" * 2501}}, ("HyperParameters/a", "max", "x" * 2501)),
        ({"Tags": [{"Key": "k", "Value": "\ud800"}]}, ("Tags/0/Value", "type", "\ud800")),
        ({"Tags": [{"Key": "k"}]}, ("Tags/0/Value", "required", None)),
        ({"ResourceConfig": {"InstanceType": "ml.x", "VolumeSizeInGB": 1}}, ("*", "enum", "ml.x")),
    ],
)
def test_a_violation_has_path_constraint_and_value(
    change: dict[str, Any], violation: tuple[str, str, Any]
) -> None:
    [(path, constraint, value)] = _find("CreateTrainingJob", {**_TRAINING, **change})
    assert path.endswith(violation[0].rpartition("*")[2])
    assert (constraint, value) == violation[1:]


def test_all_violations_are_found_and_a_valid_request_has_none() -> None:
    assert _find("CreateTrainingJob", _TRAINING) == []
    found = _find("CreateTrainingJob", {"TrainingJobName": "_" * 64, "Tags": [{"Key": 7}]})
    assert [(path, constraint) for path, constraint, _ in found] == [
        ("RoleArn", "required"),
        ("OutputDataConfig", "required"),
        ("TrainingJobName", "max"),
        ("TrainingJobName", "pattern"),
        ("Tags/0/Value", "required"),
        ("Tags/0/Key", "type"),
    ]


def test_a_value_of_a_plain_list_or_map_names_its_container() -> None:
    shape = _MODEL.operation_model("CreateTrainingJob").input_shape
    parameters = {"a": "1", "": "x" * 2501}
    request = {**_TRAINING, "HyperParameters": parameters, "Tags": [{"Key": "", "Value": "v"}]}
    value, tag = find_violations(shape, request)
    assert value.container == Container("value", parameters)
    assert value.path == (Step("member", "HyperParameters"), Step("key", ""))
    assert tag.container is None


def test_a_client_may_pass_times_and_bytes() -> None:
    assert _find("ListModels", {"CreationTimeAfter": datetime.now(UTC)}) == []


def test_botocore_is_not_imported() -> None:
    code = "import sys, include.service_model.violations; assert 'botocore' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
