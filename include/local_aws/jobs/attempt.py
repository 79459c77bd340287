"""One attempt at a training: channels, configuration and program of each fresh instance."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from include.local_aws.containers.container import Container
from include.local_aws.containers.entrypoint import command_line
from include.local_aws.containers.pipes import Pipe
from include.local_aws.containers.s3_mirror import S3Mirror
from include.local_aws.image_registry import Image
from include.local_aws.jobs import cluster
from include.local_aws.runtime import Runtime
from include.local_aws.store import Body

Start = tuple[Container, list[str], dict[str, str]]
"""An instance, its program's command line and environment."""


@dataclass
class Attempt:
    """What is around `train` while it runs.

    Args:
        runtime: The state, data, images, logs and metrics.
        request: the training job.
        image: its image.
        instances: the containers, whose directories are not there yet.
    """

    runtime: Runtime
    request: Body
    image: Image
    instances: Sequence[Container]
    pipes: list[Pipe] = field(default_factory=list)

    def prepare(self) -> None:
        """Make /opt/ml of each instance, and the files that tell the program of its job."""
        for instance in self.instances:
            instance.make("model", "output/data", "checkpoints", "input/data")
            hyperparameters = self.request.get("HyperParameters", {})
            instance.write_config("hyperparameters.json", hyperparameters)
            instance.write_config("inputdataconfig.json", cluster.channels_config(self.request))
            instance.write_resources(self.request["ResourceConfig"]["InstanceType"])

    def download(self, check: Callable[[], None]) -> None:
        """Fetch the channels; `check` ends the work by what it raises."""
        objects = self.runtime.objects
        for instance in self.instances:
            cluster.download(objects, self.request, instance, check)
            self.pipes += cluster.pipes(objects, self.request, instance)

    def starts(self) -> list[Start]:
        """The programs to start.

        Raises:
            JobFailure: the image or the request names a program that is not there.
        """
        spec = self.request["AlgorithmSpecification"]
        entrypoint = spec.get("ContainerEntrypoint", [])
        arguments = spec.get("ContainerArguments", [])
        told = self._variables()
        found = []
        for instance in self.instances:
            variables = (told, self.request.get("Environment", {}))
            environment = instance.environment(self.image, self.runtime.aws, *variables)
            last = arguments if entrypoint or arguments else ["train"]
            line = command_line(self.image, instance, environment, entrypoint, last)
            found.append((instance, line, environment))
        return found

    @contextlib.contextmanager
    def inputs(self) -> Iterator[None]:
        """Feed the pipes and keep the checkpoints in S3 for as long as the programs run."""
        config = self.request.get("CheckpointConfig", {})
        with contextlib.ExitStack() as running:
            for pipe in self.pipes:
                running.enter_context(pipe)
            for instance in self.instances if config else ():
                directory = instance.local(config.get("LocalPath", "/opt/ml/checkpoints"))
                kept = S3Mirror(self.runtime.objects, config["S3Uri"], directory)
                running.enter_context(kept)
            yield

    def check(self) -> None:
        """Raise the failure of a Pipe mode channel, of which the program only saw the end."""
        for failure in filter(None, (pipe.failure for pipe in self.pipes)):
            raise failure

    def _variables(self) -> dict[str, str]:
        hosts = [instance.host for instance in self.instances]
        return {
            "TRAINING_JOB_NAME": self.request["TrainingJobName"],
            "TRAINING_JOB_ARN": self.request["TrainingJobArn"],
            **({"HOST_ADDRESSES": cluster.addresses(hosts)} if len(hosts) > 1 else {}),
        }
