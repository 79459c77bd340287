"""The update loop: an endpoint of two instances is updated while clients invoke it."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.include.local_aws.invoking import Client, alarm_request, deployment_config, invoking
from tests.include.local_aws.local_server import BUCKET, LocalServer, unique_name

CLIENTS = 4
"""Number of clients that invoke the endpoint."""
GOOD_UPDATES = (
    deployment_config(),
    deployment_config("CANARY", wait=1, percent=20),
    deployment_config("LINEAR", wait=1, percent=34, TerminationWaitInSeconds=1),
)
"""Deployment configurations with which good models are deployed, in turn."""
BAD_MODELS: dict[str, dict[str, str]] = {
    "exits at start": {"DIES_AT_START": "1"},
    "responds slowly": {"DELAY": "0.4"},
    "responds with 500": {"BROKEN": "1"},
}
"""Environments of bad models, by their fault; deployed in turn."""
_BAD_MODEL_RESPONSE = "out of order"  # of the model that responds with 500


@dataclass
class Report:
    """Result of an update loop.

    Attributes:
        updates: Good models deployed.
        rollbacks: Bad models rolled back, by fault.
        responses: Successful responses to all clients.
        bad_model_errors: Responses with 500 by a bad model before its rollback.
        seconds: Duration of all rounds.
        violations: Failed requests, and updates that did not end as expected.
    """

    updates: int = 0
    rollbacks: dict[str, int] = field(default_factory=dict)
    responses: int = 0
    bad_model_errors: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        faults = ", ".join(f"{count} that {fault}" for fault, count in self.rollbacks.items())
        return (
            f"{self.updates} good models deployed; {sum(self.rollbacks.values())} bad models "
            f"rolled back ({faults})\n{self.responses} requests of {CLIENTS} clients succeeded in "
            f"{self.seconds:.0f} s; the bad models responded with 500 to "
            f"{self.bad_model_errors} more before their rollback\n"
            f"violations, including failed requests: {len(self.violations)}\n"
            + "\n".join(self.violations)
        )


class UpdateLoop:
    """A server with one endpoint, which is updated under load.

    Args:
        folder: An empty folder for the server's state.
    """

    def __init__(self, folder: Path) -> None:
        self.report = Report()
        self._aws = LocalServer(folder)
        self._endpoint = ""

    def run(self, rounds: int) -> Report:
        """Deploy a good and then a bad model in each round, while clients invoke the endpoint.

        Args:
            rounds: Number of good models, and of bad models.

        Returns:
            The report; `violations` is empty if the server behaved correctly.
        """
        self._aws.start()
        self._aws.s3.create_bucket(Bucket=BUCKET)
        self._endpoint = self._aws.endpoint(self._create_config(VERSION="start"))
        started = time.monotonic()
        with ExitStack() as stack:
            clients = [
                stack.enter_context(invoking(self._aws, self._endpoint)) for _ in range(CLIENTS)
            ]
            for number in range(rounds):
                self._deploy_good_model(number, clients)
                self._deploy_bad_model(number)
        self.report.seconds = time.monotonic() - started
        self._count_responses(clients)
        if self._aws.stop() != 0:
            self.report.violations.append("the server's exit status is not 0")
        return self.report

    def _deploy_good_model(self, number: int, clients: list[Client]) -> None:
        version = f"good-{number}"
        config = self._create_config(VERSION=version)
        found = self._update(config, GOOD_UPDATES[number % len(GOOD_UPDATES)])
        if (found["EndpointStatus"], found["EndpointConfigName"]) != ("InService", config):
            self.report.violations.append(f"{version} was not deployed: {_summary(found)}")
        late = {answer for client in clients for answer in client.next(3)} - {version}
        if late:
            self.report.violations.append(f"{late} responded after {version} was in service")
        self.report.updates += 1

    def _deploy_bad_model(self, number: int) -> None:
        fault = list(BAD_MODELS)[number % len(BAD_MODELS)]
        config = self._create_config(VERSION="bad", **BAD_MODELS[fault])
        before = self._aws.sagemaker.describe_endpoint(EndpointName=self._endpoint)
        alarms = self._create_alarms(config)
        found = self._update(
            config, deployment_config("CANARY", wait=120, percent=20, alarms=alarms)
        )
        has_old_config = found["EndpointConfigName"] == before["EndpointConfigName"]
        has_reason = "rolled back" in found.get("FailureReason", "")
        if not (has_old_config and has_reason and found["EndpointStatus"] == "InService"):
            self.report.violations.append(
                f"the model that {fault} was not rolled back: {_summary(found)}"
            )
            return
        self.report.rollbacks[fault] = self.report.rollbacks.get(fault, 0) + 1

    def _update(self, config: str, deployment: Any) -> Any:
        """Update the endpoint, wait for the end of the update, and return the description."""
        self._aws.sagemaker.update_endpoint(
            EndpointName=self._endpoint, EndpointConfigName=config, DeploymentConfig=deployment
        )
        return self._aws.wait_for_endpoint(self._endpoint)

    def _create_config(self, **environment: str) -> str:
        return self._aws.config(self._aws.model(**environment), count=2)

    def _create_alarms(self, config: str) -> list[str]:
        """Create alarms on errors and on slow responses of the new fleet; return their names."""
        dimensions = {
            "EndpointName": self._endpoint,
            "VariantName": "all",
            "EndpointConfigName": config,
        }
        errors = alarm_request(unique_name("errors"), "Invocation5XXErrors", 0, dimensions)
        slow = alarm_request(unique_name("slow"), "ModelLatency", 350_000, dimensions)
        slow["Statistic"] = "Minimum"
        for request in (errors, slow):
            self._aws.client("cloudwatch").put_metric_alarm(**request)
        return [errors["AlarmName"], slow["AlarmName"]]

    def _count_responses(self, clients: list[Client]) -> None:
        self.report.responses = sum(len(client.versions) for client in clients)
        errors = [error for client in clients for error in client.errors]
        failed = [error for error in errors if _BAD_MODEL_RESPONSE not in error]
        self.report.bad_model_errors = len(errors) - len(failed)
        self.report.violations += [f"a request failed: {error}" for error in failed]


def _summary(found: Any) -> str:
    names = ("EndpointStatus", "EndpointConfigName", "FailureReason")
    return str({name: found.get(name) for name in names})
