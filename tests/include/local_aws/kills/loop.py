"""The kill loop: load, kill, restart, check."""

import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.include.local_aws.kills import checks
from tests.include.local_aws.kills.acknowledged import Acknowledged
from tests.include.local_aws.kills.load import ENDPOINT, IMAGE, Load
from tests.include.local_aws.local_server import BUCKET, LocalServer

_LOAD_SECONDS = (0.0, 2.0)  # shortest and longest load before a kill
_STARTUP_KILL_PROBABILITY = 0.15
_CHECKED_JOBS = 50  # the newest jobs, checked after each kill


@dataclass
class Report:
    """Result of a kill loop.

    Attributes:
        rounds: Kills under load.
        startup_kills: Kills of a server that was starting.
        start_seconds: Seconds that each start took.
        record: What the server acknowledged, and the violations.
    """

    rounds: int = 0
    startup_kills: int = 0
    start_seconds: list[float] = field(default_factory=list)
    record: Acknowledged = field(default_factory=Acknowledged)

    def __str__(self) -> str:
        counts = ", ".join(
            f"{count} {label}" for label, count in sorted(self.record.counts.items())
        )
        statuses = [job.end[0] for job in self.record.jobs.values() if job.end]
        ends = ", ".join(f"{statuses.count(status)} {status}" for status in sorted(set(statuses)))
        slowest = max(self.start_seconds, default=0)
        violations = self.record.violations
        return (
            f"{self.rounds} kills ({self.startup_kills} while starting; "
            f"slowest start {slowest:.1f} s)\n"
            f"acknowledged: {counts}\njobs ended: {ends}\n"
            f"violations: {len(violations)}\n" + "\n".join(violations)
        )


class KillLoop:
    """A server that is killed repeatedly under load.

    Args:
        folder: An empty folder for the server's state and the record of job starts.
        load_seconds: The shortest and longest load before a kill.
    """

    def __init__(self, folder: Path, load_seconds: tuple[float, float] = _LOAD_SECONDS) -> None:
        self.report = Report()
        self._load_seconds = load_seconds
        self._runs = folder / "runs"
        self._server = LocalServer(folder / "aws", jobs=2)
        self._source = ""
        self._configs: list[str] = []
        self._add_image()

    def run(self, rounds: int) -> Report:
        """Kill the server under load, restart and check it, and stop it after the last round.

        Args:
            rounds: Number of kills under load.

        Returns:
            The report; `report.record.violations` is empty if the server behaved correctly.
        """
        self._start()
        self._prepare()
        for number in range(rounds):
            if number:
                self._restart()
            self._kill()
            violations = len(self.report.record.violations)
            print(f"{number + 1} kills, {violations} violations", file=sys.stderr, flush=True)
        self._start()
        self._check()
        checks.check_job_ends(self._server, self.report.record, self._runs)
        self._server.stop()
        checks.check_stopped(self.report.record, self._server.root)
        return self.report

    def _start(self) -> None:
        started = time.monotonic()
        self._server.start()
        self.report.start_seconds.append(time.monotonic() - started)

    def _restart(self) -> None:
        while random.random() < _STARTUP_KILL_PROBABILITY:
            self._server.launch()
            time.sleep(random.uniform(0, 5))
            self._server.kill()
            self.report.startup_kills += 1
        self._start()
        self._check()

    def _check(self) -> None:
        record = self.report.record
        jobs = list(record.jobs.values())[-_CHECKED_JOBS:]
        checks.check_durability(self._server, record, self._configs, jobs)
        checks.check_single_execution(record, self._runs)

    def _kill(self) -> None:
        load = Load(self._server, self.report.record, self._configs, self._source)
        load.run_and_kill(random.uniform(*self._load_seconds))
        self.report.rounds += 1

    def _prepare(self) -> None:
        """Create the bucket, the jobs' input, and an endpoint with three configurations."""
        server = self._server
        server.s3.create_bucket(Bucket=BUCKET)
        self._source = server.put("source", a="1")
        self._configs = [server.config(server.model(VERSION=str(n))) for n in range(3)]
        server.sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=self._configs[0])
        assert server.wait_for_endpoint(ENDPOINT)["EndpointStatus"] == "InService"

    def _add_image(self) -> None:
        """Add the image that runs `program.py` to the server's image registry."""
        images = json.loads(self._server.images.read_text())
        program = str(Path(__file__).with_name("program.py"))
        images[IMAGE] = {
            "entrypoint": [sys.executable, program],
            "environment": {"RUNS": str(self._runs)},
        }
        self._server.images.write_text(json.dumps(images))
