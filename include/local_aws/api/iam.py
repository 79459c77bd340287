"""The IAM operations that SDKs call before a job.

There are no permissions: every role exists, trusts SageMaker and may do everything.
"""

import json
from urllib.parse import parse_qs, quote
from xml.sax.saxutils import escape

from include.local_aws.settings import ACCOUNT

_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
_CREATED = "2020-01-01T00:00:00Z"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def respond(body: bytes) -> str | None:
    """Return the XML response of GetRole or SimulatePrincipalPolicy; None for other requests."""
    form = parse_qs(body.decode("utf-8", "replace"))
    action = form.get("Action", [""])[0]
    if action == "GetRole":
        return _response(action, _role(form.get("RoleName", [""])[0]))
    if action == "SimulatePrincipalPolicy":
        actions = [values[0] for key, values in form.items() if key.startswith("ActionNames.")]
        return _response(action, _allow(actions))
    return None


def _role(name: str) -> str:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    fields = {
        "Path": "/",
        "RoleName": name,
        "RoleId": "AROALOCALAWSLOCALAWS1",
        "Arn": arn,
        "CreateDate": _CREATED,
        "AssumeRolePolicyDocument": quote(json.dumps(_TRUST)),
    }
    return f"<Role>{_elements(fields)}</Role>"


def _allow(actions: list[str]) -> str:
    members = [
        {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": "allowed"}
        for action in actions
    ]
    results = "".join(f"<member>{_elements(member)}</member>" for member in members)
    return f"<IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>"


def _elements(fields: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())


def _response(action: str, result: str) -> str:
    inside = f"<{action}Result>{result}</{action}Result>"
    return f'<{action}Response xmlns="{_NAMESPACE}">{inside}</{action}Response>'
