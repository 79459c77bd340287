"""Check of the key that encrypts the bucket: it is usable, and all roles may use it.

The project names no key of its own: S3 encrypts with the bucket's default. If that is a key of the
customer in KMS, a role needs `kms:GenerateDataKey` to write an object, and `kms:Decrypt` to read
one or to write one in parts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from include.common.aws_errors import error_code
from include.decisions.preflight.access import Aws, failed_call, is_emulator
from include.decisions.preflight.finding import Finding, failed, ok, unknown
from include.decisions.preflight.role import listed

CHECK = "encryption"
ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
NO_KEY = "ServerSideEncryptionConfigurationNotFoundError"
KMS_ALGORITHMS = frozenset({"aws:kms", "aws:kms:dsse"})
ENABLE = {
    "Disabled": "aws kms enable-key --key-id {key}",
    "PendingDeletion": (
        "aws kms cancel-key-deletion --key-id {key}; aws kms enable-key --key-id {key}"
    ),
}
"""Commands that make a key usable again, by its state."""


def check_encryption(aws: Aws, bucket: str, roles: Mapping[str, str]) -> Iterator[Finding]:
    """Check the bucket's default key, and the rights of each role to use it.

    Nothing is encrypted: IAM simulates the roles' policies.

    Args:
        aws: Returns a boto3 client of a service.
        bucket: The bucket.
        roles: The ARNs of the roles that read and write the bucket, by what names them.
    """
    try:
        s3 = aws("s3")
        if is_emulator(s3):
            yield unknown(CHECK, "the key of a bucket is checked on AWS only")
            return
        key = _default_key(s3, bucket)
        if key is None:
            yield ok(CHECK, f"{bucket} needs no right for a key of KMS")
            return
        described = aws("kms").describe_key(KeyId=key)["KeyMetadata"]
    except Exception as error:
        yield _failure(bucket, error)
        return
    if described["KeyManager"] == "AWS":
        yield ok(CHECK, f"{bucket} is encrypted with the account's key of S3")
    elif described["KeyState"] != "Enabled":
        yield _unusable(bucket, described["Arn"], described["KeyState"])
    else:
        yield from _check_rights(aws, described["Arn"], roles)


def _default_key(s3: Any, bucket: str) -> str | None:
    """Return the ID of the key of KMS that encrypts new objects; None without one."""
    try:
        answer = s3.get_bucket_encryption(Bucket=bucket)
    except s3.exceptions.ClientError as error:
        if error_code(error) == NO_KEY:
            return None
        raise
    for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        if default.get("SSEAlgorithm") in KMS_ALGORITHMS:
            key: str | None = default.get("KMSMasterKeyID")
            return key
    return None


def _failure(bucket: str, error: BaseException) -> Finding:
    if error_code(error) == "NotFoundException":
        return failed(
            CHECK,
            f"the key of the default encryption of {bucket} does not exist: no object can be "
            "written or read",
            "name another key: aws s3api put-bucket-encryption --bucket " + bucket,
        )
    action = {"GetBucketEncryption": "s3:GetEncryptionConfiguration"}.get(
        getattr(error, "operation_name", ""), "kms:DescribeKey"
    )
    return failed_call(CHECK, action, error)


def _unusable(bucket: str, key: str, state: str) -> Finding:
    return failed(
        CHECK,
        f"the key {key} of the default encryption of {bucket} is {state}: no object can be "
        "written or read",
        ENABLE.get(state, "name another key: aws s3api put-bucket-encryption").format(key=key),
    )


def _check_rights(aws: Aws, key: str, roles: Mapping[str, str]) -> Iterator[Finding]:
    for field, role in roles.items():
        check = f"{CHECK}, {field}"
        try:
            missing = _missing(aws("iam"), key, role)
            if missing and _key_policy_allows(aws("kms"), key, role, missing):
                missing = []
        except Exception as error:
            action = {"GetKeyPolicy": "kms:GetKeyPolicy"}.get(
                getattr(error, "operation_name", ""), "iam:SimulatePrincipalPolicy"
            )
            yield failed_call(check, action, error)
            continue
        if missing:
            yield _denied(check, key, role, missing)
        else:
            yield ok(check, f"{role} may use the bucket's key {key}")


def _missing(iam: Any, key: str, role: str) -> list[str]:
    """Return the actions on the key that a role's policies do not allow."""
    simulated = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=list(ACTIONS), ResourceArns=[key]
    )
    return [
        str(result["EvalActionName"])
        for result in simulated["EvaluationResults"]
        if result["EvalDecision"] != "allowed"
    ]


def _key_policy_allows(kms: Any, key: str, role: str, actions: Sequence[str]) -> bool:
    """Return whether the key's own policy allows a role these actions, without conditions."""
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    granted = {
        action
        for statement in listed(policy.get("Statement"))
        if statement.get("Effect") == "Allow" and not statement.get("Condition")
        if {role, "*"} & set(_principals(statement))
        for action in listed(statement.get("Action"))
    }
    return all({action, "kms:*", f"{action}*"} & granted for action in actions)


def _principals(statement: Mapping[str, Any]) -> list[Any]:
    principal = statement.get("Principal")
    return listed(principal.get("AWS") if isinstance(principal, Mapping) else principal)


def _denied(check: str, key: str, role: str, missing: Sequence[str]) -> Finding:
    name = role.rpartition("/")[2]
    statement = {"Effect": "Allow", "Action": list(ACTIONS), "Resource": key}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return failed(
        check,
        f"{role} may not use {' and '.join(missing)} with {key}, which encrypts the bucket",
        f"aws iam put-role-policy --role-name {name} --policy-name bucket-key --policy-document "
        f"'{policy}'",
    )
