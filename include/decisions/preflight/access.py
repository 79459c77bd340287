"""What an AWS service's refusal means for a check."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from include.common.aws_errors import error_code, is_denied
from include.decisions.preflight.finding import Finding, unknown

Aws = Callable[[str], Any]
"""Returns a boto3 client of a service, by the service's name as boto3 has it."""

OF_AWS = re.compile(r"\.(amazonaws\.com(\.cn)?|api\.aws|[a-z0-9]+\.(ic|sgov)\.gov)$")
"""The ends of the names under which AWS answers, in all of its partitions."""


def error_message(error: BaseException) -> str:
    """Return an error's message in one line."""
    response = getattr(error, "response", None) or {}
    return " ".join(str(response.get("Error", {}).get("Message") or error).split())


def failed_call(check: str, action: str, error: BaseException) -> Finding:
    """Return that a question had no answer: it was not allowed, or the service is away.

    Args:
        check: What was looked at.
        action: What was asked, as IAM names it.
        error: What came instead of an answer.
    """
    if is_denied(error):
        return unknown(
            check,
            f"whoever runs this check may not ask ({action})",
            f"allow {action}, or look for yourself",
        )
    return unknown(check, f"no answer to {action}: {error_code(error)}: {error_message(error)}")


def client_host(client: Any) -> str:
    """Return the host that a client asks."""
    return urlsplit(str(client.meta.endpoint_url)).hostname or ""


def is_emulator(client: Any) -> bool:
    """Whether a client asks something else than AWS itself, such as the local AWS."""
    return OF_AWS.search(client_host(client)) is None


def tolerate_emulator(client: Any, finding: Finding) -> Finding:
    """Return a finding, but unknown where it blames what a stand-in for AWS may well not have."""
    if finding.status != "failed" or not is_emulator(client):
        return finding
    return unknown(
        finding.check, f"{client_host(client)} stands in for AWS and says: {finding.found}"
    )
