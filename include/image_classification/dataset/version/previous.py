"""The previous version: splits to keep, and photos that need not be decoded again."""

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from include.contracts.dataset import Split
from include.image_classification.dataset.version.ledger import (
    LEDGER,
    SplitLedger,
    photo_splits,
    trains_more,
)
from include.image_classification.dataset.version.manifest import (
    Image,
    Quarantined,
    Version,
    read_rows,
    read_version,
    write_rows,
)
from include.image_classification.dataset.version.photo_check import Content, Origin

HASHES, LEAKAGE = "hashes.jsonl", "leakage.jsonl"

LOOK_ALIKE_PAIRS = 48
"""Similar images that are read: twice as many as the page shows, because some may have left."""


@dataclass(frozen=True)
class PreviousVersion:
    """The version that a refresh continues from, if there is one.

    Attributes:
        version: The images and classes, or None.
        hashes: The images' perceptual hashes, in their order; empty for a version without
            hashes.jsonl.
        look_alikes: Paths of images that are similar across splits, the closest first.
        quarantined: The photos that were quarantined.
        ledger: The splits of all photos in this version or any earlier one.
    """

    version: Version | None = None
    hashes: Sequence[int] = ()
    look_alikes: Collection[str] = ()
    quarantined: Sequence[Quarantined] = ()
    ledger: SplitLedger = field(default_factory=SplitLedger)

    @property
    def images(self) -> Sequence[Image]:
        """The images of the version; empty if there is no version."""
        return self.version.images if self.version else []

    def splits(self, photos: Collection[str]) -> dict[str, Split]:
        """Return the splits that photos have in this version or in any earlier one.

        Args:
            photos: Hashes of whole photos, not of images cropped from them.

        Raises:
            CommandError: The ledger is damaged.
        """
        splits = {photo: split for photo, split in self._own_splits.items() if photo in photos}
        # A photo of this version keeps its key: the ledger's own text of it is not held.
        for photo, split in self.ledger.lookup(photos):
            splits[photo] = trains_more(split, splits.get(photo, split))
        return splits

    def write_ledger(self, path: Path, following: Iterable[Image]) -> int:
        """Write the ledger for the next version and return the number of photos in it.

        The photos of this version are added, too: it may be older than the ledger.

        Args:
            path: The file to write.
            following: The images of the next version.

        Raises:
            CommandError: The current ledger is damaged.
        """
        splits = self._own_splits
        for photo, split in photo_splits(following).items():
            splits[photo] = trains_more(split, splits.get(photo, split))
        return self.ledger.write(path, splits)

    @property
    def _own_splits(self) -> dict[str, Split]:
        return photo_splits(self.images)

    def known(self, without_cuts: Callable[[str], bool]) -> dict[Origin, Content]:
        """Return the images that need not be decoded again, by their origin.

        Args:
            without_cuts: Returns whether the content of a key is needed; an image that was cropped
                from a photo must then be cropped again.
        """
        return {
            image.cut or image.sha256: _content(image, perceptual_hash)
            for image, perceptual_hash in zip(self.images, self.hashes, strict=False)
            if not (image.cut and without_cuts(image.key))
        }


def _content(image: Image, perceptual_hash: int) -> Content:
    return Content(
        sha256=image.sha256,
        size=image.size,
        width=image.width,
        height=image.height,
        key=image.key,
        perceptual_hash=perceptual_hash,
        cut=image.cut,
    )


def read_previous_version(folder: Path, ledger: Path) -> PreviousVersion:
    """Read the previous version.

    Args:
        folder: The version's folder, which may be missing or empty.
        ledger: The folder of the split ledger, which may be missing.

    Raises:
        CommandError: The version is damaged.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return PreviousVersion(ledger=SplitLedger(ledger / LEDGER))
    version = read_version(folder)
    return PreviousVersion(
        version=version,
        hashes=_read_hashes(folder / HASHES, version.images),
        look_alikes=_read_look_alikes(folder / LEAKAGE),
        quarantined=_read_quarantined(folder),
        ledger=SplitLedger(ledger / LEDGER),
    )


def write_hashes(folder: Path, images: Iterable[Image], hashes: Iterable[int]) -> None:
    """Write the images' perceptual hashes into a version's folder, without effect on its name."""
    rows = (
        {"sha256": image.sha256, "hash": f"{number:016x}"}
        for image, number in zip(images, hashes, strict=True)
    )
    write_rows(folder / HASHES, rows)


def _read_hashes(path: Path, images: Iterable[Image]) -> Sequence[int]:
    """Return the hashes of images, or () if the file is missing, damaged or of other images."""
    # Without hashes, photos are decoded again; that is no reason to fail.
    hashes = array("Q")
    try:
        for image, row in zip(images, read_rows(path), strict=True):
            if row["sha256"] != image.sha256:
                return ()
            hashes.append(int(row["hash"], 16))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return ()
    return hashes


def _read_look_alikes(path: Path) -> list[str]:
    # Without them, the next version's page lacks pictures of the same pairs.
    try:
        rows = islice(read_rows(path), LOOK_ALIKE_PAIRS)
        return [row[side] for row in rows for side in ("test", "train")]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _read_quarantined(folder: Path) -> list[Quarantined]:
    try:
        return [Quarantined(**row) for row in read_rows(folder / "quarantine.jsonl")]
    except (OSError, ValueError, TypeError):
        return []
