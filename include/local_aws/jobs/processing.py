"""Processing jobs: on each instance, download inputs, run the program, upload outputs."""

import contextlib
import time
from collections.abc import Sequence

from include.local_aws.containers.container import Container
from include.local_aws.containers.entrypoint import command_line
from include.local_aws.containers.inputs import fetch
from include.local_aws.containers.s3_mirror import S3Mirror
from include.local_aws.errors import JobFailure
from include.local_aws.image_registry import Image
from include.local_aws.jobs.job import Job, JobStopped
from include.local_aws.jobs.kinds import PROCESSING
from include.local_aws.jobs.programs import Exit, Program
from include.local_aws.store import Body


class ProcessingJob(Job):
    """Runs the image's entry point with the request's arguments.

    All instances run on this computer at the same time, each with its own container.
    """

    kind = PROCESSING
    _failed: Exit | None = None

    def work(self) -> None:
        """Download the inputs, run the programs, upload the outputs."""
        request = self.body
        image = self.runtime.images.find(request["AppSpecification"]["ImageUri"])
        instances = self._instances(request)
        for instance in instances:
            self._prepare(request, instance)
        self.check_stop()
        programs = [self._program(request, image, instance) for instance in instances]
        with contextlib.ExitStack() as kept:
            for output in self._continuous(request, instances):
                kept.enter_context(output)
            ended = self.run_programs(programs, self.longest(request))
        if ended.code != 0:
            self._failed = ended
            raise self.failure(ended)
        self._upload(request)

    def on_started(self) -> None:
        """Set ProcessingStartTime."""
        self.set(ProcessingStartTime=time.time())

    def on_stopped(self, stopped: JobStopped) -> None:
        """Record that the job was stopped, with a reason if a time limit was exceeded."""
        reason = ""
        if stopped.status == "MaxRuntimeExceeded":
            seconds = self.longest(self.body)
            reason = f"The processing job ran longer than MaxRuntimeInSeconds ({seconds:.0f})"
        self.finish("Stopped", reason=reason)

    def close(self, body: Body, status: str, reason: str) -> None:
        """Add ExitMessage: the failed program's message, else the first that a program wrote."""
        super().close(body, status, reason)
        failed = [self._failed.container] if self._failed else []
        messages = (c.output_text("message") for c in [*failed, *self._instances(body)])
        if message := next(filter(None, messages), ""):
            body["ExitMessage"] = message

    def _instances(self, request: Body) -> list[Container]:
        count = request["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        return Container.for_hosts(self.container.directory, count)

    def _program(self, request: Body, image: Image, instance: Container) -> Program:
        app = request["AppSpecification"]
        environment = instance.environment(
            image,
            self.runtime.aws,
            {"PROCESSING_JOB_NAME": self.name, "PROCESSING_JOB_ARN": request[self.kind.arn]},
            request.get("Environment", {}),
        )
        command = command_line(
            image,
            instance,
            environment,
            app.get("ContainerEntrypoint", []),
            app.get("ContainerArguments", []),
        )
        return self.program(instance, command, environment)

    def _prepare(self, request: Body, instance: Container) -> None:
        instance.make("processing/input", "processing/output")
        instance.write_config("processingjobconfig.json", _config(request), "config")
        instance_type = request["ProcessingResources"]["ClusterConfig"]["InstanceType"]
        instance.write_resources(instance_type, "config")
        for output in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            instance.local(output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        for source in request.get("ProcessingInputs", []):
            if "S3Input" not in source:
                raise JobFailure("ClientError: local_aws reads S3Input only")
            s3_input = source["S3Input"]
            fetch(
                self.runtime.objects,
                s3_input,
                instance.local(s3_input["LocalPath"]),
                s3_input.get("S3CompressionType", "None"),
                self.check_stop,
                instance.share,
            )

    def _continuous(self, request: Body, instances: Sequence[Container]) -> list[S3Mirror]:
        """Return the outputs that are uploaded while the programs run."""
        return [
            S3Mirror(
                self.runtime.objects,
                output["S3Uri"],
                instance.local(output["LocalPath"]),
                restores=False,
            )
            for output in _outputs(request, "Continuous")
            for instance in instances
        ]

    def _upload(self, request: Body) -> None:
        """Upload all instances' outputs.

        If two instances have an output file of the same name, the last instance's file is kept.
        On AWS, the file that is uploaded last is kept, which may be either.
        """
        for instance in self._instances(request):
            for output in _outputs(request, "EndOfJob"):
                directory = instance.local(output["LocalPath"])
                self.runtime.objects.upload(directory, output["S3Uri"], self.check_server)


def _outputs(request: Body, mode: str) -> list[Body]:
    config = request.get("ProcessingOutputConfig", {})
    outputs = [output["S3Output"] for output in config.get("Outputs", [])]
    return [output for output in outputs if output["S3UploadMode"] == mode]


def _config(request: Body) -> Body:
    """Return the content of processingjobconfig.json: the request."""
    hidden = ("CreationTime", "LastModifiedTime", "ProcessingStartTime", "ProcessingJobStatus")
    return {k: v for k, v in request.items() if k not in hidden and not k.startswith("_")}
