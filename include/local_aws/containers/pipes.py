"""Pipe mode: a channel as one FIFO for each epoch."""

import contextlib
import os
import random
import select
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from include.local_aws.containers.object_content import ObjectContent
from include.local_aws.containers.recordio import frame
from include.local_aws.errors import JobFailure
from include.local_aws.storage.objects import S3Object

_POLL = 0.05  # seconds


class _ReaderGone(Exception):
    """The reader has closed the FIFO, or the program has ended."""


class PipedContent(Protocol):
    """The content of a channel in Pipe mode."""

    def epoch(self, number: int) -> Iterator[bytes]:
        """Yield the bytes of an epoch, which count from 0."""


@dataclass(frozen=True)
class PipedObjects:
    """S3 objects, one after the other.

    Args:
        content: Reads the objects.
        items: The objects, in the order of their keys.
        wraps: Whether each object becomes a RecordIO record (`RecordWrapperType`).
        seed: `ShuffleConfig.Seed`, with which each epoch has a different order.
    """

    content: ObjectContent
    items: list[S3Object]
    wraps: bool = False
    seed: int | None = None

    def epoch(self, number: int) -> Iterator[bytes]:
        """Yield the bytes of all objects."""
        items = list(self.items)
        if self.seed is not None:
            random.Random(f"{self.seed} {number}").shuffle(items)
        for item in items:
            if self.wraps:
                yield frame(self.content.record(item))
            else:
                yield from self.content.pieces(item)


class Pipe:
    """A context with the FIFOs `<path>_0`, `<path>_1`, ... of one channel.

    When the program opens a FIFO, the next one is created. The program may read any number of
    FIFOs, and may close one early. An error of S3 is kept as `failure`.
    """

    def __init__(self, content: PipedContent, path: Path) -> None:
        self.failure: JobFailure | None = None
        self._content, self._path = content, path
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pipe {path.name}")

    def __enter__(self) -> Self:
        os.mkfifo(self._fifo(0))
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

    def _fifo(self, epoch: int) -> Path:
        return self._path.with_name(f"{self._path.name}_{epoch}")

    def _run(self) -> None:
        epoch = 0
        try:
            while (descriptor := self._open(epoch)) is not None:
                os.mkfifo(self._fifo(epoch + 1))
                with contextlib.closing(_Writer(descriptor, self._ended.is_set)) as writer:
                    writer.write_all(self._content.epoch(epoch))
                self._fifo(epoch).unlink()
                epoch += 1
        except JobFailure as failure:
            self.failure = failure
        except Exception as error:
            name = self._fifo(epoch).name
            self.failure = JobFailure(f"InternalServerError: {name}: {error!r}")

    def _open(self, epoch: int) -> int | None:
        """Return the FIFO once the program has opened it; None when the program has ended."""
        while not self._ended.wait(_POLL):
            with contextlib.suppress(OSError):  # no reader yet
                return os.open(self._fifo(epoch), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        return None


class _Writer:
    """Writes to a FIFO at the speed of its reader, and stops when the program ends."""

    def __init__(self, descriptor: int, is_over: Callable[[], bool]) -> None:
        self._descriptor, self._is_over = descriptor, is_over

    def write_all(self, pieces: Iterable[bytes]) -> None:
        """Write all pieces, or stop when the reader closes the FIFO."""
        with contextlib.suppress(_ReaderGone):
            for piece in pieces:
                self._write(memoryview(piece))

    def close(self) -> None:
        """Close the FIFO, so that the reader sees the end of the file."""
        os.close(self._descriptor)

    def _write(self, rest: memoryview) -> None:
        while rest:
            if self._is_over():
                raise _ReaderGone
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [], _POLL)
            except BrokenPipeError:
                raise _ReaderGone from None
