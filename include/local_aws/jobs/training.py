"""Training jobs: download the channels, run `train`, upload model.tar.gz."""

import math
import shutil
import time
from collections.abc import Sequence
from typing import Any

from include.local_aws.containers.container import Container
from include.local_aws.jobs import artifacts
from include.local_aws.jobs.attempt import Attempt
from include.local_aws.jobs.job import Job, JobStopped
from include.local_aws.jobs.kinds import TRAINING
from include.local_aws.jobs.programs import Exit, Program
from include.local_aws.jobs.spot import Interruptions, is_spot
from include.local_aws.jobs.transitions import transition
from include.local_aws.observability.training_metrics import final_metrics
from include.local_aws.store import Body

_MESSAGES = {
    "Completed": "Training job completed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job exceeded MaxWaitTimeInSeconds provided",
    "Interrupted": "Training job interrupted",
}
_OVERTIME = ("MaxRuntimeExceeded", "MaxWaitTimeExceeded")


class Interrupted(JobStopped):
    """A managed spot training was interrupted, and will be started again."""


class TrainingJob(Job):
    """Runs `<image> train` on the channels and uploads /opt/ml/model.

    All instances run on this computer at the same time, each with its own container.
    """

    kind = TRAINING
    _latest = math.inf  # the epoch seconds at which MaxWaitTimeInSeconds is over
    _ran = 0.0  # the seconds that the programs of interrupted attempts ran

    def work(self) -> None:
        """Train, start again after each interruption, then upload the model."""
        while (ended := self._attempt()) is None:
            self._advance("Interrupted", _MESSAGES["Interrupted"])
            shutil.rmtree(self.container.directory, ignore_errors=True)
            self._advance("Starting", "Starting the training job")
            self.on_started()
        if ended.code != 0:
            raise self.failure(ended)
        self._upload(self.body)

    def _attempt(self) -> Exit | None:
        """Run one attempt; return the exit of `train`, or None for an interruption."""
        request = self.body
        image = self.runtime.images.find(request["AlgorithmSpecification"]["TrainingImage"])
        self._now = Attempt(self.runtime, request, image, self._instances(request))
        self._now.prepare()
        started = request.get(self.kind.started) or time.time()
        self._advance("Downloading", "Downloading input data", TrainingStartTime=started)
        self._now.download(self.check_stop)
        self._advance("Training", "Downloading the training image")
        programs = [self.program(*start) for start in self._now.starts()]
        self._advance("Training", "Training image download completed. Training in progress.")
        self.set(_logs=[*request.get("_logs", []), str(programs[0].log)])
        with self._now.inputs():
            ended = self._run(request, programs)
        self._now.check()
        return ended

    def _run(self, request: Body, programs: Sequence[Program]) -> Exit | None:
        """Run the programs; return their exit, or None for an interruption.

        An interruption sends SIGTERM first, as on SageMaker.
        """
        self._interruptions = Interruptions(
            self.runtime.store, request[self.kind.arn], is_spot=is_spot(request)
        )
        self._began = time.monotonic()
        try:
            return self.run_programs(programs, self.longest(request) - self._ran)
        except Interrupted:
            return None
        finally:
            self._ran += time.monotonic() - self._began

    def check_programs(self) -> None:
        """Check also for errors of pipes, and for requests to interrupt a spot training."""
        super().check_programs()
        self._now.check()
        if self._interruptions.due(time.monotonic() - self._began):
            raise Interrupted("Interrupted")

    def check_stop(self) -> None:
        """Check also MaxWaitTimeInSeconds, which counts from the job's creation."""
        super().check_stop()
        if time.time() > self._latest:
            raise JobStopped("MaxWaitTimeExceeded")

    def on_started(self) -> None:
        """Record the statuses that SageMaker gives while it launches instances."""
        request = self.body
        wait = request.get("StoppingCondition", {}).get("MaxWaitTimeInSeconds", math.inf)
        self._latest = request["CreationTime"] + wait
        self._advance("Starting", "Launching requested ML instances")
        self._advance("Starting", "Preparing the instances for training")

    def on_stopped(self, stopped: JobStopped) -> None:
        """Upload the model that the program saved before it was stopped, as SageMaker does."""
        request = self.body
        if any(artifacts.filled(i.base / "model") for i in self._instances(request)):
            self._upload(request)
        self.finish(stopped.status)

    def close(self, body: Body, status: str, reason: str) -> None:
        """Add the last transition and the billable seconds."""
        transition(body, status, _MESSAGES.get(status, reason[:1024]))
        super().close(body, "Stopped" if status in _OVERTIME else status, reason)
        body["SecondaryStatusTransitions"][-1]["EndTime"] = body[self.kind.ended]
        seconds = max(1, round(body[self.kind.ended] - body[self.kind.started]))
        body["TrainingTimeInSeconds"] = body["BillableTimeInSeconds"] = seconds

    def record_end(self, status: str, *, reason: str = "") -> None:
        """Record the final metrics from the log, then the end."""
        metrics = final_metrics(self.body)
        if metrics:
            self.set(FinalMetricDataList=metrics)
        super().record_end(status, reason=reason)

    def _advance(self, status: str, message: str, **fields: Any) -> None:
        self.check_stop()
        self._step(status, message, **fields)

    def _step(self, status: str, message: str, **fields: Any) -> None:
        def change(body: Body) -> None:
            transition(body, status, message)
            body.update(fields)

        self.runtime.store.update(self.kind.store, self.name, change)

    def _instances(self, request: Body) -> list[Container]:
        count = request["ResourceConfig"].get("InstanceCount", 1)
        return Container.for_hosts(self.container.directory, count)

    def _upload(self, request: Body) -> None:
        self._step("Uploading", "Uploading generated training model")
        artifacts.upload(self.runtime.objects, request, self._instances(request), self.check_server)
