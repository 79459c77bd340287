"""The tar archives that models and outputs travel in."""

import gzip
import shutil
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from include.local_aws.errors import JobFailure

RESERVE = 1024**3  # bytes of the disk that nothing unpacked may take
_MOST_BYTES = 50 * 1024**3
_MOST_MEMBERS = 100_000
_LONGEST_HEADER = 16 * 1024**2


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

    Members that lead out of the directory, links out of it and devices are refused, and so is
    what holds more than 50 GB, more files than 100,000, or more than the disk has room for.
    """
    directory.mkdir(parents=True, exist_ok=True)
    room = min(_MOST_BYTES, shutil.disk_usage(directory).free - RESERVE)
    try:
        with (
            gzip.open(archive) as content,
            tarfile.open(fileobj=_Wary(content), mode="r:") as tar,  # type: ignore[call-overload]
        ):
            tar.extractall(directory, filter=_Filter(room))
            if len(content.read(_LONGEST_HEADER)) == _LONGEST_HEADER:  # up to the checksum
                raise tarfile.ReadError("it goes on behind its end")
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        raise JobFailure(f"ClientError: Cannot unpack {uri}: {error}") from error


class _Filter:
    """tarfile's own filter for data, with a limit to what all members hold."""

    def __init__(self, room: int) -> None:
        self._room, self._members = room, 0

    def __call__(self, member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
        self._room -= member.size
        self._members += 1
        if self._room < 0:
            raise tarfile.TarError("it holds more than there is room for")
        if self._members > _MOST_MEMBERS:
            raise tarfile.TarError(f"it holds more than {_MOST_MEMBERS} files")
        return tarfile.data_filter(member, path)


class _Wary:
    """A file of which tarfile gets no header that would fill the memory: it reads them whole."""

    def __init__(self, content: gzip.GzipFile) -> None:
        self._content = content
        self.tell, self.seek = content.tell, content.seek

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError("a header is longer than any name could be")
        return self._content.read(size)
