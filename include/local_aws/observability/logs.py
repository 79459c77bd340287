"""CloudWatch log streams, read from the log files that process reapers write.

A group `/aws/sagemaker/TrainingJobs` is the folder `TrainingJobs`; a stream
`<job>/algo-1-<epoch>` is the file of that path in it, each line `<milliseconds> <text>`.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

GROUP_PREFIX = "/aws/sagemaker/"
_GROUP = re.compile(r"/aws/sagemaker/(Endpoints/)?[A-Za-z0-9-]+")
_STREAM = re.compile(r"[A-Za-z0-9-]+(/[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class Event:
    """A line of a stream; `start` and `end` are the byte offsets before and after it."""

    timestamp: int
    message: str
    start: int
    end: int


def endpoint_group(endpoint: str) -> str:
    """Return the log group of an endpoint."""
    return f"{GROUP_PREFIX}Endpoints/{endpoint}"


class LogFiles:
    """All log streams below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def new_stream(self, group: str, name: str) -> Path:
        """Create an empty stream `<name>-<epoch>`; return its file."""
        path = self._folder(group) / f"{name}-{int(time.time() * 1000)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path

    def has_group(self, group: str) -> bool:
        """Return whether the group has or had a stream."""
        return bool(_GROUP.fullmatch(group)) and self._folder(group).is_dir()

    def streams(self, group: str, prefix: str = "") -> list[str]:
        """Return the sorted names of a group's streams that start with the prefix."""
        folder = self._folder(group)
        # A prefix with a slash contains the whole name of a job: search only the job's folder.
        top, slash, _ = prefix.partition("/")
        start = folder / top if slash else folder
        if not (start.is_dir() and (not slash or re.fullmatch(r"[A-Za-z0-9-]+", top))):
            return []
        names = (f.relative_to(folder).as_posix() for f in start.rglob("*") if f.is_file())
        return sorted(name for name in names if name.startswith(prefix))

    def file(self, group: str, stream: str) -> Path | None:
        """Return the file of a stream, or None if it does not exist."""
        if not (_GROUP.fullmatch(group) and _STREAM.fullmatch(stream)):
            return None
        path = self._folder(group) / stream
        return path if path.is_file() else None

    def _folder(self, group: str) -> Path:
        if not _GROUP.fullmatch(group):
            raise ValueError(f"not a SageMaker log group: {group!r}")
        return self._root / group.removeprefix(GROUP_PREFIX)


def events(file: Path, start: int = 0, end: int | None = None) -> Iterator[Event]:
    """Yield the complete lines between two byte offsets, which must be at line ends.

    Old lines whose disk space was freed are left out.
    """
    with file.open("rb") as lines:
        offset = _seek(lines, start)
        for line in lines:
            after = offset + len(line)
            if not line.endswith(b"\n") or (end is not None and after > end):
                return
            stamp, _, text = line.rstrip(b"\n").partition(b" ")
            yield Event(int(stamp), text.decode("utf-8", "replace"), offset, after)
            offset = after


def write_event(file: Path, text: str) -> None:
    """Append a line of the server to a stream that no program writes."""
    line = " ".join(text.splitlines())
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"{time.time() * 1000:.0f} {line}\n")


def _seek(lines: BinaryIO, start: int) -> int:
    """Seek to the first line at or after an offset that still exists; return its offset."""
    try:
        kept = os.lseek(lines.fileno(), start, os.SEEK_DATA)
    except OSError:  # there is no data after it
        kept = start
    lines.seek(kept)
    if kept > start:
        lines.readline()  # the rest of a line whose start is gone
    return lines.tell()


def messages(file: Path) -> Iterator[str]:
    """Return the lines of a stream without their times."""
    return (event.message for event in events(file))


def tail(file: Path, size: int) -> list[Event]:
    """Return the complete lines in the last `size` bytes of a stream."""
    start = max(0, file.stat().st_size - size)
    if start:
        with file.open("rb") as lines:
            lines.seek(start - 1)  # to include a line that begins at `start`
            start += len(lines.readline()) - 1
    return list(events(file, start))
