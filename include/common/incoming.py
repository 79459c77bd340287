"""The objects of `incoming/` that count as images, and a hash of their listing.

The command `select` and the task `plan` of batch inference use the same rules, so that the task
recognizes a listing that the command has seen.
"""

from __future__ import annotations

import hashlib
import posixpath

HALF_WRITTEN = frozenset({".part", ".partial", ".filepart", ".tmp", ".crdownload", ".download"})
"""Endings of the names of unfinished files, by browsers and copy tools."""

FOLDER_MARKERS = ("/", "_$folder$")
"""Endings of the keys of folder markers, as S3 consoles and Hadoop write them."""

RECHECKED_OBJECTS = 10_000
"""The largest number of images whose listing `plan` compares itself, ten pages of S3's listing.

A fixed limit keeps the processor time of the task constant. With more images `plan` does not list
`incoming/`, but starts `select`.
"""


def is_ignored(key: str) -> bool:
    """Return whether an object is a folder marker or an unfinished file."""
    return key.endswith(FOLDER_MARKERS) or posixpath.splitext(key)[1].lower() in HALF_WRITTEN


class ListingHash:
    """A hash of the images in `incoming/`, in the order of S3's listing."""

    def __init__(self) -> None:
        """Create the hash of an empty listing."""
        self._hash = hashlib.sha256()
        self.images = 0

    def add(self, key: str, tag: str) -> None:
        """Add an image by its key below `incoming/` and its ETag."""
        # Neither part can contain this byte, which is invalid in UTF-8.
        self._hash.update(key.encode() + b"\xff" + tag.encode() + b"\xff")
        self.images += 1

    def hexdigest(self) -> str:
        """Return the hash of the images that were added."""
        return self._hash.hexdigest()
