"""docs/iam/airflow.json allows what tasks ask of AWS, on the resources that they ask it of.

tests/end_to_end/test_policies.py asks the same of a whole run, and whether anything is too much.
"""

from collections.abc import Callable

import pytest

from include.local_run.stack.aws import BUCKET
from tests.iam.evaluator import Right
from tests.iam.judging import filled, missing
from tests.iam.needed import SAGEMAKER, Call, needed
from tests.iam.scenes import PIPELINE, SCENES, SETTINGS

ROLES = {
    "JOB_ROLE": SETTINGS["sagemaker_role_arn"].rpartition("/")[2],
    "ENDPOINT_ROLE": SETTINGS["sagemaker_endpoint_role_arn"].rpartition("/")[2],
}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_a_task_may_do_what_it_does(scene: Callable[[], list[Call]]) -> None:
    policy = filled(BUCKET, PIPELINE.name, **ROLES)["airflow"]
    calls = scene()
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
        ("s3:DeleteObject", f"arn:aws:s3:::{BUCKET}/{PIPELINE.name}/models/j/output/model.tar.gz"),
        ("s3:DeleteObject", f"arn:aws:s3:::{BUCKET}/{PIPELINE.name}/source/cars_train.tgz"),
        ("iam:GetRole", "arn:aws:iam::123456789012:role/admin"),
    ],
)
def test_what_is_not_the_pipelines_is_out_of_reach(action: str, resource: str) -> None:
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
