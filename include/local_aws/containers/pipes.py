"""Pipe mode: a channel as a FIFO for each epoch, instead of files."""

import contextlib
import os
import random
import select
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from include.local_aws.containers.gzipped import unpacked
from include.local_aws.errors import JobFailure
from include.local_aws.storage.objects import Objects, S3Object

_POLL = 0.05  # seconds


class _NobodyReads(Exception):
    """The reader has left, or the program is over."""


@dataclass(frozen=True)
class PipedChannel:
    """What a pipe delivers in each epoch.

    Args:
        objects: S3.
        items: The objects, in the order of their keys.
        compression: `Gzip` or `None`: what is delivered has lost its compression.
        seed: `ShuffleConfig.Seed`; with it each epoch has an order of its own.
    """

    objects: Objects
    items: list[S3Object]
    compression: str = "None"
    seed: int | None = None

    def epoch(self, number: int) -> Iterator[bytes]:
        """The objects' bytes, one object after the other."""
        items = list(self.items)
        if self.seed is not None:
            random.Random(f"{self.seed} {number}").shuffle(items)
        for item in items:
            pieces = self.objects.pieces(item)
            yield from unpacked(pieces, item.uri) if self.compression == "Gzip" else pieces


class Pipe:
    """One channel's FIFOs `<path>_0`, `<path>_1`, ..., as a context.

    The next is there as soon as one is opened. The program reads as many as it likes, or none, and
    may close one early. What cannot be read from S3 is kept as `failure`.
    """

    def __init__(self, channel: PipedChannel, path: Path) -> None:
        self.failure: JobFailure | None = None
        self._channel, self._path = channel, path
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
            while (descriptor := self._opened(epoch)) is not None:
                os.mkfifo(self._fifo(epoch + 1))
                with contextlib.closing(_Writer(descriptor, self._ended.is_set)) as writer:
                    writer.write_all(self._channel.epoch(epoch))
                self._fifo(epoch).unlink()
                epoch += 1
        except JobFailure as failure:
            self.failure = failure
        except Exception as error:
            name = self._fifo(epoch).name
            self.failure = JobFailure(f"InternalServerError: {name}: {error!r}")

    def _opened(self, epoch: int) -> int | None:
        """The FIFO, once the program has opened it; None when the program is over."""
        while not self._ended.wait(_POLL):
            with contextlib.suppress(OSError):  # nobody reads yet
                return os.open(self._fifo(epoch), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        return None


class _Writer:
    """A FIFO that is written to as its reader reads, without ever waiting for good."""

    def __init__(self, descriptor: int, is_over: Callable[[], bool]) -> None:
        self._descriptor, self._is_over = descriptor, is_over

    def write_all(self, pieces: Iterable[bytes]) -> None:
        """Write until all is read, or until the reader leaves."""
        with contextlib.suppress(_NobodyReads):
            for piece in pieces:
                self._write(memoryview(piece))

    def close(self) -> None:
        """Give the reader the end of the file."""
        os.close(self._descriptor)

    def _write(self, rest: memoryview) -> None:
        while rest:
            if self._is_over():
                raise _NobodyReads
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [], _POLL)
            except BrokenPipeError:
                raise _NobodyReads from None
