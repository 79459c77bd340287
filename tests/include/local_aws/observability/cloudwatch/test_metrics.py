"""Endpoint metrics: counted right, found under their dimensions, and bounded in number."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.local_aws.observability.cloudwatch.figures import Figure
from include.local_aws.observability.cloudwatch.metrics import EndpointMetrics

VARIANT = {"EndpointName": "cars", "VariantName": "all"}


def test_each_request_counts_once_under_its_variant_and_its_configuration() -> None:
    metrics = EndpointMetrics()
    metrics.meter("cars", "all", "old").record(200, 0.002, 0.001)
    metrics.meter("cars", "all", "new").record(404, 0.004, 0.001)
    metrics.meter("cars", "all", "new").record(500, 0.006, 0.001)
    metrics.meter("dogs", "all", "new").record(500, 0.1, 0.1)

    def said(metric: str, statistic: str, **more: str) -> float | None:
        now = time.time()
        figure = metrics.figure(metric, VARIANT | more, now - 60, now + 1)
        return figure.statistic(statistic)

    assert said("Invocations", "Sum") == 3
    assert said("Invocation4XXErrors", "Average") == pytest.approx(1 / 3)
    assert said("Invocation5XXErrors", "Sum", EndpointConfigName="new") == 1
    assert said("Invocation5XXErrors", "Sum", EndpointConfigName="old") == 0
    assert said("ModelLatency", "Average") == pytest.approx(4000)
    assert said("OverheadLatency", "Maximum", EndpointConfigName="old") == pytest.approx(1000)
    assert said("Invocations", "Sum", EndpointConfigName="other") is None


def test_what_is_too_old_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that runs for months holds a day's minutes and twenty minutes' seconds."""
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
def test_a_percentile_is_right_to_two_percent(values: list[float], percent: int) -> None:
    figure = Figure()
    for value in values:
        figure.add(value)
    wanted = sorted(values)[max(1, -(-len(values) * percent // 100)) - 1]
    assert figure.statistic(f"p{percent}") == pytest.approx(wanted, rel=0.021)
    assert figure.statistic("Median of something") is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1e6)), st.lists(st.floats(0, 1e6)))
def test_merged_figures_are_the_figures_of_all_values(some: list[float], more: list[float]) -> None:
    parts, whole = (Figure(), Figure()), Figure()
    for part, values in zip(parts, (some, more), strict=True):
        for value in values:
            part.add(value)
            whole.add(value)
    parts[0].merge(parts[1])
    for name in ("SampleCount", "Minimum", "Maximum", "p90"):
        assert parts[0].statistic(name) == whole.statistic(name)
