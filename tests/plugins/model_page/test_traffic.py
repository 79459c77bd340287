"""Requests of the endpoint on a pipeline's page, from CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from model_page.reading.models import traffic
from model_page.reading.models.traffic import TrafficReader
from tests.include.local_aws.local_server import running
from tests.plugins.model_page.conftest import Site


def busy_hour() -> datetime:
    """Return the beginning of the last hour but two, counted when a test runs."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)


@pytest.fixture
def served(site: Site) -> Site:
    """A pipeline whose first package serves."""
    site.stage.serve(site.stage.package("merch-train-1"))
    return site


def answers(
    site: Site, patch: pytest.MonkeyPatch, values: Mapping[str, float], status: str = "Complete"
) -> list[Any]:
    """Let CloudWatch answer with one datapoint of each metric; return its requests."""
    requests: list[Any] = []

    def answer(**request: Any) -> Any:
        requests.append(request)
        results = []
        for query in request["MetricDataQueries"]:
            key = query["Id"]
            points = [values[key]] if key in values else []
            results.append({"Id": key, "Label": key, "Values": points, "StatusCode": status,
                            "Timestamps": [busy_hour()] * len(points)})  # fmt: skip
        return {"MetricDataResults": results}

    patch.setattr(site.stage.installation.cloudwatch, "get_metric_data", answer)
    return requests


def fails(site: Site, patch: pytest.MonkeyPatch, error: Exception) -> list[Any]:
    """Let each call of CloudWatch fail; return the calls."""
    calls: list[Any] = []

    def fail(**request: Any) -> Any:
        calls.append(request)
        raise error

    patch.setattr(site.stage.installation.cloudwatch, "get_metric_data", fail)
    return calls


BUSY = {"requests": 40, "client_errors": 2, "server_errors": 1, "answered": 39,
        "latency": 39 * 54_000, "slow": 1_234_567}  # fmt: skip


def test_the_overview_has_the_latency_for_one_call(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = answers(served, monkeypatch, BUSY)
    page = served.get().replace("\N{NO-BREAK SPACE}", " ")
    for text in ("54 ms", "latency, 40 requests in 24 hours", "3 errors"):
        assert text in page, text
    served.get("merch")
    assert len(requests) == 1


def test_the_overview_is_complete_without_cloudwatch(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fails(served, monkeypatch, EndpointConnectionError(endpoint_url="https://monitoring"))
    page = served.get()
    assert "release" in page
    assert "latency" not in page
    assert len(calls) == 1


def test_requests_errors_and_latencies(served: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = answers(served, monkeypatch, BUSY)
    page = served.get("merch").replace("\N{NO-BREAK SPACE}", " ")
    for text in (
        "Requests of the last 24 hours",
        "3</b>",
        "2 with 4XX, 1 with 5XX",
        "54 ms",
        "1,235 ms",
        f"{busy_hour():%H:%M} UTC: 40 requests, 3 errors",
    ):
        assert text in page, text
    hours = served.json("merch")["traffic"]["value"]["hours"]
    assert len(hours) == 24
    assert [hour["requests"] for hour in hours] == [0] * 21 + [40, 0, 0]
    assert hours[21]["mean"] == pytest.approx(0.054)
    (request,) = requests  # the second page is made from the first page's answer
    dimensions = request["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
    assert {item["Name"]: item["Value"] for item in dimensions} == {
        "EndpointName": "merch",
        "VariantName": "AllTraffic",
    }


def test_an_endpoint_without_requests(served: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(served, monkeypatch, {})
    assert "no requests of variant AllTraffic since" in served.get("merch")


def test_no_endpoint_asks_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = answers(site, monkeypatch, BUSY)
    assert "Requests of the last" not in site.get("merch")
    assert requests == []


DENIED = ClientError(
    {"Error": {"Code": "AccessDenied", "Message": "not authorized: cloudwatch:GetMetricData"}},
    "GetMetricData",
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (DENIED, "not authorized: cloudwatch:GetMetricData"),
        (EndpointConnectionError(endpoint_url="https://monitoring"), "AWS does not answer"),
    ],
)
def test_without_cloudwatch_the_rest_of_the_page_is_shown(
    served: Site, monkeypatch: pytest.MonkeyPatch, error: Exception, text: str
) -> None:
    calls = fails(served, monkeypatch, error)
    for _ in range(2):
        page = served.get("merch")
        assert "the requests of the endpoint cannot be shown: AWS" in page
        assert text in page
        assert "model package 1" in page
    assert len(calls) == 1, "a page must not wait for CloudWatch again within a minute"


def test_a_problem_ends_when_cloudwatch_answers_again(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(served, monkeypatch, DENIED)
    assert "cannot be shown" in served.get("merch")
    answers(served, monkeypatch, BUSY)
    monkeypatch.setattr(traffic, "MAX_AGE_SECONDS", 0.0)
    page = served.get("merch")
    assert "cannot be shown" not in page
    assert "2 with 4XX" in page


def test_an_incomplete_answer_is_no_figure(served: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(served, monkeypatch, BUSY, status="InternalError")
    assert "CloudWatch answered InternalError for requests" in served.get("merch")


def test_the_local_aws_has_what_its_endpoint_served(tmp_path: Path) -> None:
    with running(tmp_path) as aws:
        name = aws.endpoint(aws.config(aws.model()))
        for _ in range(3):
            aws.invoke(name, b"1")
        with pytest.raises(ClientError):
            aws.invoke(name, b"bad")
        found = TrafficReader(aws.client("cloudwatch")).read(name, "all")
    assert found.problem == ""
    assert found.value is not None
    assert (found.value.requests, found.value.client_errors) == (4, 1)
    assert found.value.server_errors == 0
    assert found.value.mean is not None
    assert found.value.slowest is not None
    assert found.value.slowest.p99 is not None
    assert 0 < found.value.mean <= found.value.slowest.p99 * 1.02 < 5
