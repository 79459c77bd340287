"""A training job: channels in, `train`, model.tar.gz out."""

import contextlib
import time
from pathlib import Path
from typing import Any

from include.local_aws.jobs.archives import pack
from include.local_aws.jobs.checkpoints import Checkpoints
from include.local_aws.jobs.inputs import fetch
from include.local_aws.jobs.job import Job, JobStopped
from include.local_aws.jobs.kinds import TRAINING
from include.local_aws.jobs.metrics import MetricReader
from include.local_aws.logs import events
from include.local_aws.store import Body

_DAY = 86400
_COMPLETED = "Training job completed"
_STOPPED = "Training job stopped"
_OVERTIME = "Training job runtime exceeded MaxRuntimeInSeconds provided"


def transition(body: Body, status: str, message: str) -> None:
    """Move to a secondary status, or renew the message of the present one."""
    now = time.time()
    body["SecondaryStatus"] = status
    steps = body.setdefault("SecondaryStatusTransitions", [])
    if steps and steps[-1]["Status"] == status:
        steps[-1]["StatusMessage"] = message
        return
    if steps:
        steps[-1]["EndTime"] = now
    steps.append({"Status": status, "StartTime": now, "StatusMessage": message})


class TrainingJob(Job):
    """Runs `<image> train` on its channels and keeps what it leaves in /opt/ml/model."""

    kind = TRAINING

    def work(self) -> None:
        """Channels, `train`, model.tar.gz, with SageMaker's secondary statuses in between."""
        request = self.body
        image = self.machine.images.find(request["AlgorithmSpecification"]["TrainingImage"])
        self.container.make("model", "output/data", "checkpoints", "input/data")
        self._write_config(request)
        self._download(request)
        self._advance("Training", "Downloading the training image")
        command = [*image.entrypoint, *self._arguments(request)]
        environment = self.container.environment(
            image, self.machine.aws, self._own_variables(request), request.get("Environment", {})
        )
        self._advance("Training", "Training image download completed. Training in progress.")
        program = self.program(self.container, command, environment)
        self.set(_log=str(program.log))
        with self._checkpoints(request):
            ended = self.run_programs([program], self._seconds(request))
        if ended.code != 0:
            raise self.failure(ended)
        self._upload(request)

    def on_started(self) -> None:
        """Say what SageMaker says while it looks for instances."""
        self._advance("Starting", "Launching requested ML instances")
        self._advance("Starting", "Preparing the instances for training")

    def on_stopped(self, stopped: JobStopped) -> None:
        """Keep the model that the program saved before it ended, as SageMaker does."""
        request = self.body
        model = self.container.base / "model"
        if model.is_dir() and any(model.iterdir()):
            self._upload(request)
        self.finish("Overtime" if stopped.overtime else "Stopped")

    def close(self, body: Body, status: str, reason: str) -> None:
        """Add the last transition and the seconds to bill."""
        overtime = status == "Overtime"
        secondary = "MaxRuntimeExceeded" if overtime else status
        message = {"Completed": _COMPLETED, "Stopped": _STOPPED, "Overtime": _OVERTIME}
        transition(body, secondary, message.get(status, reason[:1024]))
        super().close(body, "Stopped" if overtime else status, reason)
        body["SecondaryStatusTransitions"][-1]["EndTime"] = body[self.kind.ended]
        seconds = max(1, round(body[self.kind.ended] - body[self.kind.started]))
        body["TrainingTimeInSeconds"] = body["BillableTimeInSeconds"] = seconds

    def finish(self, status: str, *, reason: str = "") -> None:
        """Record the metrics that the log holds, then the end."""
        metrics = _metrics(self.body)
        if metrics:
            self.set(FinalMetricDataList=metrics)
        super().finish(status, reason=reason)

    def _advance(self, status: str, message: str, **fields: Any) -> None:
        self.check_stop()
        self._step(status, message, **fields)

    def _step(self, status: str, message: str, **fields: Any) -> None:
        def change(body: Body) -> None:
            transition(body, status, message)
            body.update(fields)

        self.machine.store.update(self.kind.store, self.name, change)

    def _write_config(self, request: Body) -> None:
        channels = {
            channel["ChannelName"]: {
                "TrainingInputMode": "File",
                "S3DistributionType": _source(channel).get(
                    "S3DataDistributionType", "FullyReplicated"
                ),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            }
            for channel in request.get("InputDataConfig", [])
        }
        self.container.write_config("hyperparameters.json", request.get("HyperParameters", {}))
        self.container.write_config("inputdataconfig.json", channels)
        self.container.write_resources(request["ResourceConfig"]["InstanceType"])

    def _download(self, request: Body) -> None:
        self._advance("Downloading", "Downloading input data", TrainingStartTime=time.time())
        for channel in request.get("InputDataConfig", []):
            fetch(
                self.machine.objects,
                _source(channel),
                self.container.base / "input/data" / channel["ChannelName"],
                channel.get("CompressionType", "None"),
                self.check_stop,
            )

    def _arguments(self, request: Body) -> list[str]:
        """What follows the image's entry point; a ContainerEntrypoint is not replaced by it."""
        spec = request["AlgorithmSpecification"]
        own = [*spec.get("ContainerEntrypoint", []), *spec.get("ContainerArguments", [])]
        return [self.container.rewritten(argument) for argument in own] or ["train"]

    def _checkpoints(self, request: Body) -> contextlib.AbstractContextManager[Any]:
        config = request.get("CheckpointConfig")
        if config is None:
            return contextlib.nullcontext()
        directory = self.container.local(config.get("LocalPath", "/opt/ml/checkpoints"))
        return Checkpoints(self.machine.objects, config["S3Uri"], directory)

    def _own_variables(self, request: Body) -> dict[str, str]:
        return {
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": request[self.kind.arn],
            "SM_CURRENT_HOST": "algo-1",
        }

    def _seconds(self, request: Body) -> float:
        return float(request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DAY))

    def _upload(self, request: Body) -> None:
        self._step("Uploading", "Uploading generated training model")
        pack(self.container.base / "model", self.container.directory / "model.tar.gz")
        target = request["ModelArtifacts"]["S3ModelArtifacts"]
        self.machine.objects.upload_file(self.container.directory / "model.tar.gz", target)
        data = self.container.base / "output/data"
        if any(data.iterdir()):
            pack(data, self.container.directory / "output.tar.gz")
            self.machine.objects.upload_file(
                self.container.directory / "output.tar.gz",
                target.replace("model.tar.gz", "output.tar.gz"),
            )


def artifact_uri(request: Body) -> str:
    """Where a job's model.tar.gz will be."""
    path = request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    return f"{path}/{request['TrainingJobName']}/output/model.tar.gz"


def _source(channel: dict[str, Any]) -> dict[str, Any]:
    source: dict[str, Any] = channel["DataSource"].get("S3DataSource", {})
    return source


def _metrics(body: Body) -> list[dict[str, Any]]:
    definitions = body["AlgorithmSpecification"].get("MetricDefinitions", [])
    if not definitions or "_log" not in body:
        return []
    reader = MetricReader(definitions)
    for event in events(Path(body["_log"])):
        reader.feed(event)
    return reader.final
