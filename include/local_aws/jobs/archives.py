"""The tar archives that models and outputs travel in."""

import tarfile
from collections.abc import Iterable
from pathlib import Path

from include.local_aws.errors import JobFailure


def pack(directories: Iterable[Path], archive: Path) -> None:
    """Make one gzipped tar of what is in these directories; of one name, the last one's counts.

    Level 1: a network's parameters hardly compress, and the time would be the job's.
    """
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for directory in directories:
            for entry in sorted(directory.iterdir()):
                tar.add(entry, arcname=entry.name)


def unpack(archive: Path, directory: Path, uri: str) -> None:
    """Unpack a gzipped tar; JobFailure names `uri` if it is no archive or not a safe one.

    Members that lead out of the directory, links out of it and devices are refused.
    """
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:*") as tar:
            tar.extractall(directory, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise JobFailure(f"ClientError: Cannot unpack {uri}: {error}") from error
