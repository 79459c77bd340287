"""Durations in plain English."""

import pytest

from sagemaker_jobs.jobs.durations import format_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 seconds"),
        (1, "1 second"),
        (45.2, "45 seconds"),
        (60, "1 minute"),
        (125, "2 minutes 5 seconds"),
        (3600, "1 hour"),
        (7384, "2 hours 3 minutes"),
        (90061, "25 hours 1 minute"),
    ],
)
def test_the_two_largest_units_are_shown(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
