"""What the version before knows: splits that are kept, photos that are not decoded again."""

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
from include.image_classification.dataset.version.photo_check import Content, Made

HASHES = "hashes.jsonl"


@dataclass(frozen=True)
class Earlier:
    """The version that a refresh follows, or none.

    Attributes:
        version: Its images and classes.
        looks: Its images' perceptual hashes by sha256; an older one may have none.
        quarantined: What was refused then.
        ledger: The splits of all photos that this version or any before it held.
    """

    version: Version | None = None
    looks: Mapping[str, int] = field(default_factory=dict)
    quarantined: Sequence[Quarantined] = ()
    ledger: SplitLedger = field(default_factory=SplitLedger)

    @property
    def images(self) -> Sequence[Image]:
        """Its images; none before the first version."""
        return self.version.images if self.version else []

    def splits(self, photos: Collection[str]) -> dict[str, Split]:
        """Return the splits that photos were given, in this version or in any before it.

        Args:
            photos: Hashes of photos, not of what was cut from them.

        Raises:
            ProgramError: The ledger is damaged.
        """
        splits = self.ledger.known(photos)
        for photo, split in self._own_splits.items():
            if photo in photos:
                splits[photo] = trains_more(split, splits.get(photo, split))
        return splits

    def write_ledger(self, path: Path, following: Iterable[Image]) -> int:
        """Write the ledger after the next version; return how many photos it holds.

        A version from before there was a ledger adds its own photos.

        Args:
            path: The ledger's file.
            following: The next version's images.

        Raises:
            ProgramError: The present ledger is damaged.
        """
        given = self._own_splits
        for photo, split in photo_splits(following).items():
            given[photo] = trains_more(split, given.get(photo, split))
        return self.ledger.write(path, given)

    @property
    def _own_splits(self) -> dict[str, Split]:
        return photo_splits(self.images)

    def known(self, without_cuts: Callable[[str], bool]) -> dict[Made, Content]:
        """The images that need not be decoded again, by what they are made from.

        Args:
            without_cuts: Tells the keys whose bytes are wanted: those that were cut from photos
                must be cut again for that.
        """
        return {
            image.cut or image.sha256: _content(image, self.looks[image.sha256])
            for image in self.images
            if image.sha256 in self.looks and not (image.cut and without_cuts(image.key))
        }


def _content(image: Image, look: int) -> Content:
    return Content(image.sha256, image.size, image.width, image.height, image.key, look, image.cut)


def read_earlier(folder: Path, ledger: Path) -> Earlier:
    """Read the version before.

    Args:
        folder: The version's folder, which may be missing or empty.
        ledger: The folder of the split ledger, which may be missing, too.

    Raises:
        ProgramError: The version is damaged.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return Earlier(ledger=SplitLedger(ledger / LEDGER))
    return Earlier(
        version=read_version(folder),
        looks=_looks(folder / HASHES),
        quarantined=_quarantined(folder),
        ledger=SplitLedger(ledger / LEDGER),
    )


def write_looks(folder: Path, looks: Iterable[tuple[str, int]]) -> None:
    """Write perceptual hashes by sha256 beside a version; they are no part of its name."""
    rows = ({"sha256": sha256, "hash": f"{look:016x}"} for sha256, look in looks)
    write_rows(folder / HASHES, rows)


def _looks(path: Path) -> dict[str, int]:
    # Without them photos are decoded again, which is no reason to fail.
    try:
        return {row["sha256"]: int(row["hash"], 16) for row in read_rows(path)}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _quarantined(folder: Path) -> list[Quarantined]:
    try:
        return [Quarantined(**row) for row in read_rows(folder / "quarantine.jsonl")]
    except (OSError, ValueError, TypeError):
        return []
