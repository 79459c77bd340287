"""The hosts of a job, read from SageMaker's resourceconfig.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.image_classification.container import CommandError, base_dir

FILE_NAME = "resourceconfig.json"
SINGLE_HOST = "algo-1"


@dataclass(frozen=True)
class JobHosts:
    """All hosts of a job, and the host that this process runs on."""

    current: str
    hosts: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of hosts."""
        return len(self.hosts)

    @property
    def rank(self) -> int:
        """The position of the current host, from 0."""
        return self.hosts.index(self.current)


def read_processing_hosts() -> JobHosts:
    """Return the hosts of a processing job; one host if there is no resourceconfig.json.

    Raises:
        CommandError: The file is invalid; the message names the file and the field.
    """
    return _read(base_dir() / "config" / FILE_NAME)


def read_training_hosts() -> JobHosts:
    """Return the hosts of a training job; one host if there is no resourceconfig.json.

    Raises:
        CommandError: The file is invalid; the message names the file and the field.
    """
    return _read(base_dir() / "input" / "config" / FILE_NAME)


def _read(path: Path) -> JobHosts:
    if not path.exists():
        return JobHosts(SINGLE_HOST, (SINGLE_HOST,))
    content = _load(path)
    hosts, current = content.get("hosts"), content.get("current_host")
    if not (isinstance(hosts, list) and hosts and all(isinstance(host, str) for host in hosts)):
        raise CommandError(f"{path}: hosts is {hosts!r}, not a list of names; SageMaker writes it")
    if not isinstance(current, str) or current not in hosts:
        raise CommandError(f"{path}: current_host {current!r} is not among hosts {hosts}")
    return JobHosts(current, tuple(hosts))


def _load(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CommandError(f"{path} is not valid JSON ({error}); SageMaker writes it") from error
    if not isinstance(content, dict):
        raise CommandError(f"{path} holds {content!r}, not a JSON object; SageMaker writes it")
    return content
