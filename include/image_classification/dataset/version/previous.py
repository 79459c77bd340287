"""The previous version: splits to keep, and photos that need not be decoded again."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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

HASHES = "hashes.jsonl"


@dataclass(frozen=True)
class PreviousVersion:
    """The version that a refresh continues from, if there is one.

    Attributes:
        version: The images and classes, or None.
        hashes: The images' perceptual hashes by sha256; empty for a version without hashes.jsonl.
        quarantined: The photos that were quarantined.
        ledger: The splits of all photos in this version or any earlier one.
    """

    version: Version | None = None
    hashes: Mapping[str, int] = field(default_factory=dict)
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
        splits = self.ledger.lookup(photos)
        for photo, split in self._own_splits.items():
            if photo in photos:
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
            image.cut or image.sha256: _content(image, self.hashes[image.sha256])
            for image in self.images
            if image.sha256 in self.hashes and not (image.cut and without_cuts(image.key))
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
    return PreviousVersion(
        version=read_version(folder),
        hashes=_read_hashes(folder / HASHES),
        quarantined=_read_quarantined(folder),
        ledger=SplitLedger(ledger / LEDGER),
    )


def write_hashes(folder: Path, hashes: Iterable[tuple[str, int]]) -> None:
    """Write perceptual hashes by sha256 into a version's folder, without effect on its name."""
    rows = ({"sha256": sha256, "hash": f"{number:016x}"} for sha256, number in hashes)
    write_rows(folder / HASHES, rows)


def _read_hashes(path: Path) -> dict[str, int]:
    # Without hashes, photos are decoded again; that is no reason to fail.
    try:
        return {row["sha256"]: int(row["hash"], 16) for row in read_rows(path)}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _read_quarantined(folder: Path) -> list[Quarantined]:
    try:
        return [Quarantined(**row) for row in read_rows(folder / "quarantine.jsonl")]
    except (OSError, ValueError, TypeError):
        return []
