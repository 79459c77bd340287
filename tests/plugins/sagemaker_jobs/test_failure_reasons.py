"""The cause that a FailureReason names; an unknown text has an unknown cause."""

import pytest

from sagemaker_jobs.failure_reasons import Cause, endpoint_cause, job_cause

PING = "The primary container for production variant AllTraffic did not pass the ping health check"


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (f"{PING}. Please check CloudWatch logs for this endpoint.", "model"),
        (f"{PING} (exit code 1: InternalServerError). See the log.", "model"),
        (
            "One or more alarms of the automatic rollback configuration are in the state ALARM: a.",
            "model",
        ),
        ("Alarm HighErrors is in ALARM state", "model"),
        ("Update was rolled back: alarm quota-errors is in ALARM", "model"),
        ("Update was rolled back: alarm permission-errors is in ALARM", "model"),
        ("Update was rolled back: Alarm throttling-5xx went off", "model"),
        ("Alarms [LimitExceeded] were Triggered during the update", "model"),
        ("Failed to extract model data archive for container from URL s3://b/m.tar.gz.", "model"),
        ("CapacityError: Unable to provision requested ML compute capacity.", "aws"),
        ("Unable to locate at least 2 availability zone(s) with ml.p3.2xlarge", "aws"),
        ("ResourceLimitExceeded: The account-level service limit is 1 Instances", "aws"),
        ("Request to service failed. If failure persists, contact customer support.", "aws"),
        ("InternalServerError", "aws"),
        ("User is not authorized to describe alarms; state ALARM unknown", "unknown"),
        ("Not authorized to call DescribeAlarms for alarm a in ALARM state", "unknown"),
        ("InternalServerError: the alarms could not be described", "aws"),
        ("Failed to download model data: ensure that the role has permissions", "unknown"),
        ("The deployment took longer than 10 seconds", "unknown"),
        ("memory capacity of the container", "unknown"),
        ("", "unknown"),
    ],
)
def test_reasons_of_endpoints(reason: str, cause: Cause) -> None:
    assert endpoint_cause(reason) == cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("InternalServerError: We encountered an internal error.", "aws"),
        ("AlgorithmError: CapacityError in the log of the container", "unknown"),
        ("ClientError: Access denied", "unknown"),
    ],
)
def test_reasons_of_jobs(reason: str, cause: Cause) -> None:
    assert job_cause(reason) == cause
