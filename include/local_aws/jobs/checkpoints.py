"""A training job's checkpoints: restored at its start, copied to S3 while it runs."""

import logging
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from include.local_aws.errors import JobFailure
from include.local_aws.storage.objects import Objects

_log = logging.getLogger(__name__)
_INTERVAL = 2.0


class Checkpoints:
    """Keeps an S3 prefix like a directory, as a context: restored on entry, copied until exit.

    Args:
        objects: S3.
        uri: `CheckpointConfig.S3Uri`.
        directory: where the program keeps them.
    """

    def __init__(self, objects: Objects, uri: str, directory: Path) -> None:
        self._objects = objects
        self._uri = uri.rstrip("/")
        self._directory = directory
        self._copied: dict[Path, tuple[int, int]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints")

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
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
        """Copy a file once it has stayed the same for one round."""
        before: dict[Path, tuple[int, int]] = {}
        while not self._ended.wait(_INTERVAL):
            now = self._state()
            try:
                self._copy(
                    {file: state for file, state in now.items() if before.get(file) == state}
                )
            except JobFailure as failure:
                _log.warning("checkpoints are not copied: %s", failure)
            before = now

    def _state(self) -> dict[Path, tuple[int, int]]:
        files = [file for file in self._directory.rglob("*") if file.is_file()]
        return {f: (s.st_mtime_ns, s.st_size) for f in files for s in [f.stat()]}

    def _copy(self, wanted: dict[Path, tuple[int, int]]) -> None:
        for file, state in wanted.items():
            if self._copied.get(file) != state:
                name = file.relative_to(self._directory).as_posix()
                self._objects.upload_file(file, f"{self._uri}/{name}")
                self._copied[file] = state
