"""Images of a version's splits in a compact array: 40 bytes an image."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.contracts.dataset import Split
from include.image_classification.conversion.convert import Entry
from include.image_classification.dataset.version.manifest import VersionFiles, image_key

ROW = np.dtype([("sha256", ">u8", 4), ("label", "<u4"), ("suffix", "S4")])


class SplitImages:
    """The images of one split, sorted by hash; an image's rank is its position.

    This order mixes the classes and is reproducible.
    """

    def __init__(self, rows: NDArray[Any], store: Path) -> None:
        words = rows["sha256"]
        self._rows = rows[np.lexsort([words[:, column] for column in (3, 2, 1, 0)])]
        self._store = os.fspath(store)

    def __len__(self) -> int:
        return len(self._rows)

    def entry(self, rank: int) -> Entry:
        """Return the entry to convert for a rank, which becomes the record's identifier."""
        row = self._rows[rank]
        sha256 = row["sha256"].tobytes().hex()
        key = image_key(sha256, row["suffix"].decode())
        return Entry(rank, (float(row["label"]),), key, os.path.join(self._store, key), sha256)

    def entries(self, ranks: Collection[int] | None = None) -> Iterator[Entry]:
        """Yield the entries of these ranks, by default of all images."""
        return map(self.entry, range(len(self)) if ranks is None else ranks)


def read_splits(
    files: VersionFiles, splits: Collection[Split], store: Path
) -> dict[Split, SplitImages]:
    """Return the images of a version's splits.

    Args:
        files: The version.
        splits: The splits to read.
        store: The folder that the images' keys are relative to.

    Raises:
        CommandError: The version is damaged.
    """
    rows = {split: bytearray() for split in splits}
    for image in files.images():
        if image.split in rows:
            suffix = image.key.rpartition(".")[2].encode()
            head = bytes.fromhex(image.sha256) + image.label.to_bytes(4, "little")
            rows[image.split] += head + suffix.ljust(4, b"\0")
    return {split: SplitImages(np.frombuffer(rows[split], ROW), store) for split in splits}
