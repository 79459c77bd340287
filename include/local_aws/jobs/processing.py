"""A processing job: inputs from S3, the program, outputs to S3."""

import time

from include.local_aws.errors import JobFailure
from include.local_aws.jobs.inputs import fetch
from include.local_aws.jobs.job import Job, JobStopped
from include.local_aws.jobs.kinds import PROCESSING
from include.local_aws.store import Body

_DAY = 86400


class ProcessingJob(Job):
    """Runs the image's entry point with the request's arguments below /opt/ml/processing."""

    kind = PROCESSING

    def work(self) -> None:
        """Inputs, the program, outputs."""
        request = self.body
        app = request["AppSpecification"]
        image = self.machine.images.find(app["ImageUri"])
        self._prepare(request)
        arguments = [*app.get("ContainerEntrypoint", []), *app.get("ContainerArguments", [])]
        command = [*image.entrypoint, *(self.container.rewritten(a) for a in arguments)]
        environment = self.container.environment(
            image,
            self.machine.aws,
            {"PROCESSING_JOB_NAME": self.name, "PROCESSING_JOB_ARN": request[self.kind.arn]},
            request.get("Environment", {}),
        )
        self.check_stop()
        code = self.run_program(command, environment, self._seconds(request))
        if code != 0:
            self._upload(request, "Continuous")
            raise self.failure(code)
        self._upload(request, "EndOfJob", "Continuous")

    def on_started(self) -> None:
        """Set ProcessingStartTime."""
        self.set(ProcessingStartTime=time.time())

    def on_stopped(self, stopped: JobStopped) -> None:
        """Stopped, with a reason if it was the time that ran out."""
        reason = ""
        if stopped.overtime:
            seconds = self._seconds(self.body)
            reason = f"The processing job ran longer than MaxRuntimeInSeconds ({seconds:.0f})"
        self.finish("Stopped", reason=reason)

    def close(self, body: Body, status: str, reason: str) -> None:
        """Add the program's message as ExitMessage."""
        super().close(body, status, reason)
        message = self.container.output_text("message")
        if message:
            body["ExitMessage"] = message

    def _prepare(self, request: Body) -> None:
        self.container.make("processing/input", "processing/output")
        self.container.write_config("processingjobconfig.json", _config(request), "config")
        instance_type = request["ProcessingResources"]["ClusterConfig"]["InstanceType"]
        self.container.write_resources(instance_type, "config")
        for output in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            self.container.local(output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        for source in request.get("ProcessingInputs", []):
            if "S3Input" not in source:
                raise JobFailure("ClientError: local_aws reads S3Input only")
            s3_input = source["S3Input"]
            directory = self.container.local(s3_input["LocalPath"])
            compression = s3_input.get("S3CompressionType", "None")
            fetch(self.machine.objects, s3_input, directory, compression, self.check_stop)

    def _upload(self, request: Body, *modes: str) -> None:
        for output in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            s3_output = output["S3Output"]
            if s3_output["S3UploadMode"] in modes:
                directory = self.container.local(s3_output["LocalPath"])
                self.machine.objects.upload(directory, s3_output["S3Uri"], self.check_server)

    def _seconds(self, request: Body) -> float:
        return float(request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DAY))


def _config(request: Body) -> Body:
    """The content of processingjobconfig.json: the request."""
    hidden = ("CreationTime", "LastModifiedTime", "ProcessingStartTime", "ProcessingJobStatus")
    return {k: v for k, v in request.items() if k not in hidden and not k.startswith("_")}
