"""Real photos to measure with, which do not come with the project: `make bench CARS=<folder>`."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import cv2
import numpy as np

FULL_SIZE = "cars_fullres.tgz"


def cars(name: str) -> Path | None:
    """A file of the folder that CARS names, or None where it names none."""
    folder = os.environ.get("CARS")
    if not folder:
        return None
    path = Path(folder).expanduser() / name
    if not path.is_file():
        raise FileNotFoundError(f"CARS={folder} holds no {name}")
    return path


def unpack(archive: Path, folder: Path) -> Path:
    """Extract an archive of photos into a folder of its own and return that."""
    target = folder / archive.name.partition(".")[0]
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter=plain_files)
    return target


def plain_files(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """A filter for tarfile that leaves out links and devices.

    Links can lead out of the folder in spite of the filter "data" in Python 3.11.4 to 3.11.12 and
    3.12.0 to 3.12.10 (CVE-2025-4517).
    """
    is_plain = member.isreg() or member.isdir()
    return tarfile.data_filter(member, path) if is_plain else None


def repeat(photos: Path, times: int, target: Path) -> Path:
    """Link every photo so many times into a new folder, each under a path of its own."""
    for photo in sorted(photos.rglob("*.jpg")):
        for number in range(times):
            link = target / f"{number:02d}" / photo.name
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(photo, link)
    return target


def write_list(prefix: Path, root: Path) -> int:
    """Write <prefix>.lst of a folder's photos and return how many there are."""
    photos = sorted(root.rglob("*.jpg"))
    lines = (
        f"{number}\t{number % 196}.000000\t{photo.relative_to(root)}\n"
        for number, photo in enumerate(photos)
    )
    prefix.with_suffix(".lst").write_text("".join(lines))
    return len(photos)


def change(root: Path, every: int, seed: int) -> int:
    """Replace every so-manieth photo by another picture of its size; return how many."""
    chosen = sorted(root.rglob("*.jpg"))[seed % every :: every]
    for photo in chosen:
        image = cv2.imread(str(photo))
        shifted = np.roll(image, 1 + seed % 7, axis=1)
        encoded = cv2.imencode(".jpg", shifted)[1].tobytes()
        photo.unlink()  # it is a link to what others show, too
        photo.write_bytes(encoded)
    return len(chosen)
