"""The machines of a processing job, as SageMaker names them in resourceconfig.json."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from include.image_classification.container import ProgramError, base_dir


@dataclass(frozen=True)
class Hosts:
    """All machines of the job, and the one that this program runs on."""

    current: str
    all: Sequence[str]

    @property
    def alone(self) -> bool:
        """Whether there is no other."""
        return len(self.all) == 1

    @property
    def suffix(self) -> str:
        """What this machine's record files are told apart by."""
        return "" if self.alone else f"-{self.all.index(self.current):05d}"


def read_hosts() -> Hosts:
    """Read the job's machines; one, where nothing says otherwise.

    Raises:
        ProgramError: The file is not what SageMaker writes.
    """
    path = base_dir() / "config" / "resourceconfig.json"
    if not path.exists():
        return Hosts("algo-1", ["algo-1"])
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        hosts = Hosts(content["current_host"], list(content["hosts"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ProgramError(f"{path} names no hosts ({error!r}); SageMaker writes it") from error
    if hosts.current not in hosts.all:
        raise ProgramError(f"{path}: current_host {hosts.current} is not among its hosts")
    return hosts
