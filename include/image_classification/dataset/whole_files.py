"""Files that are there whole or not at all, whenever the program dies."""

from pathlib import Path

PART = ".part"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file by way of one beside it, whose name ends in `.part`."""
    part = path.with_name(path.name + PART)
    part.write_bytes(data)
    part.replace(path)


def remove_parts(folder: Path) -> None:
    """Remove what a program that died was writing below a folder."""
    for part in folder.rglob(f"*{PART}"):
        part.unlink()
