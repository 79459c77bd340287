"""The images of a channel as pixels, kept in memory as far as they fit."""

import threading

from include.image_classification.container import ProgramError
from include.image_classification.images.network_input import (
    decode_for_network,
    describe_undecodable,
)
from include.image_classification.images.resizing import Image
from include.image_classification.recordio.record_file import Records

KEPT_BYTES = 256 * 2**20
"""How much of a channel stays decoded: some 3,000 images of 160 pixels square."""


class DecodedImages:
    """Decodes records; the first ones asked for are decoded once only. For several threads."""

    def __init__(self, records: Records, channels: int, kept_bytes: int = KEPT_BYTES) -> None:
        self._records, self._channels = records, channels
        self._left = kept_bytes
        self._kept: dict[int, Image] = {}
        self._lock = threading.Lock()

    def __getitem__(self, index: int) -> Image:
        """The pixels of record `index`, RGB or grey; not to be written to.

        Raises:
            ProgramError: It is no image.
        """
        kept = self._kept.get(index)
        return self._decode(index) if kept is None else kept

    def _decode(self, index: int) -> Image:
        encoded = self._records.image(index)
        image = decode_for_network(encoded, self._channels)
        if image is None:
            raise ProgramError(
                f"{self._records.describe(index)} is not an image; convert it again: "
                f"{describe_undecodable(encoded)}"
            )
        with self._lock:
            if index not in self._kept and image.nbytes <= self._left:
                self._left -= image.nbytes
                self._kept[index] = image
        return image
