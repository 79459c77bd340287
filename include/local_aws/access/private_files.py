"""Files that only their owner can read, and that are there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_private(file: Path, content: bytes) -> None:
    """Write or replace a file of mode 0600 in one step; the file survives a power failure.

    Raises:
        OSError: the file cannot be written; a file of that name is then as it was.
    """
    with _draft(file, content) as draft:
        os.replace(draft, file)
    _sync(file.parent)


def make_private(file: Path, content: bytes) -> None:
    """Write a file of mode 0600 unless it exists; the first of several processes wins.

    Raises:
        OSError: the file cannot be written, or its file system has no hard links.
    """
    with _draft(file, content) as draft:
        try:
            os.link(draft, file)
        except FileExistsError:
            return
    _sync(file.parent)


@contextmanager
def _draft(file: Path, content: bytes) -> Iterator[str]:
    """Yield the path of a synced file of mode 0600 beside the file; remove it if it is left."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        yield name
    finally:
        Path(name).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Write a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
