"""The container contract: directories, environment, rewritten paths."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.local_aws.errors import JobFailure
from include.local_aws.image_registry import Image
from include.local_aws.settings import REGION

OPT_ML = "/opt/ml"
_IN_TEXT = re.compile(r"(?<![\w/.-])/opt/ml(?=/|$)")

# The variables that a program inherits; the rest of the server's environment is not passed on.
_INHERITED = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)


@dataclass(frozen=True)
class Container:
    """The directory tree of one instance, in place of a container's file system.

    Attributes:
        directory: The root of the tree. Its folder `base` stands for /opt/ml and is the program's
            SAGEMAKER_BASE_DIR.
        host: The instance's name.
        hosts: The names of all instances of the job.
    """

    directory: Path
    host: str = "algo-1"
    hosts: tuple[str, ...] = ("algo-1",)

    @classmethod
    def for_hosts(cls, directory: Path, count: int) -> "list[Container]":
        """Return the containers of a job's instances, side by side in a directory."""
        hosts = tuple(f"algo-{number}" for number in range(1, count + 1))
        return [cls(directory / host, host, hosts) for host in hosts]

    @property
    def share(self) -> slice:
        """The objects of a data source, in the order of their keys, that this host gets.

        AWS does not document how ShardedByS3Key divides objects; here hosts take turns.
        """
        return slice(self.hosts.index(self.host), None, len(self.hosts))

    @property
    def base(self) -> Path:
        """The folder in place of /opt/ml."""
        return self.directory / "ml"

    def make(self, *folders: str) -> None:
        """Create the tree and these folders of /opt/ml."""
        for folder in ("home", "tmp"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        for folder in ("input/config", "output", *folders):
            (self.base / folder).mkdir(parents=True, exist_ok=True)

    def local(self, path: str) -> Path:
        """Return the path on this host for a path of the container.

        Raises:
            JobFailure: The path is not below /opt/ml; other folders are not provided.
        """
        normal = os.path.normpath(path)
        if not normal.startswith(OPT_ML + "/"):
            raise JobFailure(f"ClientError: the path {path!r} must be below {OPT_ML}/ on local_aws")
        return self.base / normal.removeprefix(OPT_ML + "/")

    def rewrite_paths(self, text: str) -> str:
        """Return an argument or a variable with each /opt/ml replaced by the base directory."""
        return _IN_TEXT.sub(str(self.base), text)

    def write_config(self, name: str, content: Any, folder: str = "input/config") -> None:
        """Write a JSON file for the program."""
        target = self.base / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content))

    def write_resources(self, instance_type: str, folder: str = "input/config") -> None:
        """Write resourceconfig.json, which names this host and all hosts."""
        content = {
            "current_host": self.host,
            "current_instance_type": instance_type,
            "current_group_name": "homogeneousCluster",
            "hosts": self.hosts,
            "instance_groups": [
                {
                    "instance_group_name": "homogeneousCluster",
                    "instance_type": instance_type,
                    "hosts": self.hosts,
                }
            ],
            "network_interface_name": "lo",
        }
        self.write_config("resourceconfig.json", content, folder)

    def environment(
        self, image: Image, aws: Mapping[str, str], *requested: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the program's environment; later sources win.

        Args:
            image: The image, whose variables come after the inherited ones.
            aws: The variables that point the program to the server.
            requested: The variables of the request, in which /opt/ml is replaced.
        """
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = {
            "HOME": str(self.directory / "home"),
            "TMPDIR": str(self.directory / "tmp"),
            "SAGEMAKER_BASE_DIR": str(self.base),
            "AWS_REGION": REGION,
            "PYTHONUNBUFFERED": "1",  # the log shows a line as soon as it is printed
        }
        merged = {**inherited, **image.environment, **own, **aws}
        for variables in requested:
            merged |= {name: self.rewrite_paths(value) for name, value in variables.items()}
        return merged

    def output_text(self, name: str) -> str:
        """Return the first 1,024 characters of a file in /opt/ml/output, "" if it is missing."""
        file = self.base / "output" / name
        if not file.is_file():
            return ""
        with file.open("rb") as content:
            return content.read(4096).decode("utf-8", "replace")[:1024].strip()
