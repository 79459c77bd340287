"""docs/iam/airflow.json allows the calls of tasks on their resources.

tests/end_to_end/test_policies.py checks the same for a complete run, and unused permissions.
"""

from collections.abc import Callable

import pytest

from include.local_run.stack.aws import BUCKET
from tests.iam.evaluator import Right
from tests.iam.judging import filled, missing
from tests.iam.needed import SAGEMAKER, Call, needed
from tests.iam.responses import PIPELINE, SETTINGS
from tests.iam.task_calls import TASK_CALLS

ROLES = {
    "JOB_ROLE": SETTINGS["sagemaker_role_arn"].rpartition("/")[2],
    "ENDPOINT_ROLE": SETTINGS["sagemaker_endpoint_role_arn"].rpartition("/")[2],
}


@pytest.mark.parametrize("make_calls", TASK_CALLS, ids=lambda function: function.__name__)
def test_the_policy_allows_the_calls_of_tasks(make_calls: Callable[[], list[Call]]) -> None:
    policy = filled(BUCKET, PIPELINE.name, **ROLES)["airflow"]
    calls = make_calls()
    assert calls
    assert missing(policy, (right for call in calls for right in needed(call))) == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sagemaker:StopTrainingJob", f"{SAGEMAKER}training-job/others-1"),
        ("sagemaker:DeleteEndpoint", f"{SAGEMAKER}endpoint/others"),
        ("sagemaker:UpdateEndpoint", f"{SAGEMAKER}endpoint/others"),
        ("sagemaker:DeleteEndpointConfig", f"{SAGEMAKER}endpoint-config/by-hand"),
        ("sagemaker:DeleteModel", f"{SAGEMAKER}model/made-by-hand"),
        ("sagemaker:UpdateModelPackage", f"{SAGEMAKER}model-package/others/1"),
        ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/others/source/x"),
        ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/{PIPELINE.name}/images/x.jpg"),
        ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/{PIPELINE.name}/source/cars_train.tgz"),
        ("s3:DeleteObject", f"arn:aws:s3:::{BUCKET}/{PIPELINE.name}/models/j/output/model.tar.gz"),
        ("s3:DeleteObject", f"arn:aws:s3:::{BUCKET}/{PIPELINE.name}/source/cars_train.tgz"),
        ("iam:GetRole", "arn:aws:iam::123456789012:role/admin"),
    ],
)
def test_resources_of_others_are_not_allowed(action: str, resource: str) -> None:
    policy = filled(BUCKET, PIPELINE.name, **ROLES)["airflow"]
    assert missing(policy, [Right(action, resource)])


@pytest.mark.parametrize(
    ("role", "service", "allowed"),
    [
        (SETTINGS["sagemaker_role_arn"], "sagemaker.amazonaws.com", True),
        (SETTINGS["sagemaker_endpoint_role_arn"], "sagemaker.amazonaws.com", True),
        (SETTINGS["sagemaker_role_arn"], "ec2.amazonaws.com", False),
        ("arn:aws:iam::123456789012:role/admin", "sagemaker.amazonaws.com", False),
    ],
)
def test_only_the_two_roles_are_passed_and_only_to_sagemaker(
    role: str, service: str, allowed: bool
) -> None:
    policy = filled(BUCKET, PIPELINE.name, **ROLES)["airflow"]
    passed = Right("iam:PassRole", role, (("iam:PassedToService", service),))
    assert (missing(policy, [passed]) == []) is allowed
