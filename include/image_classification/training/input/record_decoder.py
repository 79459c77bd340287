"""Decoding of records for training: damage is named with its record."""

import logging
import threading
from collections.abc import Callable

from include.contracts.photo_formats import JPEG_START
from include.image_classification.container import CommandError
from include.image_classification.images.decoding import check_damage, check_size, decode_sound_jpeg
from include.image_classification.images.network_input import (
    decode_for_network,
    decoder_color,
    describe_undecodable,
    to_network_channels,
)
from include.image_classification.images.resizing import Image

MAX_WARNINGS = 20
"""How many damaged records are named; all of them are counted in the last warning."""

_log = logging.getLogger(__name__)


class RecordDecoder:
    """Decodes records to RGB or, with 1 channel, gray; several threads may call it.

    A damaged JPEG is decoded as far as possible, as MXNet does, and named in a warning, once.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._damaged: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, encoded: bytes, describe: Callable[[], str]) -> Image:
        """Return the pixels of a record.

        Args:
            encoded: The encoded image.
            describe: Returns the record's name, for messages.

        Raises:
            CommandError: The record is not an image, or exceeds a limit of `contracts.limits`.
        """
        if not encoded.startswith(JPEG_START):
            return self._decode(encoded, describe)
        try:
            sound = decode_sound_jpeg(encoded, decoder_color(self._channels))
            if sound is None:
                check_size(encoded)
        except ValueError as error:
            raise CommandError(f"{describe()} cannot be decoded: {error}") from error
        if sound is not None:
            return to_network_channels(sound.image)
        image = self._decode(encoded, describe)
        try:
            check_damage(encoded)
        except ValueError as error:
            self._warn(describe(), str(error))
        return image

    def _decode(self, encoded: bytes, describe: Callable[[], str]) -> Image:
        image = decode_for_network(encoded, self._channels)
        if image is None:
            raise CommandError(
                f"{describe()} is not an image; convert it again: {describe_undecodable(encoded)}"
            )
        return image

    def _warn(self, name: str, damage: str) -> None:
        with self._lock:
            if name in self._damaged:
                return
            self._damaged.add(name)
            count = len(self._damaged)
        if count <= MAX_WARNINGS:
            _log.warning(
                "%s is damaged, and trains as far as it can be decoded; convert it again: %s",
                name, damage,
            )  # fmt: skip
        elif count == MAX_WARNINGS + 1:
            _log.warning("more records are damaged; they are not named")
