"""Kill the server in a loop under load, and check each time what must hold."""

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

_LOAD = (0.0, 2.0)  # seconds of load before a kill, from and to
_AT_START = 0.15  # of the kills come before the server is ready


@dataclass
class Report:
    """What a loop has done and found."""

    rounds: int = 0
    at_start: int = 0
    starts: list[float] = field(default_factory=list)
    done: Acknowledged = field(default_factory=Acknowledged)

    def __str__(self) -> str:
        counted = ", ".join(f"{count} {what}" for what, count in sorted(self.done.counts.items()))
        ends = [job.end[0] for job in self.done.jobs.values() if job.end]
        ended = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
        slowest = max(self.starts, default=0)
        return (
            f"{self.rounds} kills ({self.at_start} while starting; slowest start {slowest:.1f} s)\n"
            f"acknowledged: {counted}\njobs ended: {ended}\n"
            f"violations: {len(self.done.violations)}\n" + "\n".join(self.done.violations)
        )


class Loop:
    """A server in `folder` that is killed again and again."""

    def __init__(self, folder: Path, load: tuple[float, float] = _LOAD) -> None:
        self.report = Report()
        self._load = load
        self._runs = folder / "runs"
        self._server = LocalServer(folder / "aws", jobs=2)
        self._source = ""
        self._configs: list[str] = []
        self._add_image()

    def run(self, rounds: int) -> Report:
        """Kill the server so many times; the report's violations are what must be empty."""
        self._start()
        self._prepare()
        for number in range(rounds):
            if number:
                self._start_again()
            self._kill()
            told = f"{number + 1} kills, {len(self.report.done.violations)} violations"
            print(told, file=sys.stderr, flush=True)
        self._start()
        self._check_round()
        checks.check_ends(self._server, self.report.done, self._runs)
        self._server.stop()
        checks.check_folder(self.report.done, self._server.root)
        return self.report

    def _start(self) -> None:
        started = time.monotonic()
        self._server.start()
        self.report.starts.append(time.monotonic() - started)

    def _start_again(self) -> None:
        while random.random() < _AT_START:
            self._server.launch()
            time.sleep(random.uniform(0, 5))
            self._server.kill()
            self.report.at_start += 1
        self._start()
        self._check_round()

    def _check_round(self) -> None:
        done = self.report.done
        checks.check_kept(self._server, done, self._configs, list(done.jobs.values())[-50:])
        checks.check_once(done, self._runs)

    def _kill(self) -> None:
        load = Load(self._server, self.report.done, self._configs, self._source)
        load.until_killed(random.uniform(*self._load))
        self.report.rounds += 1

    def _prepare(self) -> None:
        server = self._server
        server.s3.create_bucket(Bucket=BUCKET)
        self._source = server.put("source", a="1")
        self._configs = [server.config(server.model(VERSION=str(n))) for n in range(3)]
        server.sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=self._configs[0])
        assert server.wait_for_endpoint(ENDPOINT)["EndpointStatus"] == "InService"

    def _add_image(self) -> None:
        """Add the image whose programs count their runs."""
        images = json.loads(self._server.images.read_text())
        program = str(Path(__file__).with_name("program.py"))
        images[IMAGE] = {
            "entrypoint": [sys.executable, program],
            "environment": {"RUNS": str(self._runs)},
        }
        self._server.images.write_text(json.dumps(images))
