"""Real photos for benchmarks, which the project does not contain: `make bench CARS=<folder>`."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import cv2
import numpy as np

FULL_SIZE = "cars_fullres.tgz"


def cars(name: str) -> Path | None:
    """Return a file in the folder CARS, or None if CARS is not set.

    Raises:
        FileNotFoundError: The folder has no such file.
    """
    folder = os.environ.get("CARS")
    if not folder:
        return None
    path = Path(folder).expanduser() / name
    if not path.is_file():
        raise FileNotFoundError(f"CARS={folder} holds no {name}")
    return path


def unpack(archive: Path, folder: Path) -> Path:
    """Extract an archive of photos into a new folder and return the folder."""
    target = folder / archive.name.partition(".")[0]
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter=plain_files)
    return target


def plain_files(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """Filter links and devices, for tarfile.

    Despite the filter "data", links can point outside the folder in Python 3.11.4 to 3.11.12 and
    3.12.0 to 3.12.10 (CVE-2025-4517).
    """
    is_plain = member.isreg() or member.isdir()
    return tarfile.data_filter(member, path) if is_plain else None


def repeat(photos: Path, times: int, target: Path) -> Path:
    """Link each photo a number of times into a new folder, under different paths."""
    for photo in sorted(photos.rglob("*.jpg")):
        for number in range(times):
            link = target / f"{number:02d}" / photo.name
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(photo, link)
    return target


def write_list(prefix: Path, root: Path) -> int:
    """Write <prefix>.lst of a folder's photos and return their number."""
    photos = sorted(root.rglob("*.jpg"))
    lines = (
        f"{number}\t{number % 196}.000000\t{photo.relative_to(root)}\n"
        for number, photo in enumerate(photos)
    )
    prefix.with_suffix(".lst").write_text("".join(lines))
    return len(photos)


def change(root: Path, every: int, seed: int) -> int:
    """Replace every n-th photo by another image of its size; return their number."""
    chosen = sorted(root.rglob("*.jpg"))[seed % every :: every]
    for photo in chosen:
        image = cv2.imread(str(photo))
        shifted = np.roll(image, 1 + seed % 7, axis=1)
        encoded = cv2.imencode(".jpg", shifted)[1].tobytes()
        photo.unlink()  # the file is also linked under other paths
        photo.write_bytes(encoded)
    return len(chosen)
