"""Logs on the status page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.local_aws.observability.logs import Event, LogFiles, events, tail

_PAGE_BYTES = 128 * 1024  # bytes at the end of a log that a page shows first
_UPDATE_BYTES = 512 * 1024  # bytes of new lines in a response


@dataclass(frozen=True)
class LogView:
    """A log stream, and the other streams of its group.

    Attributes:
        group: The log group.
        streams: The streams that can be selected.
        stream: The selected stream, or None if there is none yet.
        lines: The last lines of the stream.
        cut: Whether there are lines before them.
        end: The byte offset after them.
    """

    group: str
    streams: Sequence[str]
    stream: str | None
    lines: Sequence[Event]
    cut: bool
    end: int


def view(logs: LogFiles, group: str, prefix: str, selected: str | None, *, newest: bool) -> LogView:
    """Return the selected stream with the prefix, else the first or newest one."""
    streams = logs.streams(group, prefix) if logs.has_group(group) else []
    if newest:
        streams.sort(key=lambda stream: stream.rpartition("-")[2], reverse=True)
    stream = selected if selected in streams else next(iter(streams), None)
    file = logs.file(group, stream) if stream else None
    if file is None:
        return LogView(group, streams, None, [], False, 0)
    lines = tail(file, _PAGE_BYTES)
    end = lines[-1].end if lines else 0
    return LogView(group, streams, stream, lines, bool(lines and lines[0].start), end)


def since(file: Path, after: int) -> tuple[list[Event], int]:
    """Return the lines after a byte offset and the offset after them; all for invalid offsets."""
    start = after if _ends_a_line(file, after) else 0
    found = list(events(file, start, start + _UPDATE_BYTES))
    return found, found[-1].end if found else start


def _ends_a_line(file: Path, offset: int) -> bool:
    if not 0 < offset <= file.stat().st_size:
        return False
    with file.open("rb") as lines:
        lines.seek(offset - 1)
        return lines.read(1) == b"\n"
