"""A training job: channels in, `train`, model.tar.gz out."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from include.local_aws.images import Image
from include.local_aws.jobs import cluster
from include.local_aws.jobs.archives import pack
from include.local_aws.jobs.checkpoints import Checkpoints
from include.local_aws.jobs.container import Container
from include.local_aws.jobs.job import Job, JobStopped
from include.local_aws.jobs.kinds import TRAINING
from include.local_aws.jobs.metrics import final_metrics
from include.local_aws.jobs.pipes import Pipe
from include.local_aws.jobs.programs import Program
from include.local_aws.jobs.transitions import transition
from include.local_aws.store import Body

_DAY = 86400
_COMPLETED = "Training job completed"
_STOPPED = "Training job stopped"
_OVERTIME = "Training job runtime exceeded MaxRuntimeInSeconds provided"


class TrainingJob(Job):
    """Runs `<image> train` on its channels and keeps what it leaves in /opt/ml/model.

    The instances share this machine and run side by side, each with a container of its own.
    """

    kind = TRAINING
    _pipes: Sequence[Pipe] = ()

    def work(self) -> None:
        """Channels, `train`, model.tar.gz, with SageMaker's secondary statuses in between."""
        request = self.body
        image = self.machine.images.find(request["AlgorithmSpecification"]["TrainingImage"])
        instances = self._instances(request)
        for instance in instances:
            instance.make("model", "output/data", "checkpoints", "input/data")
            self._write_config(request, instance)
        self._download(request, instances)
        self._advance("Training", "Downloading the training image")
        told = self._own_variables(request, instances)
        self._advance("Training", "Training image download completed. Training in progress.")
        programs = [self._program(request, image, instance, told) for instance in instances]
        self.set(_log=str(programs[0].log))
        with contextlib.ExitStack() as inputs:
            for pipe in self._pipes:
                inputs.enter_context(pipe)
            for instance in instances:
                inputs.enter_context(self._checkpoints(request, instance))
            ended = self.run_programs(programs, self._seconds(request))
        self.check_inputs()
        if ended.code != 0:
            raise self.failure(ended)
        self._upload(request)

    def check_inputs(self) -> None:
        """Raise the failure of a Pipe mode channel, of which the program only saw the end."""
        for failure in filter(None, (pipe.failure for pipe in self._pipes)):
            raise failure

    def on_started(self) -> None:
        """Say what SageMaker says while it looks for instances."""
        self._advance("Starting", "Launching requested ML instances")
        self._advance("Starting", "Preparing the instances for training")

    def on_stopped(self, stopped: JobStopped) -> None:
        """Keep the model that the program saved before it ended, as SageMaker does."""
        request = self.body
        if any(_filled(instance.base / "model") for instance in self._instances(request)):
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

    def record_end(self, status: str, *, reason: str = "") -> None:
        """Record the metrics that the log holds, then the end."""
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

        self.machine.store.update(self.kind.store, self.name, change)

    def _instances(self, request: Body) -> list[Container]:
        count = request["ResourceConfig"].get("InstanceCount", 1)
        return Container.of_each_host(self.container.directory, count)

    def _program(
        self, request: Body, image: Image, instance: Container, told: Mapping[str, str]
    ) -> Program:
        environment = instance.environment(
            image,
            self.machine.aws,
            {**told, "SM_CURRENT_HOST": instance.host},
            request.get("Environment", {}),
        )
        command = [*image.entrypoint, *_arguments(request, instance)]
        return self.program(instance, command, environment)

    def _write_config(self, request: Body, instance: Container) -> None:
        instance.write_config("hyperparameters.json", request.get("HyperParameters", {}))
        instance.write_config("inputdataconfig.json", cluster.channels_config(request))
        instance.write_resources(request["ResourceConfig"]["InstanceType"])

    def _download(self, request: Body, instances: Sequence[Container]) -> None:
        self._advance("Downloading", "Downloading input data", TrainingStartTime=time.time())
        objects = self.machine.objects
        for instance in instances:
            cluster.download(objects, request, instance, self.check_stop)
        self._pipes = [
            pipe for instance in instances for pipe in cluster.pipes(objects, request, instance)
        ]

    def _checkpoints(
        self, request: Body, instance: Container
    ) -> contextlib.AbstractContextManager[Any]:
        config = request.get("CheckpointConfig")
        if config is None:
            return contextlib.nullcontext()
        directory = instance.local(config.get("LocalPath", "/opt/ml/checkpoints"))
        return Checkpoints(self.machine.objects, config["S3Uri"], directory)

    def _own_variables(self, request: Body, instances: Sequence[Container]) -> dict[str, str]:
        hosts = [instance.host for instance in instances]
        return {
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": request[self.kind.arn],
            **({"HOST_ADDRESSES": cluster.addresses(hosts)} if len(hosts) > 1 else {}),
        }

    def _seconds(self, request: Body) -> float:
        return float(request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DAY))

    def _upload(self, request: Body) -> None:
        self._step("Uploading", "Uploading generated training model")
        target = request["ModelArtifacts"]["S3ModelArtifacts"]
        self._pack("model", request, target)
        if any(_filled(instance.base / "output/data") for instance in self._instances(request)):
            self._pack("output/data", request, target.replace("model.tar.gz", "output.tar.gz"))

    def _pack(self, folder: str, request: Body, uri: str) -> None:
        """Upload one archive of all instances' folders, as SageMaker does."""
        archive = self.container.directory / uri.rpartition("/")[2]
        pack((instance.base / folder for instance in self._instances(request)), archive)
        self.machine.objects.upload_file(archive, uri)


def artifact_uri(request: Body) -> str:
    """Where a job's model.tar.gz will be."""
    path = request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    return f"{path}/{request['TrainingJobName']}/output/model.tar.gz"


def _arguments(request: Body, instance: Container) -> list[str]:
    """What follows the image's entry point; a ContainerEntrypoint is not replaced by it."""
    spec = request["AlgorithmSpecification"]
    own = [*spec.get("ContainerEntrypoint", []), *spec.get("ContainerArguments", [])]
    return [instance.rewritten(argument) for argument in own] or ["train"]


def _filled(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
