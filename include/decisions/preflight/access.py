"""Findings about AWS calls that fail, and about endpoints that are not AWS."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from include.common.aws_errors import error_code, is_denied
from include.decisions.preflight.finding import Finding, unknown

Aws = Callable[[str], Any]
"""Returns a boto3 client of a service, by boto3's name of the service."""

AWS_HOSTS = re.compile(r"\.(amazonaws\.com(\.cn)?|api\.aws|[a-z0-9]+\.(ic|sgov)\.gov)$")
"""The ends of AWS's host names, in all partitions."""


def error_message(error: BaseException) -> str:
    """Return an error's message in one line."""
    response = getattr(error, "response", None) or {}
    return " ".join(str(response.get("Error", {}).get("Message") or error).split())


def failed_call(check: str, action: str, error: BaseException) -> Finding:
    """Return the finding of a call that was denied or did not succeed.

    Args:
        check: The name of the check.
        action: The call, as IAM names it.
        error: The call's error.
    """
    if is_denied(error):
        return unknown(
            check,
            f"the caller of this check is not allowed to use {action}",
            f"allow {action}, or check it by hand",
        )
    return unknown(check, f"{action} failed: {error_code(error)}: {error_message(error)}")


def client_host(client: Any) -> str:
    """Return the host that a client connects to."""
    return urlsplit(str(client.meta.endpoint_url)).hostname or ""


def is_emulator(client: Any) -> bool:
    """Return whether a client connects to something other than AWS, such as the local AWS."""
    return AWS_HOSTS.search(client_host(client)) is None


def tolerate_emulator(client: Any, finding: Finding) -> Finding:
    """Change a failure into unknown if an emulator reported it: it may lack what AWS has."""
    if finding.status != "failed" or not is_emulator(client):
        return finding
    found = f"{client_host(client)} is not AWS, and reports: {finding.found}"
    return unknown(finding.check, found)
