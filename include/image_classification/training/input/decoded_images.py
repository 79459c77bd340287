"""Cache of a channel's decoded images."""

import threading

from include.image_classification.images.resizing import Image
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.input.record_decoder import RecordDecoder

CACHE_BYTES = 256 * 2**20
"""Size of the cache: about 3,000 images of 160 x 160 pixels."""


class DecodedImageCache:
    """Decodes records, and keeps images until the cache is full. Safe to use from threads."""

    def __init__(self, records: Records, channels: int, cache_bytes: int = CACHE_BYTES) -> None:
        self._records, self._decoder = records, RecordDecoder(channels)
        self._free_bytes = cache_bytes
        self._cache: dict[int, Image] = {}
        self._lock = threading.Lock()

    def __getitem__(self, index: int) -> Image:
        """Return the pixels of record `index`, RGB or grayscale. The caller must not change them.

        Raises:
            CommandError: The record is not an image.
        """
        cached = self._cache.get(index)
        return self._decode(index) if cached is None else cached

    def _decode(self, index: int) -> Image:
        image = self._decoder(self._records.image(index), lambda: self._records.describe(index))
        with self._lock:
            if index not in self._cache and image.nbytes <= self._free_bytes:
                self._free_bytes -= image.nbytes
                self._cache[index] = image
        return image
