"""Checks of the roles of jobs and endpoint: they exist, and SageMaker may assume them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from include.common.aws_errors import error_code
from include.decisions.preflight.access import Aws, failed_call, tolerate_emulator
from include.decisions.preflight.finding import Finding, failed, ok, unknown

SAGEMAKER = "sagemaker.amazonaws.com"
ASSUME = "sts:AssumeRole"
SOURCE_ACCOUNT = "aws:SourceAccount"

NO_ROLE = frozenset({"NoSuchEntity", "NoSuchEntityException"})
"""Error codes of a role that does not exist."""


JOBS_VARIABLE, ENDPOINT_VARIABLE = "sagemaker_role_arn", "sagemaker_endpoint_role_arn"

POLICIES = {JOBS_VARIABLE: "docs/iam/jobs.json", ENDPOINT_VARIABLE: "docs/iam/endpoint.json"}
"""The policies of the roles, by the Variable that names the role."""


def check_role(aws: Aws, role_arn: str) -> Finding:
    """Check that the role of the jobs exists and trusts SageMaker."""
    return _check(aws, "role", JOBS_VARIABLE, role_arn)


def check_endpoint_role(aws: Aws, role_arn: str) -> Finding:
    """Check that the role of the endpoint exists and trusts SageMaker."""
    return _check(aws, "endpoint role", ENDPOINT_VARIABLE, role_arn)


def _check(aws: Aws, check: str, variable: str, role_arn: str) -> Finding:
    name = role_arn.rpartition("/")[2]
    if not re.fullmatch(r"[\w+=,.@-]{1,64}", name):
        return unknown(check, f"{role_arn!r} does not end with a valid role name")
    try:
        iam = aws("iam")
        finding = _check_trust(check, variable, role_arn, iam.get_role(RoleName=name)["Role"])
    except Exception as error:
        if error_code(error) not in NO_ROLE:
            return failed_call(check, "iam:GetRole", error)
        finding = _absent(check, variable, name, account_of(role_arn))
    return tolerate_emulator(iam, finding)


def account_of(role_arn: str) -> str:
    """Return the account that a role's ARN names."""
    return role_arn.split(":")[4]


def role_of(caller_arn: str) -> str | None:
    """Return the ARN of the role with which a caller has logged in; None for users.

    STS names a role without its path, so that a role with a path is not found by this ARN.
    """
    parts = re.fullmatch(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.+", caller_arn)
    return f"arn:{parts[1]}:iam::{parts[2]}:role/{parts[3]}" if parts else None


def _absent(check: str, variable: str, name: str, account: str) -> Finding:
    return failed(
        check,
        f"there is no role {name} in the account",
        f"aws iam create-role --role-name {name} --assume-role-policy-document "
        f"'{_trust(account)}', then give it the permissions in {POLICIES[variable]}",
    )


def _check_trust(check: str, variable: str, role_arn: str, role: Mapping[str, Any]) -> Finding:
    if role["Arn"] != role_arn:
        return failed(
            check,
            f"{role_arn} does not exist, the account's role is {role['Arn']}",
            f"set the Variable {variable} to {role['Arn']}",
        )
    account = account_of(role_arn)
    if trusts_sagemaker(role.get("AssumeRolePolicyDocument", {}), account):
        return ok(check, f"{role_arn} trusts {SAGEMAKER}")
    return failed(
        check,
        f"{role_arn} does not trust {SAGEMAKER} for account {account}, so that SageMaker cannot "
        "assume it",
        f"aws iam update-assume-role-policy --role-name {role['RoleName']} --policy-document "
        f"'{_trust(account)}' (keep the existing statements)",
    )


def trusts_sagemaker(document: Mapping[str, Any] | str, account: str) -> bool:
    """Return whether a trust policy lets SageMaker assume the role for an account's jobs.

    Args:
        document: The policy, parsed or URL-encoded as IAM returns it.
        account: The jobs' account; a condition on `aws:SourceAccount` must name it.
    """
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    return any(
        statement.get("Effect") == "Allow"
        and {ASSUME, "sts:*", "*"} & set(listed(statement.get("Action")))
        and _names_sagemaker(statement.get("Principal"))
        and account in _source_accounts(statement, account)
        for statement in listed(policy.get("Statement"))
    )


def _names_sagemaker(principal: Any) -> bool:
    services = principal.get("Service") if isinstance(principal, Mapping) else principal
    return bool({SAGEMAKER, "*"} & set(listed(services)))


def _source_accounts(statement: Mapping[str, Any], account: str) -> list[Any]:
    """Return the accounts that a statement is limited to; without a limit, the given account."""
    equal = statement.get("Condition", {}).get("StringEquals", {})
    return listed(equal.get(SOURCE_ACCOUNT, account))


def listed(value: Any) -> list[Any]:
    """Return a value as a list: IAM writes one value or a list of values."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _trust(account: str) -> str:
    """Return the policy of docs/iam/trust.json, limited to the jobs of an account."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": SAGEMAKER},
        "Action": ASSUME,
        "Condition": {"StringEquals": {SOURCE_ACCOUNT: account}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
