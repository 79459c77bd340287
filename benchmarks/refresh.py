"""Dataset refresh, compared with a plain loop that unpacks, hashes and decodes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks import photos, refresh_peer
from benchmarks.pairs import Ratio, compare

PHOTOS = "cars_train.tgz"
DEVKIT = "car_devkit.tgz"


def refresh(folder: Path) -> Ratio:
    """Create the first dataset version of the training photos of Stanford Cars.

    The peer does not read labels, detect damage, duplicates or near-duplicates, or write a report.

    Args:
        folder: An empty folder for temporary files.

    Raises:
        FileNotFoundError: CARS is not set, or the folder lacks an archive.
    """
    source = folder / "processing" / "input" / "source"
    source.mkdir(parents=True)
    for name in (PHOTOS, DEVKIT):
        archive = photos.cars(name)
        if archive is None:
            raise FileNotFoundError(f"CARS is not set: set it to a folder with {name}")
        shutil.copy(archive, source)
    unpacked = folder / "unpacked"
    project = [sys.executable, "-m", "include.image_classification", "refresh"]
    peer = [sys.executable, "-m", refresh_peer.__name__, str(source / PHOTOS), str(unpacked)]
    environment = os.environ | {"SAGEMAKER_BASE_DIR": str(folder)}
    run = partial(subprocess.run, check=True, capture_output=True, env=environment)
    return compare(
        project=lambda: run([*project, "--layout", "stanford_cars"]),
        peer=lambda: run(peer),
        peer_is=f"{refresh_peer.PROCESSES} processes that unpack, hash and decode with OpenCV",
        before=lambda: _empty(unpacked, folder / "processing" / "output"),
    )


def _empty(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
