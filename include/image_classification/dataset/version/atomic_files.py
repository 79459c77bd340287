"""Atomic writes: a file is either complete or absent, also after a crash."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PART = ".part"


@contextmanager
def open_atomically(path: Path | str) -> Iterator[IO[bytes]]:
    """Open a temporary file (`<path>.part`) for writing; it becomes `path` when the block ends."""
    part = f"{path}{PART}"
    with open(part, "wb") as file:
        yield file
    os.replace(part, path)


def write_atomically(path: Path | str, data: bytes) -> None:
    """Write a file through a temporary file, as `open_atomically` does."""
    with open_atomically(path) as file:
        file.write(data)


def remove_partial_files(folder: Path) -> None:
    """Remove the temporary files of a crashed process from a folder and its subfolders."""
    for part in folder.rglob(f"*{PART}"):
        part.unlink()
