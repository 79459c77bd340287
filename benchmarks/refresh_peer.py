"""What a refresh is measured against: a plain loop that unpacks, hashes and decodes photos.

It takes an archive and an empty folder. Two processes hash and decode fully what was unpacked; how
OpenCV decodes is all that is checked, and nothing is made of it.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.photos import plain_files

PROCESSES = 2


def main(archive: Path, folder: Path) -> None:
    """Unpack the archive into the folder and print how many photos decode."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter=plain_files)
    photos = sorted(folder.rglob("*.jpg"))
    with multiprocessing.Pool(PROCESSES) as pool:
        checked = pool.map(_check, photos)
    print(sum(decodes for _, decodes in checked), "of", len(checked))


def _check(photo: Path) -> tuple[str, bool]:
    data = photo.read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return hashlib.sha256(data).hexdigest(), image is not None


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
