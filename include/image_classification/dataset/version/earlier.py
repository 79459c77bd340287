"""What the version before knows: splits that are kept, photos that are not decoded again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from include.image_classification.dataset.photo.check import Content, Made
from include.image_classification.dataset.version.manifest import (
    Image,
    Quarantined,
    Split,
    Version,
    read_rows,
    read_version,
    write_rows,
)

HASHES = "hashes.jsonl"


@dataclass(frozen=True)
class Earlier:
    """The version that a refresh follows, or none.

    Attributes:
        version: Its images and classes.
        looks: Its images' perceptual hashes by sha256; an older one may have none.
        quarantined: What was refused then.
    """

    version: Version | None = None
    looks: Mapping[str, int] = field(default_factory=dict)
    quarantined: Sequence[Quarantined] = ()

    @property
    def images(self) -> Sequence[Image]:
        """Its images; none before the first version."""
        return self.version.images if self.version else []

    def splits(self) -> dict[str, Split]:
        """The split of each photo, by the hash of the photo and not of what was cut from it.

        Where a photo became several images of several splits, it counts as what trains most.
        """
        order: tuple[Split, ...] = ("test", "validation", "train")
        splits: dict[str, Split] = {}
        for image in sorted(self.images, key=lambda image: order.index(image.split)):
            splits[image.cut.photo_sha256 if image.cut else image.sha256] = image.split
        return splits

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


def read_earlier(folder: Path) -> Earlier:
    """Read the version before from a folder, which may be missing or empty.

    Raises:
        ProgramError: The version is damaged.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return Earlier()
    return Earlier(read_version(folder), _looks(folder / HASHES), _quarantined(folder))


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
