"""GetMetricData of the requests that an endpoint has answered."""

import time
from collections.abc import Mapping

from tests.include.local_aws.local_server import LocalServer


def test_get_metric_data_has_sums_and_percentiles_of_the_requests(aws: LocalServer) -> None:
    name = aws.endpoint(aws.config(aws.model()))
    for _ in range(4):
        aws.invoke(name, b"1")
    wanted = {"requests": ("Invocations", "Sum"), "errors": ("Invocation5XXErrors", "Sum"),
              "median": ("ModelLatency", "p50"), "slow": ("ModelLatency", "p99"),
              "slowest": ("ModelLatency", "Maximum")}  # fmt: skip
    found = metric_data(aws, {"EndpointName": name, "VariantName": "all"}, wanted)
    assert (found["requests"], found["errors"]) == (4, 0)
    assert 0 < found["median"] <= found["slow"] <= found["slowest"] < 5e6
    assert metric_data(aws, {"EndpointName": name, "VariantName": "other"}, wanted) == {}
    assert metric_data(aws, {"EndpointName": name}, wanted) == {}


def metric_data(
    aws: LocalServer, dimensions: Mapping[str, str], wanted: Mapping[str, tuple[str, str]]
) -> dict[str, float]:
    """Return the value of the only datapoint of each metric that has one, by the query's id."""
    hour = time.time() // 3600 * 3600
    queries = [
        {
            "Id": key,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/SageMaker",
                    "MetricName": metric,
                    "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
                },
                "Period": 24 * 3600,
                "Stat": statistic,
            },
        }
        for key, (metric, statistic) in wanted.items()
    ]
    results = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=hour - 3600, EndTime=hour + 7200
    )["MetricDataResults"]
    assert {result["StatusCode"] for result in results} == {"Complete"}
    return {found["Id"]: value for found in results for value in found["Values"]}
