"""The split ledger: the split of every photo that was ever part of a version.

A dataset version knows only its own photos. Without the ledger, a photo that is removed from the
source and added again would get a new split, and could test a model that was trained on it. Each
refresh extends the ledger of the previous one; photos are never removed. Photos are identified by
the hash of their bytes, so another class or another box does not change a photo's split.
"""

import gzip
import io
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import cast

from include.contracts import files
from include.contracts.dataset import SPLITS, Split
from include.image_classification.container import CommandError
from include.image_classification.dataset.version.atomic_files import open_atomically
from include.image_classification.dataset.version.manifest import Image

LEDGER = files.SPLIT_LEDGER

BUFFER = 1 << 16
"""Lines are compressed together: a call of the compressor allocates 32 kB."""


def trains_more(one: Split, other: Split) -> Split:
    """Return the split that is used more for training: train, then validation, then test."""
    return min(one, other, key=SPLITS.index)


def photo_splits(images: Iterable[Image]) -> dict[str, Split]:
    """Return the split of each photo, by the hash of the whole photo.

    If images cropped from one photo have several splits, the one closest to training counts.
    """
    splits: dict[str, Split] = {}
    for image in images:
        photo = image.cut.photo_sha256 if image.cut else image.sha256
        splits[photo] = trains_more(image.split, splits.get(photo, image.split))
    return splits


class SplitLedger:
    """The ledger of an earlier refresh, if there is one.

    The file is read line by line, so that memory holds only the requested photos.

    Args:
        path: The file, which may be missing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def lookup(self, photos: Collection[str]) -> Iterator[tuple[str, Split]]:
        """Yield those of the photos that are in the ledger, with their splits.

        Raises:
            CommandError: The file is damaged.
        """
        return ((photo, split) for photo, split in self._rows() if photo in photos)

    def write(self, path: Path, splits: Mapping[str, Split]) -> int:
        """Write the next ledger: the photos of this ledger and of `splits`.

        Args:
            path: The file of the next ledger.
            splits: Splits by photo. If the ledger has another split, see `trains_more`.

        Returns:
            The number of photos in the next ledger.

        Raises:
            CommandError: This ledger is damaged.
        """
        new, count = dict(splits), 0
        # Without time and name in the header, the same photos give the same file.
        with (
            open_atomically(path) as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=0) as compressed,
            io.BufferedWriter(cast(io.RawIOBase, compressed), BUFFER) as packed,
        ):
            for photo, split in self._rows():
                packed.write(_line(photo, trains_more(split, new.pop(photo, split))))
                count += 1
            for photo in sorted(new):
                packed.write(_line(photo, new[photo]))
        return count + len(new)

    def _rows(self) -> Iterator[tuple[str, Split]]:
        if self._path is None or not self._path.exists():
            return
        try:
            with gzip.open(self._path, "rt", encoding="ascii") as lines:
                for line in lines:
                    row = json.loads(line)
                    yield str(row["photo_sha256"]), _split(row["split"])
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f"the split ledger {self._path} is damaged ({error!r}): restore the S3 object of"
                " this job's input `ledger`, for example from an earlier object version"
            ) from error


def _split(name: object) -> Split:
    for split in SPLITS:
        if split == name:
            return split
    raise ValueError(f"{name!r} is not a split")


def _line(photo: str, split: Split) -> bytes:
    return json.dumps({"photo_sha256": photo, "split": split}).encode("ascii") + b"\n"
