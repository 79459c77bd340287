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

# What a program needs of the machine; everything else of the server's own environment stays out.
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
    """One instance's own directory tree, which stands for `/opt/ml`.

    `directory` is all of it; `base` within is what the program sees as SAGEMAKER_BASE_DIR.
    `host` is the instance's name among the job's `hosts`.
    """

    directory: Path
    host: str = "algo-1"
    hosts: tuple[str, ...] = ("algo-1",)

    @classmethod
    def of_each_host(cls, directory: Path, count: int) -> "list[Container]":
        """The containers of a job of several instances, side by side in a directory."""
        hosts = tuple(f"algo-{number}" for number in range(1, count + 1))
        return [cls(directory / host, host, hosts) for host in hosts]

    @property
    def share(self) -> slice:
        """Which of a data source's objects, in order of their keys, are this host's.

        AWS does not document how ShardedByS3Key divides; here each host takes its turn.
        """
        return slice(self.hosts.index(self.host), None, len(self.hosts))

    @property
    def base(self) -> Path:
        """What stands for /opt/ml."""
        return self.directory / "ml"

    def make(self, *folders: str) -> None:
        """Make the tree and these folders of /opt/ml."""
        for folder in ("home", "tmp"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        for folder in ("input/config", "output", *folders):
            (self.base / folder).mkdir(parents=True, exist_ok=True)

    def local(self, path: str) -> Path:
        """Where a path of the container, below /opt/ml, lies here.

        Raises:
            JobFailure: the path is not below /opt/ml, which is all that a job has here.
        """
        normal = os.path.normpath(path)
        if not normal.startswith(OPT_ML + "/"):
            raise JobFailure(f"ClientError: the path {path!r} must be below {OPT_ML}/ on local_aws")
        return self.base / normal.removeprefix(OPT_ML + "/")

    def rewritten(self, text: str) -> str:
        """An argument or a variable with each /opt/ml in it replaced by the base directory."""
        return _IN_TEXT.sub(str(self.base), text)

    def write_config(self, name: str, content: Any, folder: str = "input/config") -> None:
        """Write one of the JSON files that the program reads."""
        target = self.base / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content))

    def write_resources(self, instance_type: str, folder: str = "input/config") -> None:
        """Write resourceconfig.json: which host this is, and all there are."""
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
        """The program's environment: of the machine, the image, AWS, then what was requested."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = {
            "HOME": str(self.directory / "home"),
            "TMPDIR": str(self.directory / "tmp"),
            "SAGEMAKER_BASE_DIR": str(self.base),
            "AWS_REGION": REGION,
            "PYTHONUNBUFFERED": "1",  # so that the log shows a line when it is printed
        }
        merged = {**inherited, **image.environment, **own, **aws}
        for variables in requested:
            merged |= {name: self.rewritten(value) for name, value in variables.items()}
        return merged

    def output_text(self, name: str) -> str:
        """The first 1,024 characters of a file in /opt/ml/output, "" if it is not there."""
        file = self.base / "output" / name
        if not file.is_file():
            return ""
        with file.open("rb") as content:
            return content.read(4096).decode("utf-8", "replace")[:1024].strip()
