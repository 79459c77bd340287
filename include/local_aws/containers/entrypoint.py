"""What a container runs: its image's entry point or the request's, as Docker has it."""

import os
import shutil
from collections.abc import Mapping, Sequence

from include.local_aws.containers.container import Container
from include.local_aws.errors import JobFailure
from include.local_aws.image_registry import Image


def command_line(
    image: Image,
    container: Container,
    environment: Mapping[str, str],
    entrypoint: Sequence[str],
    arguments: Sequence[str],
) -> list[str]:
    """The command line of a container's program.

    Args:
        image: its entry point is used where `entrypoint` is empty.
        container: where the program starts; /opt/ml in a word becomes its directory.
        environment: the program's own, whose PATH finds it.
        entrypoint: the request's, which replaces the image's.
        arguments: what follows.

    Raises:
        JobFailure: there is no such program, or what is told to it cannot be told.
    """
    line = [container.rewritten(word) for word in [*(entrypoint or image.entrypoint), *arguments]]
    told = [*line, *environment, *environment.values()]
    if any("\0" in word for word in told):
        raise _cannot_start("an argument or a variable holds a zero byte")
    if not line or not _is_there(line[0], container, environment):
        raise _cannot_start(f"its entry point {line[0] if line else ''!r} is not there")
    return line


def _is_there(program: str, container: Container, environment: Mapping[str, str]) -> bool:
    if os.sep in program:
        program = str(container.directory / program)  # an absolute path stays what it is
    return shutil.which(program, path=environment.get("PATH", os.defpath)) is not None


def _cannot_start(why: str) -> JobFailure:
    return JobFailure(
        "ClientError: CannotStartContainerError. Please make sure the container can be run with "
        f"'docker run <image>': {why}"
    )
