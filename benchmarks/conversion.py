"""im2rec as a process, compared with MXNet's im2rec.py with the same flags."""

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
from include.image_classification.conversion.encoding import Encoding, encode
from include.image_classification.images.decoding import decode_photo
from include.image_classification.images.resizing import Image
from include.local_run.drawing.data_set import draw_cars

FLAGS = ("--resize", "224", "--center-crop", "--quality", "95")
REPEATED = 20
QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 95)
CHANGED = 100  # one of 100 photos changes


@dataclass(frozen=True)
class Conversion:
    """A list of photos that the project and the peer convert into separate files."""

    folder: Path
    root: Path
    photos: int
    threads: str

    def run_project(self, *flags: str) -> None:
        """Convert with the project's im2rec."""
        subprocess.run(self.command(*flags), check=True, capture_output=True, env=environment())

    def command(self, *flags: str) -> list[str]:
        """Return the command line of the project's im2rec."""
        program = [sys.executable, "-m", "include.image_classification", "im2rec"]
        return [*program, str(self.folder / "project" / "set"), str(self.root), *FLAGS, *flags]

    def run_peer(self) -> None:
        """Convert with MXNet's im2rec.py."""
        prefix = self.folder / "peer" / "set"
        mxnet_im2rec(prefix, self.root, *FLAGS, "--num-thread", self.threads)

    @property
    def peer_is(self) -> str:
        """A description of the peer, for the table."""
        flags = " ".join(FLAGS)
        return f"mxnet/tools/im2rec.py {flags} --num-thread {self.threads}, {self.photos} photos"


def environment() -> dict[str, str]:
    """Return the environment variables, with the project on PYTHONPATH."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}


def prepare(folder: Path, root: Path) -> Conversion:
    """Write both lists, and determine the peer's best number of threads."""
    for name in ("project", "peer"):
        (folder / name).mkdir()
        count = photos.write_list(folder / name / "set", root)
    threads = best_threads(folder / "peer" / "set", root, *FLAGS)
    return Conversion(folder, root, count, threads)


def drawn(folder: Path) -> Ratio:
    """Convert the synthetic photos of `make run`."""
    source = folder / "processing" / "input" / "source"
    source.parent.mkdir(parents=True)
    draw_cars(source)
    program = [sys.executable, "-m", "include.image_classification", "refresh"]
    subprocess.run(
        [*program, "--layout", "stanford_cars"],
        env=environment() | {"SAGEMAKER_BASE_DIR": str(folder)}, check=True, capture_output=True,
    )  # fmt: skip
    conversion = prepare(folder, folder / "processing" / "output" / "images")
    return _compare_without_reuse(conversion)


def full_size(archive: Path, folder: Path) -> Ratio:
    """Convert 1,000 photos of full size, including the start of the process."""
    return _compare_without_reuse(prepare(folder, photos.unpack(archive, folder)))


def many(archive: Path, folder: Path) -> Ratio:
    """Convert 20,000 photos, for which the start of the process is negligible."""
    return _compare_without_reuse(prepare(folder, _repeated(folder, archive)))


def _compare_without_reuse(conversion: Conversion) -> Ratio:
    project = partial(conversion.run_project, "--no-reuse")
    return compare(project, conversion.run_peer, conversion.peer_is)


def changed(archive: Path, folder: Path) -> Ratio:
    """Convert 20,000 photos of which 1 % have changed since the previous conversion."""
    conversion = prepare(folder, _repeated(folder, archive))
    conversion.run_project()
    seeds = iter(range(CHANGED))
    return compare(
        conversion.run_project,
        conversion.run_peer,
        f"{conversion.peer_is}, 1 % of them changed",
        before=lambda: photos.change(conversion.root, CHANGED, next(seeds)),
    )


def memory(archive: Path, folder: Path) -> Ratio:
    """Compare the project's peak memory for 20,000 photos with that for 1,000."""
    for name in ("few", "all"):
        (folder / name).mkdir()
    few = _project_only(folder / "few", photos.unpack(archive, folder / "few"))
    many = _project_only(folder / "all", _repeated(folder, archive))
    peak, peak_many = (
        peak_megabytes(conversion.command("--no-reuse"), environment())
        for conversion in (few, many)
    )
    return Ratio(
        ours=round(peak_many, 1), peer=round(peak, 1), ratio=round(peak_many / peak, 3),
        unit="MB at the peak",
        peer_is=f"the project with {few.photos} photos, compared with {many.photos} photos",
    )  # fmt: skip


def fidelity(archive: Path, folder: Path) -> Ratio:
    """Compare the records of photos that shrink with the average of all of a photo's pixels."""
    encoding = Encoding(224, "crop")
    project, peer = [], []
    for path in sorted(photos.unpack(archive, folder).rglob("*.jpg")):
        data = path.read_bytes()
        full = decode_photo(data, 1).image
        if min(full.shape[:2]) > encoding.resize:
            exact = _center_crop(full, cv2.INTER_AREA)
            project.append(_psnr(_decode(encode(data, encoding)), exact))
            peer_record = cv2.imencode(".jpg", _center_crop(full, cv2.INTER_LINEAR), QUALITY)[1]
            peer.append(_psnr(_decode(peer_record.tobytes()), exact))
    psnr, peer_psnr = float(np.mean(project)), float(np.mean(peer))
    return Ratio(
        ours=round(psnr, 1), peer=round(peer_psnr, 1), ratio=round(psnr / peer_psnr, 3), unit="dB",
        peer_is="im2rec.py's pixels and compression; both compared with INTER_AREA, "
        f"{len(project)} photos that shrink",
    )  # fmt: skip


def _decode(record: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(record, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _center_crop(image: Image, interpolation: int) -> Image:
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


def _project_only(folder: Path, root: Path) -> Conversion:
    (folder / "project").mkdir()
    count = photos.write_list(folder / "project" / "set", root)
    return Conversion(folder, root, count, threads="")


PHOTO_BENCHMARKS: dict[str, Callable[[Path, Path], Ratio]] = {
    "im2rec_1000_photos": full_size,
    "im2rec_20000_photos": many,
    "im2rec_20000_photos_1_percent_changed": changed,
    "im2rec_peak_memory": memory,
    "im2rec_fidelity": fidelity,
}
