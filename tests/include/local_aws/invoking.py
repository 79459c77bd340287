"""Clients that invoke an endpoint without a pause while a test changes it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.include.local_aws.local_server import LocalServer
from tests.waiting import LONG


class Client(threading.Thread):
    """A client that collects the versions of the models that answered, and the errors."""

    def __init__(self, aws: LocalServer, endpoint: str) -> None:
        super().__init__()
        self._aws = aws
        self._endpoint = endpoint
        self._over = threading.Event()
        self.versions: list[str] = []
        self.errors: list[str] = []

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self.versions.append(self._aws.invoke(self._endpoint, b"1")["version"])
            except (ClientError, BotoCoreError) as error:
                self.errors.append(str(error))

    def next(self, count: int) -> list[str]:
        """Return the versions of the next answers, without that of the current request."""
        start = len(self.versions) + 1
        deadline = time.monotonic() + LONG
        while len(self.versions) < start + count:
            assert time.monotonic() < deadline, f"no {count} answers within a minute"
            time.sleep(0.01)
        return self.versions[start:]

    def end(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def invoking(aws: LocalServer, endpoint: str) -> Iterator[Client]:
    """Run one client until the context ends."""
    client = Client(aws, endpoint)
    client.start()
    try:
        yield client
    finally:
        client.end()


def alarm_request(
    name: str, metric: str, threshold: float, dimensions: dict[str, str], **fields: Any
) -> Any:
    """Return a PutMetricAlarm request on an endpoint's metric over the last minute."""
    return {
        "AlarmName": name,
        "Namespace": "AWS/SageMaker",
        "MetricName": metric,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        **fields,
    }


def deployment_config(
    kind: str = "ALL_AT_ONCE", wait: int = 0, percent: int = 50, **policy: Any
) -> Any:
    """Return a DeploymentConfig; `alarms` are the names of alarms that cause a rollback."""
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind)
    size = {member: {"Type": "CAPACITY_PERCENT", "Value": percent}} if member else {}
    config: dict[str, Any] = {}
    if "alarms" in policy:
        alarms = [{"AlarmName": alarm} for alarm in policy.pop("alarms")]
        config["AutoRollbackConfiguration"] = {"Alarms": alarms}
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **size}
    config["BlueGreenUpdatePolicy"] = {"TrafficRoutingConfiguration": routing, **policy}
    return config
