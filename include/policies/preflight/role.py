"""The role that jobs run under: does it exist, and may SageMaker take it?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from include.policies.preflight.answers import Aws, lenient, unanswered
from include.policies.preflight.finding import Finding, failed, ok, unknown
from include.policies.refusals import code_of

SAGEMAKER = "sagemaker.amazonaws.com"
ASSUME = "sts:AssumeRole"


def check_role(aws: Aws, role_arn: str) -> Finding:
    """Return whether the role exists and trusts SageMaker."""
    check = "role"
    name = role_arn.rpartition("/")[2]
    if not re.fullmatch(r"[\w+=,.@-]{1,64}", name):
        return unknown(check, f"{role_arn!r} names no role that could be asked for")
    try:
        iam = aws("iam")
        finding = _judged(check, role_arn, iam.get_role(RoleName=name)["Role"])
    except Exception as error:
        if code_of(error) not in {"NoSuchEntity", "NoSuchEntityException"}:
            return unanswered(check, "iam:GetRole", error)
        finding = _absent(check, name)
    return lenient(iam, finding)


def _absent(check: str, name: str) -> Finding:
    return failed(
        check,
        f"there is no role {name} in the account",
        f"aws iam create-role --role-name {name} --assume-role-policy-document '{_trust()}', then "
        "let it read and write the bucket, pull the image and write logs",
    )


def _judged(check: str, role_arn: str, role: Mapping[str, Any]) -> Finding:
    if role["Arn"] != role_arn:
        return failed(
            check,
            f"{role_arn} is another one than the account's {role['Arn']}",
            f"set the Variable sagemaker_role_arn to {role['Arn']}",
        )
    if trusts_sagemaker(role.get("AssumeRolePolicyDocument", {})):
        return ok(check, f"{role_arn} trusts {SAGEMAKER}")
    return failed(
        check,
        f"{role_arn} does not trust {SAGEMAKER}, so that no job can take it",
        f"aws iam update-assume-role-policy --role-name {role['RoleName']} --policy-document "
        f"'{_trust()}' (keep the statements that it has)",
    )


def trusts_sagemaker(document: Mapping[str, Any] | str) -> bool:
    """Whether a trust policy, parsed or as IAM writes it, lets SageMaker take the role."""
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    return any(
        statement.get("Effect") == "Allow"
        and {ASSUME, "sts:*", "*"} & set(_listed(statement.get("Action")))
        and _names_sagemaker(statement.get("Principal"))
        for statement in _listed(policy.get("Statement"))
    )


def _names_sagemaker(principal: Any) -> bool:
    services = principal.get("Service") if isinstance(principal, Mapping) else principal
    return bool({SAGEMAKER, "*"} & set(_listed(services)))


def _listed(value: Any) -> list[Any]:
    """Return what IAM writes as one value or as a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _trust() -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": ASSUME}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
