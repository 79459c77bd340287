"""Files that only their owner can read, written in one step."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_private_file(file: Path, content: bytes) -> None:
    """Write or replace a file of mode 0600 in one step and sync it to the disk.

    Raises:
        OSError: The file cannot be written. An existing file is unchanged.
    """
    with _temporary_file(file, content) as temporary:
        os.replace(temporary, file)
    _sync(file.parent)


def create_private_file(file: Path, content: bytes) -> None:
    """Create a file of mode 0600 unless it exists. Of several processes the first one creates it.

    Raises:
        OSError: The file cannot be written, or the file system does not support hard links.
    """
    with _temporary_file(file, content) as temporary:
        try:
            os.link(temporary, file)
        except FileExistsError:
            return
    _sync(file.parent)


@contextmanager
def _temporary_file(file: Path, content: bytes) -> Iterator[str]:
    """Yield the path of a synced temporary file of mode 0600, and remove the file afterwards."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield name
    finally:
        Path(name).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Sync a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
