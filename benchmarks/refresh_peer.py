"""Peer of the refresh: a plain loop that unpacks an archive, and hashes and decodes its photos.

Two processes hash the photos and decode them with OpenCV. The result is only counted.
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
    """Unpack the archive into the folder and print how many photos can be decoded."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter=plain_files)
    photos = sorted(folder.rglob("*.jpg"))
    with multiprocessing.Pool(PROCESSES) as pool:
        results = pool.map(_hash_and_decode, photos)
    print(sum(decodes for _, decodes in results), "of", len(results))


def _hash_and_decode(photo: Path) -> tuple[str, bool]:
    data = photo.read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return hashlib.sha256(data).hexdigest(), image is not None


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
