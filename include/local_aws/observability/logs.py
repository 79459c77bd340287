"""The log files that the keepers write, read as CloudWatch log streams.

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
    """One line of a stream; `end` is the byte offset behind it, `start` the one before it."""

    timestamp: int
    message: str
    start: int
    end: int


def endpoint_group(endpoint: str) -> str:
    """The group in which an endpoint's processes log."""
    return f"{GROUP_PREFIX}Endpoints/{endpoint}"


class LogFiles:
    """All streams below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def new_stream(self, group: str, name: str) -> Path:
        """The file of a new stream `<name>-<epoch>`; it is there, empty, when this returns."""
        path = self._folder(group) / f"{name}-{int(time.time() * 1000)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path

    def has_group(self, group: str) -> bool:
        """Whether anything was ever logged to this group."""
        return bool(_GROUP.fullmatch(group)) and self._folder(group).is_dir()

    def streams(self, group: str, prefix: str = "") -> list[str]:
        """The names of a group's streams that start with the prefix, in order."""
        folder = self._folder(group)
        # A job's name is complete in a prefix with a slash: look at its folder only.
        top, slash, _ = prefix.partition("/")
        start = folder / top if slash else folder
        if not (start.is_dir() and (not slash or re.fullmatch(r"[A-Za-z0-9-]+", top))):
            return []
        names = (f.relative_to(folder).as_posix() for f in start.rglob("*") if f.is_file())
        return sorted(name for name in names if name.startswith(prefix))

    def file(self, group: str, stream: str) -> Path | None:
        """The file of a stream, or None if there is none of that name."""
        if not (_GROUP.fullmatch(group) and _STREAM.fullmatch(stream)):
            return None
        path = self._folder(group) / stream
        return path if path.is_file() else None

    def _folder(self, group: str) -> Path:
        if not _GROUP.fullmatch(group):
            raise ValueError(f"not a SageMaker log group: {group!r}")
        return self._root / group.removeprefix(GROUP_PREFIX)


def events(file: Path, start: int = 0, end: int | None = None) -> Iterator[Event]:
    """The whole lines of a stream between two byte offsets, which lie at ends of lines.

    Where the oldest lines were given up, those that are left.
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
    """Add one line of the server's own to a stream that no program writes."""
    line = " ".join(text.splitlines())
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"{time.time() * 1000:.0f} {line}\n")


def _seek(lines: BinaryIO, start: int) -> int:
    """Go to the first line that is kept at or behind an offset; returns where that is."""
    try:
        kept = os.lseek(lines.fileno(), start, os.SEEK_DATA)
    except OSError:  # there is nothing behind it
        kept = start
    lines.seek(kept)
    if kept > start:
        lines.readline()  # the rest of one that is not kept
    return lines.tell()


def messages(file: Path) -> Iterator[str]:
    """The lines of a stream without their times."""
    return (event.message for event in events(file))


def tail(file: Path, most: int) -> list[Event]:
    """The whole lines among the last `most` bytes of a stream."""
    start = max(0, file.stat().st_size - most)
    if start:
        with file.open("rb") as lines:
            lines.seek(start - 1)  # so that a line that begins at `start` counts
            start += len(lines.readline()) - 1
    return list(events(file, start))
