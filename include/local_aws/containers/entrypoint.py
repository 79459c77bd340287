"""The command line of a container: the entry point of the image or the request, as in Docker."""

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
    """Return the command line of a container's program.

    Args:
        image: The image, whose entry point is used if `entrypoint` is empty.
        container: The container; /opt/ml in an argument becomes its directory.
        environment: The program's environment, whose PATH is searched for the program.
        entrypoint: The request's entry point, which replaces the image's.
        arguments: The arguments after the entry point.

    Raises:
        JobFailure: There is no such program, or an argument or a variable holds a zero byte.
    """
    words = [*(entrypoint or image.entrypoint), *arguments]
    line = [container.rewrite_paths(word) for word in words]
    if any("\0" in word for word in [*line, *environment, *environment.values()]):
        raise _cannot_start("an argument or a variable holds a zero byte")
    if not line or not _exists(line[0], container, environment):
        raise _cannot_start(f"its entry point {line[0] if line else ''!r} does not exist")
    return line


def _exists(program: str, container: Container, environment: Mapping[str, str]) -> bool:
    if os.sep in program:
        program = str(container.directory / program)  # an absolute path is not changed
    return shutil.which(program, path=environment.get("PATH", os.defpath)) is not None


def _cannot_start(reason: str) -> JobFailure:
    return JobFailure(
        "ClientError: CannotStartContainerError. Please make sure the container can be run with "
        f"'docker run <image>': {reason}"
    )
