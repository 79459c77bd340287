"""Logs to read and to follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.local_aws.observability.logs import Event, LogFiles, events, tail

_FIRST = 128 * 1024  # bytes of a log that a page begins with: its end
_AT_ONCE = 512 * 1024  # bytes of what came since that are handed over at once


@dataclass(frozen=True)
class LogView:
    """One stream of a group, and what else there is to choose.

    Attributes:
        group: the log group.
        streams: the streams to choose from.
        stream: the chosen one, or None if nothing was logged yet.
        lines: its last lines.
        cut: whether there are lines before those.
        end: the byte offset behind them, from which to follow.
    """

    group: str
    streams: Sequence[str]
    stream: str | None
    lines: Sequence[Event]
    cut: bool
    end: int


def view(logs: LogFiles, group: str, prefix: str, wanted: str | None, *, newest: bool) -> LogView:
    """The wanted stream of those with the prefix, else the first of them, or the newest."""
    streams = logs.streams(group, prefix) if logs.has_group(group) else []
    if newest:
        streams.sort(key=lambda stream: stream.rpartition("-")[2], reverse=True)
    stream = wanted if wanted in streams else next(iter(streams), None)
    file = logs.file(group, stream) if stream else None
    if file is None:
        return LogView(group, streams, None, [], False, 0)
    lines = tail(file, _FIRST)
    end = lines[-1].end if lines else 0
    return LogView(group, streams, stream, lines, bool(lines and lines[0].start), end)


def since(file: Path, after: int) -> tuple[list[Event], int]:
    """The lines behind a byte offset, and the offset behind them; all if it is none of ours."""
    start = after if _ends_a_line(file, after) else 0
    found = list(events(file, start, start + _AT_ONCE))
    return found, found[-1].end if found else start


def _ends_a_line(file: Path, offset: int) -> bool:
    if not 0 < offset <= file.stat().st_size:
        return False
    with file.open("rb") as lines:
        lines.seek(offset - 1)
        return lines.read(1) == b"\n"
