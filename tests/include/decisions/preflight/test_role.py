"""Tests of the checks of the roles."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from include.decisions.preflight.role import check_role, trusts_sagemaker
from tests.include.decisions.preflight.conftest import ROLE, StubbedAws

ACCOUNT = "123456789012"
TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}


def _source(accounts: Any) -> dict[str, Any]:
    return {"StringEquals": {"aws:SourceAccount": accounts}}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    assume = [{"Action": "sts:AssumeRole", **statement} for statement in statements]
    return {"Version": "2012-10-17", "Statement": assume}


def prepare_role(aws: StubbedAws, document: dict[str, Any] | str, arn: str = ROLE) -> None:
    role = {
        "Path": "/service-role/",
        "RoleName": "sagemaker",
        "RoleId": "AROA0123456789012345",
        "Arn": arn,
        "CreateDate": datetime(2026, 1, 1, tzinfo=UTC),
        "AssumeRolePolicyDocument": document if isinstance(document, str) else json.dumps(document),
    }
    aws["iam"].answer("get_role", {"Role": role}, RoleName="sagemaker")


def test_a_role_that_trusts_sagemaker_is_ok(aws: StubbedAws) -> None:
    """The role's name is the last part of its ARN, after the path."""
    prepare_role(aws, policy(TRUST))
    finding = check_role(aws, ROLE)
    assert (finding.status, finding.found) == ("ok", f"{ROLE} trusts sagemaker.amazonaws.com")


def test_a_role_without_trust_fails_with_a_policy_that_fixes_it(aws: StubbedAws) -> None:
    prepare_role(aws, policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}))
    finding = check_role(aws, ROLE)
    assert finding.status == "failed"
    command, document = finding.fix.split("'")[:2]
    assert command.startswith("aws iam update-assume-role-policy --role-name sagemaker")
    assert trusts_sagemaker(json.loads(document), ACCOUNT)


def test_the_trust_policy_of_the_fix_is_limited_to_one_account(aws: StubbedAws) -> None:
    aws["iam"].refuse("get_role", "NoSuchEntity", "cannot be found")
    document = json.loads(check_role(aws, ROLE).fix.split("'")[1])
    (statement,) = document["Statement"]
    assert statement["Condition"] == _source(ACCOUNT)


def test_a_missing_role_fails(aws: StubbedAws) -> None:
    aws["iam"].refuse("get_role", "NoSuchEntity", "cannot be found")
    finding = check_role(aws, ROLE)
    assert (finding.status, "no role sagemaker" in finding.found) == ("failed", True)
    assert finding.fix.startswith("aws iam create-role --role-name sagemaker")


def test_a_role_of_another_account_fails(aws: StubbedAws) -> None:
    other = ROLE.replace("123456789012", "999999999999")
    prepare_role(aws, policy(TRUST), other)
    finding = check_role(aws, ROLE)
    assert finding.status == "failed"
    assert finding.fix == f"set the Variable sagemaker_role_arn to {other}"


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
def test_after_an_error_the_role_is_unknown(aws: StubbedAws, code: str) -> None:
    aws["iam"].refuse("get_role", code, "no")
    assert check_role(aws, ROLE).status == "unknown"


def test_a_policy_that_is_not_json_is_unknown(aws: StubbedAws) -> None:
    prepare_role(aws, "no JSON")
    assert check_role(aws, ROLE).status == "unknown"


def test_a_failure_reported_by_an_emulator_is_unknown(aws: StubbedAws) -> None:
    aws["iam"].refuse("get_role", "NoSuchEntity")
    aws.use_emulator("iam")
    finding = check_role(aws, ROLE)
    assert finding.status == "unknown"
    assert finding.found.startswith("127.0.0.1 is not AWS, and reports: there is no role")


@pytest.mark.parametrize(
    ("document", "trusted"),
    [
        (policy(TRUST), True),
        (quote(json.dumps(policy(TRUST))), True),
        (policy({**TRUST, "Principal": {"Service": ["a", "sagemaker.amazonaws.com"]}}), True),
        (policy({**TRUST, "Action": ["sts:TagSession", "sts:AssumeRole"]}), True),
        (policy({**TRUST, "Principal": "*"}), True),
        ({"Statement": {**TRUST, "Action": "sts:*"}}, True),
        (policy({**TRUST, "Effect": "Deny"}), False),
        (policy({**TRUST, "Action": "sts:TagSession"}), False),
        (policy({**TRUST, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}), False),
        ({}, False),
        (policy({**TRUST, "Condition": _source(ACCOUNT)}), True),
        (policy({**TRUST, "Condition": _source(["1", ACCOUNT])}), True),
        (policy({**TRUST, "Condition": _source("999999999999")}), False),
    ],
)
def test_trust_policies_are_read_in_all_forms_of_iam(document: Any, trusted: bool) -> None:
    assert trusts_sagemaker(document, ACCOUNT) is trusted
