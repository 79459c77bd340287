"""An endpoint of two instances that is updated again and again while clients ask it."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.include.local_aws.invoking import Client, alarm_request, deployment_config, invoking
from tests.include.local_aws.local_server import BUCKET, LocalServer, unique_name

CLIENTS = 4
GOOD = (
    deployment_config(),
    deployment_config("CANARY", wait=1, percent=20),
    deployment_config("LINEAR", wait=1, percent=34, TerminationWaitInSeconds=1),
)
BAD: dict[str, dict[str, str]] = {
    "ends at its start": {"DIES_AT_START": "1"},
    "answers slowly": {"DELAY": "0.4"},
    "answers 500": {"BROKEN": "1"},
}
_ITS_OWN = "out of order"  # what the model says that answers 500


@dataclass
class Report:
    """What a loop has done and found."""

    updates: int = 0
    rollbacks: dict[str, int] = field(default_factory=dict)
    answers: int = 0
    by_bad_model: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        bad = ", ".join(f"{count} that {what}" for what, count in self.rollbacks.items())
        return (
            f"{self.updates} good models brought in; {sum(self.rollbacks.values())} bad ones "
            f"rolled back ({bad})\n{self.answers} requests answered by {CLIENTS} clients in "
            f"{self.seconds:.0f} s; besides, the bad models themselves answered "
            f"{self.by_bad_model} with 500 before they were rolled back\n"
            f"violations, failed requests among them: {len(self.violations)}\n"
            + "\n".join(self.violations)
        )


class Loop:
    """A server in `folder` with one endpoint."""

    def __init__(self, folder: Path) -> None:
        self.report = Report()
        self._aws = LocalServer(folder)
        self._name = ""

    def run(self, rounds: int) -> Report:
        """Bring in so many good models, and a bad one after each."""
        self._aws.start()
        self._aws.s3.create_bucket(Bucket=BUCKET)
        self._name = self._aws.endpoint(self._config(VERSION="start"))
        begun = time.monotonic()
        with ExitStack() as stack:
            clients = [stack.enter_context(invoking(self._aws, self._name)) for _ in range(CLIENTS)]
            for number in range(rounds):
                self._bring_in(number, clients)
                self._refuse(number)
        self.report.seconds = time.monotonic() - begun
        self._count(clients)
        if self._aws.stop() != 0:
            self.report.violations.append("the server did not end well")
        return self.report

    def _bring_in(self, number: int, clients: list[Client]) -> None:
        version = f"good-{number}"
        config = self._config(VERSION=version)
        found = self._updated(config, GOOD[number % len(GOOD)])
        if (found["EndpointStatus"], found["EndpointConfigName"]) != ("InService", config):
            self.report.violations.append(f"{version} was not brought in: {_shown(found)}")
        late = {answer for client in clients for answer in client.next(3)} - {version}
        if late:
            self.report.violations.append(f"{late} answered after {version} was in service")
        self.report.updates += 1

    def _refuse(self, number: int) -> None:
        what = list(BAD)[number % len(BAD)]
        config = self._config(VERSION="bad", **BAD[what])
        before = self._aws.sagemaker.describe_endpoint(EndpointName=self._name)
        policy = deployment_config("CANARY", wait=120, percent=20, alarms=self._alarms(config))
        found = self._updated(config, policy)
        kept = found["EndpointConfigName"] == before["EndpointConfigName"]
        told = "rolled back" in found.get("FailureReason", "")
        if not (kept and told and found["EndpointStatus"] == "InService"):
            self.report.violations.append(f"one that {what} was not rolled back: {_shown(found)}")
            return
        self.report.rollbacks[what] = self.report.rollbacks.get(what, 0) + 1

    def _updated(self, config: str, policy: Any) -> Any:
        self._aws.sagemaker.update_endpoint(
            EndpointName=self._name, EndpointConfigName=config, DeploymentConfig=policy
        )
        return self._aws.wait_for_endpoint(self._name)

    def _config(self, **environment: str) -> str:
        return self._aws.config(self._aws.model(**environment), count=2)

    def _alarms(self, config: str) -> list[str]:
        """Alarms on the new fleet: on one error, and on slow answers."""
        dimensions = {
            "EndpointName": self._name,
            "VariantName": "all",
            "EndpointConfigName": config,
        }
        errors = alarm_request(unique_name("errors"), "Invocation5XXErrors", 0, dimensions)
        slow = alarm_request(unique_name("slow"), "ModelLatency", 350_000, dimensions)
        slow["Statistic"] = "Minimum"
        for request in (errors, slow):
            self._aws.client("cloudwatch").put_metric_alarm(**request)
        return [errors["AlarmName"], slow["AlarmName"]]

    def _count(self, clients: list[Client]) -> None:
        self.report.answers = sum(len(client.versions) for client in clients)
        errors = [error for client in clients for error in client.errors]
        failed = [error for error in errors if _ITS_OWN not in error]
        self.report.by_bad_model = len(errors) - len(failed)
        self.report.violations += [f"a request failed: {error}" for error in failed]


def _shown(found: Any) -> str:
    names = ("EndpointStatus", "EndpointConfigName", "FailureReason")
    return str({name: found.get(name) for name in names})
