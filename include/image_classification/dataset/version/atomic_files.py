"""Files that are there whole or not at all, whenever the program dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PART = ".part"


@contextmanager
def writing_whole(path: Path | str) -> Iterator[IO[bytes]]:
    """Open a file to be written by way of one beside it, whose name ends in `.part`."""
    part = f"{path}{PART}"
    with open(part, "wb") as file:
        yield file
    os.replace(part, path)


def write_whole(path: Path | str, data: bytes) -> None:
    """Write a file by way of one beside it, as `writing_whole` does."""
    with writing_whole(path) as file:
        file.write(data)


def remove_parts(folder: Path) -> None:
    """Remove what a program that died was writing below a folder."""
    for part in folder.rglob(f"*{PART}"):
        part.unlink()
