"""Endpoint metrics: values, dimensions and retention."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.local_aws.observability.cloudwatch.metrics import EndpointMetrics
from include.local_aws.observability.cloudwatch.statistic_set import StatisticSet

VARIANT = {"EndpointName": "cars", "VariantName": "all"}


def test_a_request_counts_for_its_variant_and_configuration() -> None:
    metrics = EndpointMetrics()
    metrics.meter("cars", "all", "old").record(200, 0.002, 0.001)
    metrics.meter("cars", "all", "new").record(404, 0.004, 0.001)
    metrics.meter("cars", "all", "new").record(500, 0.006, 0.001)
    metrics.meter("dogs", "all", "new").record(500, 0.1, 0.1)

    def statistic(metric: str, name: str, **more: str) -> float | None:
        now = time.time()
        values = metrics.statistics(metric, VARIANT | more, now - 60, now + 1)
        return values.statistic(name)

    assert statistic("Invocations", "Sum") == 3
    assert statistic("Invocation4XXErrors", "Average") == pytest.approx(1 / 3)
    assert statistic("Invocation5XXErrors", "Sum", EndpointConfigName="new") == 1
    assert statistic("Invocation5XXErrors", "Sum", EndpointConfigName="old") == 0
    assert statistic("ModelLatency", "Average") == pytest.approx(4000)
    assert statistic("OverheadLatency", "Maximum", EndpointConfigName="old") == pytest.approx(1000)
    assert statistic("Invocations", "Sum", EndpointConfigName="other") is None


def test_old_values_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server keeps values by minutes for a day, and by seconds for 20 minutes."""
    now = 1_700_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    metrics = EndpointMetrics()
    meter = metrics.meter("cars", "all", "config")
    for _ in range(25 * 60):
        now += 60
        meter.record(200, 0.001, 0.001)
    assert 24 * 60 <= len(meter.minutes()) <= 24 * 60 + 1
    assert 20 <= len(meter._buckets[1]) <= 21
    now += 2 * 24 * 3600
    metrics.meter("dogs", "all", "config")
    assert not list(metrics.datapoints())


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0.001, 1e9), min_size=1), st.sampled_from([1, 50, 90, 99, 100]))
def test_percentiles_have_an_error_of_two_percent(values: list[float], percent: int) -> None:
    statistics = StatisticSet()
    for value in values:
        statistics.add(value)
    expected = sorted(values)[max(1, -(-len(values) * percent // 100)) - 1]
    assert statistics.statistic(f"p{percent}") == pytest.approx(expected, rel=0.021)
    assert statistics.statistic("Median of something") is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1e6)), st.lists(st.floats(0, 1e6)))
def test_merged_sets_have_all_values(first: list[float], second: list[float]) -> None:
    parts, whole = (StatisticSet(), StatisticSet()), StatisticSet()
    for part, values in zip(parts, (first, second), strict=True):
        for value in values:
            part.add(value)
            whole.add(value)
    parts[0].merge(parts[1])
    for name in ("SampleCount", "Minimum", "Maximum", "p90"):
        assert parts[0].statistic(name) == whole.statistic(name)
