"""Files that are there whole or not at all, whenever the program dies."""

import os
from pathlib import Path

PART = ".part"


def write_whole(path: Path | str, data: bytes) -> None:
    """Write a file by way of one beside it, whose name ends in `.part`."""
    part = f"{path}{PART}"
    with open(part, "wb") as file:
        file.write(data)
    os.replace(part, path)


def remove_parts(folder: Path) -> None:
    """Remove what a program that died was writing below a folder."""
    for part in folder.rglob(f"*{PART}"):
        part.unlink()
