"""Pipe mode: a FIFO for each pass over a channel (`<channel>_0`, `<channel>_1`, ...)."""

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from include.image_classification.container import CommandError
from include.image_classification.recordio.labelled_photos import labelled_photos
from include.image_classification.recordio.labels import LabelFormat, Labelling
from include.image_classification.recordio.record_stream import Sample, stream_samples

FIFO_TIMEOUT_SECONDS = 120.0
"""SageMaker creates the next FIFO some time after the previous one was opened or closed."""

_TICK = 0.05


class Pipe:
    """The FIFOs of a channel, each read once. MXNet's reader cannot read them, since it seeks."""

    def __init__(self, folder: Path, channel: str, label_format: LabelFormat | None = None) -> None:
        """Create a pipe.

        Args:
            folder: The folder of all channels.
            channel: The name of the channel.
            label_format: The format of the labels of an augmented manifest. None is for image
                records.
        """
        self._folder, self.channel, self._label_format = folder, channel, label_format
        self._passes = 0

    @property
    def name(self) -> str:
        """What messages call the pipe."""
        return f"the pipe of channel {self.channel}"

    @contextlib.contextmanager
    def samples(self, labelling: Labelling) -> Iterator[Iterator[Sample]]:
        """Yield the images of the next pass. The caller need not read them all.

        Raises:
            CommandError: The FIFO did not appear in time. Reading the images raises it, too, if the
                stream is damaged or a label is not allowed.
        """
        with self.opened() as stream:
            if self._label_format is None:
                yield stream_samples(stream, self.name, labelling)
            else:
                yield labelled_photos(stream, self.name, labelling, self._label_format)

    @contextlib.contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Yield the stream of the next pass. The caller need not read it to its end.

        Raises:
            CommandError: The FIFO did not appear in time.
        """
        path = self._folder / f"{self.channel}_{self._passes}"
        self._wait_for_fifo(path)
        self._passes += 1
        with path.open("rb") as stream:
            yield stream

    def _wait_for_fifo(self, path: Path) -> None:
        deadline = time.monotonic() + FIFO_TIMEOUT_SECONDS
        while not _is_fifo(path):
            if time.monotonic() > deadline:
                raise CommandError(
                    f"channel {self.channel} is in Pipe mode, but the FIFO {path} did not appear "
                    f"within {FIFO_TIMEOUT_SECONDS:.0f} s: check the channel's S3 URI, or use File "
                    "mode"
                )
            time.sleep(_TICK)


def _is_fifo(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except FileNotFoundError:
        return False
