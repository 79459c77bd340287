"""States of alarms by CloudWatch's rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.local_aws.observability.cloudwatch.evaluation import ALARM, OK, UNKNOWN, Rule

VALUES = st.lists(st.none() | st.sampled_from([0.0, 5.0]), min_size=1, max_size=6)


def rule(needed: int, missing: str) -> Rule:
    return Rule("GreaterThanThreshold", 1.0, needed, missing)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Rows of AWS's table for 3 out of 3: missing, ignore, breaching, notBreaching.
        ((0.0, 5.0, 5.0), (OK, OK, OK, OK)),
        ((5.0, 5.0, 5.0), (ALARM, ALARM, ALARM, ALARM)),
        ((None, None, 0.0), (OK, OK, OK, OK)),
        ((None, None, None), (UNKNOWN, "kept", ALARM, OK)),
        ((None, 5.0, None), (ALARM, "kept", ALARM, OK)),
    ],
)
def test_missing_data_are_treated_as_configured(
    values: tuple[float | None, ...], expected: tuple[str, ...]
) -> None:
    treatments = ("missing", "ignore", "breaching", "notBreaching")
    assert tuple(rule(3, treatment).state(values, "kept") for treatment in treatments) == expected


def test_two_out_of_three_datapoints() -> None:
    assert rule(2, "missing").state((5.0, 0.0, 5.0), OK) == ALARM
    assert rule(2, "missing").state((5.0, 0.0, 0.0), ALARM) == OK


@pytest.mark.parametrize(
    ("operator", "breaching"),
    [
        ("GreaterThanThreshold", [2.0]),
        ("GreaterThanOrEqualToThreshold", [1.0, 2.0]),
        ("LessThanThreshold", [0.0]),
        ("LessThanOrEqualToThreshold", [0.0, 1.0]),
    ],
)
def test_comparison_operators(operator: str, breaching: list[float]) -> None:
    states = {value: Rule(operator, 1.0, 1).state((value,), OK) for value in (0.0, 1.0, 2.0)}
    assert [value for value, state in states.items() if state == ALARM] == breaching


@settings(deadline=None, max_examples=50)
@given(VALUES, st.integers(1, 6))
def test_without_missing_data_all_treatments_agree(values: list[float | None], needed: int) -> None:
    complete = [5.0 if value is None else value for value in values]
    needed = min(needed, len(complete))
    treatments = ("missing", "ignore", "breaching", "notBreaching")
    assert len({rule(needed, treatment).state(complete, "kept") for treatment in treatments}) == 1


@settings(deadline=None, max_examples=50)
@given(VALUES, st.integers(1, 6))
def test_missing_data_as_breaching_never_hides_an_alarm(
    values: list[float | None], needed: int
) -> None:
    needed = min(needed, len(values))
    if rule(needed, "notBreaching").state(values, OK) == ALARM:
        assert rule(needed, "missing").state(values, OK) == ALARM
        assert rule(needed, "ignore").state(values, OK) == ALARM
        assert rule(needed, "breaching").state(values, OK) == ALARM
