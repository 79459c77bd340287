"""im2rec, whole processes: the image's program against the one that MXNet installs."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.pairs import Ratio, compare
from include.image_classification.dataset.manifest import read_version
from include.local_run.drawing.data_set import draw_cars

SIDE = 64
THREADS = 4
# MXNet 1.9.1 uses names that numpy 1.24 removed; its tool has to be helped to start at all.
_OLD_NAMES = "import numpy; numpy.bool = bool; numpy.object = object; "


def im2rec(folder: Path) -> Ratio:
    """Convert the drawn cars' training photos to short side 64, centre crop, quality 95.

    Args:
        folder: An empty folder to work in.
    """
    source = folder / "processing" / "input" / "source"
    source.parent.mkdir(parents=True)
    draw_cars(source)
    _program(folder, "refresh", "--layout", "stanford_cars")
    version = folder / "processing" / "input" / "version"
    next((folder / "processing" / "output" / "versions").iterdir()).rename(version)
    images = folder / "processing" / "input" / "images"
    (folder / "processing" / "output" / "images").rename(images)
    listing = _listing(folder, version)
    flags = ("--resize", str(SIDE), "--quality", "95")
    return compare(
        ours=lambda: _program(folder, "im2rec", "--fit", "crop", *flags),
        peer=lambda: _mxnet_im2rec(listing, images, *flags),
        peer_is=f"mxnet/tools/im2rec.py --num-thread {THREADS}, the same photos",
    )


def _listing(folder: Path, version: Path) -> Path:
    """Write the .lst of what our program converts: training and validation photos."""
    photos = read_version(version).images
    chosen = [photo for photo in photos if photo.split != "test"]
    file = folder / "peer.lst"
    lines = (f"{index}\t{photo.label}\t{photo.key}\n" for index, photo in enumerate(chosen))
    file.write_text("".join(lines))
    return file


def _program(folder: Path, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "include.image_classification", *arguments],
        env=os.environ | {"SAGEMAKER_BASE_DIR": str(folder)},
        check=True,
        capture_output=True,
    )


def _mxnet_im2rec(listing: Path, images: Path, *flags: str) -> None:
    spec = find_spec("mxnet")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("mxnet is not installed: run `make bench`, which installs it")
    tool = Path(spec.origin).parent / "tools" / "im2rec.py"
    arguments = [str(tool), *flags, "--center-crop", "--num-thread", str(THREADS)]
    run = f"import runpy, sys; sys.argv = {[*arguments, str(listing.with_suffix('')), str(images)]}"
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"{_OLD_NAMES}{run}; runpy.run_path(sys.argv[0], run_name='__main__')",
        ],
        check=True,
        capture_output=True,
    )
