"""Copies to S3 while a job runs: checkpoints, which are restored first, and continuous outputs."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from include.local_aws.errors import JobFailure
from include.local_aws.storage.objects import Objects

_log = logging.getLogger(__name__)
_INTERVAL = 2.0  # seconds
_REST = 19  # pause after a copy, as a multiple of its duration: the program needs the processors


class _State(NamedTuple):
    """The state of a file, which changes when its content does."""

    inode: int
    changed: int
    size: int


class S3Mirror:
    """A context that restores a directory from S3 on entry and copies it to S3 until exit.

    Args:
        objects: S3.
        uri: The prefix in S3, from `CheckpointConfig` or a continuous output.
        directory: The program's directory.
        restores: False for a continuous output, which is only copied to S3.
    """

    def __init__(
        self, objects: Objects, uri: str, directory: Path, *, restores: bool = True
    ) -> None:
        self._objects = objects
        self._uri = uri.rstrip("/")
        self._directory = directory
        self._restores = restores
        self._copied: dict[Path, _State] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="s3-mirror")

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        if self._restores:
            self._objects.download(self._objects.under(self._uri + "/"), self._directory)
        self._copied = self._state()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._copy(self._state())

    def _run(self) -> None:
        before: dict[Path, _State] = {}
        pause = _INTERVAL
        while not self._ended.wait(pause):
            now, started = self._state(), time.monotonic()
            try:
                self._copy(file for file in now if _is_whole(before.get(file), now[file]))
            except JobFailure as failure:
                _log.warning("%s is not copied: %s", self._uri, failure)
            pause = max(_INTERVAL, _REST * (time.monotonic() - started))
            before = now

    def _state(self) -> dict[Path, _State]:
        found = {}
        for file in self._directory.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # replaced or removed in the meantime
                if file.is_file():
                    found[file] = _state_of(file)
        return found

    def _copy(self, wanted: Iterable[Path]) -> None:
        # A hard link keeps this content even if the program replaces the file during the copy.
        link = self._directory.with_name(f"{self._directory.name}.copying")
        for file in wanted:
            link.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.link(file, link)
                self._copy_linked(link, file)
        link.unlink(missing_ok=True)

    def _copy_linked(self, link: Path, file: Path) -> None:
        state = _state_of(link)
        if self._copied.get(file) != state:
            name = file.relative_to(self._directory).as_posix()
            self._objects.upload_file(link, f"{self._uri}/{name}")
            self._copied[file] = state


def _state_of(file: Path) -> _State:
    stat = file.stat()
    return _State(stat.st_ino, stat.st_mtime_ns, stat.st_size)


def _is_whole(before: _State | None, now: _State) -> bool:
    """Return whether a file is complete: unchanged since the last look, or replaced atomically."""
    return before is not None and (before == now or before.inode != now.inode)
