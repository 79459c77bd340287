"""im2rec, whole processes: ours against the one that MXNet installs, with the same flags."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks import photos
from benchmarks.mxnet_tool import best_threads, mxnet_im2rec
from benchmarks.pairs import Ratio, compare, peak_megabytes
from include.image_classification.conversion.encoding import Encoding, choose_reduction, fit
from include.image_classification.images.decoding import decode_photo
from include.image_classification.images.resizing import Image
from include.local_run.drawing.data_set import draw_cars

FLAGS = ("--resize", "224", "--center-crop", "--quality", "95")
REPEATED = 20
CHANGED = 100  # one photo in so many


@dataclass(frozen=True)
class Work:
    """One list of photos that both convert, each to files of its own."""

    folder: Path
    root: Path
    photos: int
    threads: str

    def ours(self, *flags: str) -> None:
        """Convert with our program."""
        subprocess.run(self.command(*flags), check=True, capture_output=True, env=environment())

    def command(self, *flags: str) -> list[str]:
        """Our command line."""
        program = [sys.executable, "-m", "include.image_classification", "im2rec"]
        return [*program, str(self.folder / "ours" / "set"), str(self.root), *FLAGS, *flags]

    def peers(self) -> None:
        """Convert with MXNet's tool."""
        prefix = self.folder / "theirs" / "set"
        mxnet_im2rec(prefix, self.root, *FLAGS, "--num-thread", self.threads)

    @property
    def peer_is(self) -> str:
        """What the peer is, for the table."""
        flags = " ".join(FLAGS)
        return f"mxnet/tools/im2rec.py {flags} --num-thread {self.threads}, {self.photos} photos"


def environment() -> dict[str, str]:
    """Ours, with the project to be found from any folder."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}


def prepare(folder: Path, root: Path) -> Work:
    """Write both lists, and find the peer's best number of threads."""
    for side in ("ours", "theirs"):
        (folder / side).mkdir()
        count = photos.write_list(folder / side / "set", root)
    threads = best_threads(folder / "theirs" / "set", root, *FLAGS)
    return Work(folder, root, count, threads)


def drawn(folder: Path) -> Ratio:
    """The drawn cars of a first run."""
    source = folder / "processing" / "input" / "source"
    source.parent.mkdir(parents=True)
    draw_cars(source)
    program = [sys.executable, "-m", "include.image_classification", "refresh"]
    subprocess.run(
        [*program, "--layout", "stanford_cars"],
        env=environment() | {"SAGEMAKER_BASE_DIR": str(folder)}, check=True, capture_output=True,
    )  # fmt: skip
    work = prepare(folder, folder / "processing" / "output" / "images")
    return compare(partial(work.ours, "--no-reuse"), work.peers, work.peer_is)


def full_size(archive: Path, folder: Path) -> Ratio:
    """A thousand photos at the size at which they were taken, start-up included."""
    work = prepare(folder, photos.unpack(archive, folder))
    return compare(partial(work.ours, "--no-reuse"), work.peers, work.peer_is)


def many(archive: Path, folder: Path) -> Ratio:
    """Twenty times as many, where start-up no longer counts."""
    work = prepare(folder, _repeated(folder, archive))
    return compare(partial(work.ours, "--no-reuse"), work.peers, work.peer_is)


def changed(archive: Path, folder: Path) -> Ratio:
    """The same again, when one photo in a hundred has changed since the last conversion."""
    work = prepare(folder, _repeated(folder, archive))
    work.ours()
    seeds = iter(range(CHANGED))
    return compare(
        work.ours,
        work.peers,
        f"{work.peer_is}, 1 % of them changed",
        before=lambda: photos.change(work.root, CHANGED, next(seeds)),
    )


def memory(archive: Path, folder: Path) -> Ratio:
    """The peak of twenty times as many photos against that of a thousand, both ours."""
    for name in ("few", "all"):
        (folder / name).mkdir()
    few = photos.unpack(archive, folder / "few")
    works = [
        _ours_only(folder / "few", few),
        _ours_only(folder / "all", _repeated(folder, archive)),
    ]
    one, all_ = (peak_megabytes(work.command("--no-reuse"), environment()) for work in works)
    return Ratio(
        ours=round(all_, 1), peer=round(one, 1), ratio=round(all_ / one, 3), unit="MB at the peak",
        peer_is=f"ours with {works[0].photos} photos, where ours is with {works[1].photos}",
    )  # fmt: skip


def fidelity(archive: Path, folder: Path) -> Ratio:
    """How near the photos decoded at a part of their size are to averaging all of their pixels."""
    encoding = Encoding(224, "crop")
    ours, peers = [], []
    for path in sorted(photos.unpack(archive, folder).rglob("*.jpg")):
        data = path.read_bytes()
        full = decode_photo(data, 1)
        decoded = decode_photo(data, 1, partial(choose_reduction, encoding=encoding))
        if decoded.reduction > 1:
            exact = _centre(full.image, cv2.INTER_AREA)
            ours.append(_psnr(fit(decoded, encoding), exact))
            peers.append(_psnr(_centre(full.image, cv2.INTER_LINEAR), exact))
    mine, theirs = float(np.mean(ours)), float(np.mean(peers))
    return Ratio(
        ours=round(mine, 1), peer=round(theirs, 1), ratio=round(mine / theirs, 3), unit="dB",
        peer_is=f"im2rec.py's pixels; both against INTER_AREA, {len(ours)} photos decoded smaller",
    )  # fmt: skip


def _centre(image: Image, interpolation: int) -> Image:
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(image[top : top + side, left : left + side])
    return np.asarray(cv2.resize(square, (224, 224), interpolation=interpolation))


def _psnr(image: Image, exact: Image) -> float:
    error = np.square(image.astype(np.float64) - exact).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-4)))


def _repeated(folder: Path, archive: Path) -> Path:
    return photos.repeat(photos.unpack(archive, folder), REPEATED, folder / "many")


def _ours_only(folder: Path, root: Path) -> Work:
    (folder / "ours").mkdir()
    return Work(folder, root, photos.write_list(folder / "ours" / "set", root), threads="")


ON_PHOTOS: dict[str, Callable[[Path, Path], Ratio]] = {
    "im2rec_1000_photos": full_size,
    "im2rec_20000_photos": many,
    "im2rec_20000_photos_1_percent_changed": changed,
    "im2rec_peak_memory": memory,
    "im2rec_fidelity": fidelity,
}
