"""One attempt of a training job: channels, configuration and programs of new instances."""

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
"""An instance, and the command line and environment of its program."""


@dataclass
class Attempt:
    """The inputs and configuration of `train` on all instances.

    Args:
        runtime: The state, data, images, logs and metrics.
        request: The training job.
        image: The image of the job.
        instances: The containers, whose directories do not exist yet.
        pipes: The channels in Pipe mode, which `download` adds.
    """

    runtime: Runtime
    request: Body
    image: Image
    instances: Sequence[Container]
    pipes: list[Pipe] = field(default_factory=list)

    def prepare(self) -> None:
        """Create /opt/ml of each instance, with the job's configuration files."""
        for instance in self.instances:
            instance.make("model", "output/data", "checkpoints", "input/data")
            hyperparameters = self.request.get("HyperParameters", {})
            instance.write_config("hyperparameters.json", hyperparameters)
            instance.write_config("inputdataconfig.json", cluster.channels_config(self.request))
            instance.write_resources(self.request["ResourceConfig"]["InstanceType"])

    def download(self, check: Callable[[], None]) -> None:
        """Download the channels; an exception of `check` ends the download."""
        objects = self.runtime.objects
        for instance in self.instances:
            cluster.download(objects, self.request, instance, check)
            self.pipes += cluster.pipes(objects, self.request, instance)

    def starts(self) -> list[Start]:
        """Return the programs to start.

        Raises:
            JobFailure: The image or the request names a program that does not exist.
        """
        spec = self.request["AlgorithmSpecification"]
        entrypoint = spec.get("ContainerEntrypoint", [])
        arguments = spec.get("ContainerArguments", [])
        variables = (self._variables(), self.request.get("Environment", {}))
        found = []
        for instance in self.instances:
            environment = instance.environment(self.image, self.runtime.aws, *variables)
            last = arguments if entrypoint or arguments else ["train"]
            line = command_line(self.image, instance, environment, entrypoint, last)
            found.append((instance, line, environment))
        return found

    @contextlib.contextmanager
    def inputs(self) -> Iterator[None]:
        """Feed the pipes and copy the checkpoints to S3 while the programs run."""
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
        """Raise the failure of a channel in Pipe mode; the program itself only sees its end."""
        for failure in filter(None, (pipe.failure for pipe in self.pipes)):
            raise failure

    def _variables(self) -> dict[str, str]:
        hosts = [instance.host for instance in self.instances]
        return {
            "TRAINING_JOB_NAME": self.request["TrainingJobName"],
            "TRAINING_JOB_ARN": self.request["TrainingJobArn"],
            **({"HOST_ADDRESSES": cluster.addresses(hosts)} if len(hosts) > 1 else {}),
        }
