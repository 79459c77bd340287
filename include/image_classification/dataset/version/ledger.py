"""The split ledger: every split that a photo was ever given.

A dataset version knows only its own photos. Without the ledger, a photo that leaves the source and
returns would be split anew, and could test a model that has trained on it. The ledger is passed on
from one refresh to the next, and photos are never removed from it. It names photos by the hash of
their bytes, so that neither another class nor another box moves a photo to another split.
"""

import gzip
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from include.contracts.dataset import SPLITS, Split
from include.image_classification.container import ProgramError
from include.image_classification.dataset.version.atomic_files import writing_whole
from include.image_classification.dataset.version.manifest import Image

LEDGER = "splits.jsonl.gz"


def trains_more(one: Split, other: Split) -> Split:
    """Return the one of two splits that a model learns more from."""
    return min(one, other, key=SPLITS.index)


def photo_splits(images: Iterable[Image]) -> dict[str, Split]:
    """Return the split of each photo, by the hash of the photo and not of what was cut from it.

    Where a photo became several images of several splits, it counts as what trains most.
    """
    splits: dict[str, Split] = {}
    for image in images:
        photo = image.cut.photo_sha256 if image.cut else image.sha256
        splits[photo] = trains_more(image.split, splits.get(photo, image.split))
    return splits


class SplitLedger:
    """The ledger that an earlier refresh left, or none.

    The file is read photo by photo: memory holds only the photos that are asked for.

    Args:
        path: The file; it may be missing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def known(self, photos: Collection[str]) -> dict[str, Split]:
        """Return the splits that some of these photos were given.

        Raises:
            ProgramError: The file is damaged.
        """
        return {photo: split for photo, split in self._rows() if photo in photos}

    def write(self, path: Path, given: Mapping[str, Split]) -> int:
        """Write the next ledger: all of this one's photos, and those that were given a split.

        Args:
            path: The next ledger's file.
            given: Splits by photo. Of two splits of a photo, the one that trains more counts.

        Returns:
            The number of photos in the next ledger.

        Raises:
            ProgramError: This ledger is damaged.
        """
        left, count = dict(given), 0
        # Neither time nor name: the same photos make the same file.
        with writing_whole(path) as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            for photo, split in self._rows():
                packed.write(_line(photo, trains_more(split, left.pop(photo, split))))
                count += 1
            for photo in sorted(left):
                packed.write(_line(photo, left[photo]))
        return count + len(left)

    def _rows(self) -> Iterator[tuple[str, Split]]:
        if self._path is None or not self._path.exists():
            return
        try:
            with gzip.open(self._path, "rt", encoding="ascii") as lines:
                for line in lines:
                    row = json.loads(line)
                    yield str(row["photo_sha256"]), _split(row["split"])
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise ProgramError(
                f"the split ledger {self._path} is damaged ({error!r}): restore the object that"
                " this job's input `ledger` names, for example from an earlier object version"
            ) from error


def _split(name: object) -> Split:
    for split in SPLITS:
        if split == name:
            return split
    raise ValueError(f"{name!r} is no split")


def _line(photo: str, split: Split) -> bytes:
    return json.dumps({"photo_sha256": photo, "split": split}).encode("ascii") + b"\n"
