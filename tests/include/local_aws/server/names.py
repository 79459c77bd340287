"""Names of resources that no other test uses, and the role of all requests."""

import itertools
import time

from tests.waiting import LONG

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
QUICK = {"Delay": 0.1, "MaxAttempts": int(10 * LONG)}
"""A WaiterConfig for jobs and endpoints that take seconds."""

_numbers = itertools.count(1)


def unique_name(word: str) -> str:
    """Return a name that no other test uses."""
    return f"{word}-{next(_numbers)}-{time.time_ns() % 10**9}"
