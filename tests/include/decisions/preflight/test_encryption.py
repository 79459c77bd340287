"""Tests of the check of the bucket's key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.decisions.preflight.encryption import ACTIONS, check_encryption
from include.decisions.preflight.finding import Finding
from include.decisions.preflight.role import role_of
from tests.include.decisions.preflight.conftest import BUCKET, ROLE, StubbedAws

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
ROLES = {"Variable sagemaker_role_arn": ROLE}


def _encrypted(aws: StubbedAws, algorithm: str = "aws:kms", key: str | None = KEY) -> None:
    default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    answer = {"ServerSideEncryptionConfiguration": rules}
    aws["s3"].answer("get_bucket_encryption", answer, Bucket=BUCKET)


def _key(aws: StubbedAws, state: str = "Enabled", manager: str = "CUSTOMER") -> None:
    metadata = {"KeyId": KEY.rpartition("/")[2], "Arn": KEY, "KeyState": state}
    answer = {"KeyMetadata": {**metadata, "KeyManager": manager}}
    aws["kms"].answer("describe_key", answer, KeyId=KEY)


def _simulated(aws: StubbedAws, decision: str, role: str = ROLE) -> None:
    decisions = dict.fromkeys(ACTIONS, "allowed") | {"kms:GenerateDataKey": decision}
    results = [{"EvalActionName": name, "EvalDecision": value} for name, value in decisions.items()]
    aws["iam"].answer(
        "simulate_principal_policy",
        {"EvaluationResults": results},
        PolicySourceArn=role,
        ActionNames=list(ACTIONS),
        ResourceArns=[KEY],
    )


def _key_policy(aws: StubbedAws, principal: Any, action: Any = "kms:*") -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    answer = {"Policy": json.dumps({"Statement": [statement]})}
    aws["kms"].answer("get_key_policy", answer, KeyId=KEY, PolicyName="default")


def _check(aws: StubbedAws, roles: dict[str, str] | None = None) -> list[Finding]:
    return list(check_encryption(aws, BUCKET, roles or ROLES))


@pytest.mark.parametrize(("algorithm", "key"), [("AES256", None), ("aws:kms", None)])
def test_a_bucket_without_a_key_of_the_customer_needs_no_right(
    aws: StubbedAws, algorithm: str, key: str | None
) -> None:
    _encrypted(aws, algorithm, key)
    (finding,) = _check(aws)
    assert finding.status == "ok"


def test_an_old_bucket_without_default_encryption_is_ok(aws: StubbedAws) -> None:
    aws["s3"].refuse("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
    assert [finding.status for finding in _check(aws)] == ["ok"]


def test_the_accounts_key_of_s3_needs_no_right(aws: StubbedAws) -> None:
    _encrypted(aws)
    _key(aws, manager="AWS")
    assert [finding.status for finding in _check(aws)] == ["ok"]


def test_a_deleted_key_fails(aws: StubbedAws) -> None:
    _encrypted(aws)
    aws["kms"].refuse("describe_key", "NotFoundException", "Key does not exist")
    (finding,) = _check(aws)
    assert finding.status == "failed"
    assert "does not exist: no object can be written or read" in finding.found
    assert "put-bucket-encryption --bucket some-bucket" in finding.fix


@pytest.mark.parametrize(
    ("state", "command"),
    [("Disabled", "enable-key"), ("PendingDeletion", "cancel-key-deletion")],
)
def test_a_key_that_is_not_enabled_fails(aws: StubbedAws, state: str, command: str) -> None:
    _encrypted(aws)
    _key(aws, state)
    (finding,) = _check(aws)
    assert (finding.status, f"is {state}" in finding.found) == ("failed", True)
    assert finding.fix.startswith(f"aws kms {command} --key-id {KEY}")


def test_each_role_is_checked(aws: StubbedAws) -> None:
    other = "arn:aws:iam::123456789012:role/airflow"
    _encrypted(aws)
    _key(aws)
    _simulated(aws, "implicitDeny", other)
    _key_policy(aws, {"AWS": ROLE})
    _simulated(aws, "allowed")
    denied, allowed = _check(aws, {"login": other, **ROLES})
    assert (allowed.check, allowed.status) == ("encryption, Variable sagemaker_role_arn", "ok")
    assert (denied.check, denied.status) == ("encryption, login", "failed")
    assert f"{other} may not use kms:GenerateDataKey with {KEY}" in denied.found
    command, policy = denied.fix.split("'")[:2]
    assert command.startswith("aws iam put-role-policy --role-name airflow")
    assert json.loads(policy)["Statement"][0]["Resource"] == KEY


@pytest.mark.parametrize(
    ("principal", "action", "status"),
    [
        ({"AWS": [ROLE]}, "kms:*", "ok"),
        ({"AWS": ROLE}, ["kms:Decrypt", "kms:GenerateDataKey*"], "ok"),
        ({"AWS": ROLE}, "kms:Decrypt", "failed"),
        ({"AWS": "arn:aws:iam::123456789012:root"}, "kms:*", "failed"),
    ],
)
def test_the_keys_own_policy_may_allow_what_the_roles_policies_do_not(
    aws: StubbedAws, principal: Any, action: Any, status: str
) -> None:
    _encrypted(aws)
    _key(aws)
    _simulated(aws, "implicitDeny")
    _key_policy(aws, principal, action)
    assert [finding.status for finding in _check(aws)] == [status]


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("s3", "get_bucket_encryption", "s3:GetEncryptionConfiguration"),
        ("kms", "describe_key", "kms:DescribeKey"),
        ("iam", "simulate_principal_policy", "iam:SimulatePrincipalPolicy"),
        ("kms", "get_key_policy", "kms:GetKeyPolicy"),
    ],
)
def test_without_a_permission_to_look_the_finding_is_unknown(
    aws: StubbedAws, service: str, operation: str, action: str
) -> None:
    if service != "s3":
        _encrypted(aws)
    if operation in ("simulate_principal_policy", "get_key_policy"):
        _key(aws)
    if operation == "get_key_policy":
        _simulated(aws, "implicitDeny")
    aws[service].refuse(operation, "AccessDenied")
    (finding,) = _check(aws)
    assert finding.status == "unknown"
    assert finding.fix == f"allow {action}, or check it by hand"


def test_an_emulator_is_not_asked(aws: StubbedAws) -> None:
    aws.use_emulator("s3")
    assert [finding.status for finding in _check(aws)] == ["unknown"]


@pytest.mark.parametrize(
    ("caller", "role"),
    [
        (
            "arn:aws:sts::123456789012:assumed-role/airflow/botocore-session",
            "arn:aws:iam::123456789012:role/airflow",
        ),
        ("arn:aws:iam::123456789012:user/me", None),
    ],
)
def test_the_role_of_a_login(caller: str, role: str | None) -> None:
    assert role_of(caller) == role
