"""Dataset refresh, whole processes: against a plain loop that unpacks, hashes and decodes."""

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
    """Make a first version of the training photos of Stanford Cars from their archives.

    The peer neither reads labels nor tells damage, duplicates or near-duplicates, and makes no
    report: a ratio below 1 is what all that costs.

    Args:
        folder: An empty folder to work in.

    Raises:
        FileNotFoundError: CARS names no folder that holds the archives.
    """
    source = folder / "processing" / "input" / "source"
    source.mkdir(parents=True)
    for name in (PHOTOS, DEVKIT):
        archive = photos.cars(name)
        if archive is None:
            raise FileNotFoundError(f"CARS names no folder with {name}")
        shutil.copy(archive, source)
    unpacked = folder / "unpacked"
    ours = [sys.executable, "-m", "include.image_classification", "refresh"]
    theirs = [sys.executable, "-m", refresh_peer.__name__, str(source / PHOTOS), str(unpacked)]
    environment = os.environ | {"SAGEMAKER_BASE_DIR": str(folder)}
    run = partial(subprocess.run, check=True, capture_output=True, env=environment)
    return compare(
        ours=lambda: run([*ours, "--layout", "stanford_cars"]),
        peer=lambda: run(theirs),
        peer_is=f"{refresh_peer.PROCESSES} processes that unpack, hash and decode with OpenCV",
        before=lambda: _empty(unpacked, folder / "processing" / "output"),
    )


def _empty(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
