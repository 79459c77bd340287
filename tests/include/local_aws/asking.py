"""Clients that ask an endpoint without a pause while a test does something to it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.include.local_aws.local_server import LocalServer


class Client(threading.Thread):
    """Keeps what it is answered: versions, and what it got instead of an answer."""

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
        """The versions that give the next answers, without the one that was under way."""
        begun = len(self.versions) + 1
        deadline = time.monotonic() + 60
        while len(self.versions) < begun + count:
            assert time.monotonic() < deadline, f"no {count} answers within a minute"
            time.sleep(0.01)
        return self.versions[begun:]

    def end(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def asking(aws: LocalServer, endpoint: str) -> Iterator[Client]:
    """One client, for as long."""
    client = Client(aws, endpoint)
    client.start()
    try:
        yield client
    finally:
        client.end()


def alarm_request(
    name: str, metric: str, threshold: float, dimensions: dict[str, str], **more: Any
) -> Any:
    """PutMetricAlarm on an endpoint's metric over the last minute."""
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
        **more,
    }


def routing(kind: str = "ALL_AT_ONCE", wait: int = 0, percent: int = 50, **policy: Any) -> Any:
    """A DeploymentConfig; `alarms` names alarms that roll back."""
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind)
    size = {member: {"Type": "CAPACITY_PERCENT", "Value": percent}} if member else {}
    config: dict[str, Any] = {}
    if "alarms" in policy:
        alarms = [{"AlarmName": alarm} for alarm in policy.pop("alarms")]
        config["AutoRollbackConfiguration"] = {"Alarms": alarms}
    shifting = {"Type": kind, "WaitIntervalInSeconds": wait, **size}
    config["BlueGreenUpdatePolicy"] = {"TrafficRoutingConfiguration": shifting, **policy}
    return config
