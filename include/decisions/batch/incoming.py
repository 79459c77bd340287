"""Find new images in `incoming/`: those that no successful batch has processed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from include.decisions.batch.ledger import Content, read_ledger
from include.decisions.dataset.readiness import HALF_WRITTEN
from include.storage.layout import Layout

FOLDER_MARKERS = ("/", "_$folder$")
"""Endings of the keys of folder markers, as S3 consoles and Hadoop write them."""


@dataclass(frozen=True)
class IncomingImage:
    """An object below `incoming/`.

    Attributes:
        key: Its key below `incoming/`.
        tag: Its ETag, which identifies its content.
        size: Its size in bytes.
    """

    key: str
    tag: str
    size: int

    @property
    def content(self) -> Content:
        """The key and ETag by which the ledger identifies the image."""
        return self.key, self.tag


def find_new_images(s3: Any, layout: Layout, everything: bool = False) -> list[IncomingImage]:
    """Return the images that no batch has processed yet, sorted by key.

    An image that was replaced by another one with the same name is new again. Folder markers and
    files that are unfinished by their names are ignored; every other object counts as an image.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        everything: Return processed images, too: after the new ones, those of the oldest batch
            first, so that successive runs reach all images.
    """
    images = [
        IncomingImage(key.removeprefix(layout.incoming), entry["ETag"], entry["Size"])
        for key, entry in _objects(s3, layout.bucket, layout.incoming)
        if not _is_ignored(key)
    ]
    ledger = read_ledger(s3, layout, {image.content for image in images})
    batches = {image: ledger.latest_batch(image.content) for image in images}
    found = (image for image, batch in batches.items() if everything or batch is None)
    return sorted(found, key=lambda image: (batches[image] or "", image.key))


def _is_ignored(key: str) -> bool:
    """Return whether an object is a folder marker or an unfinished file."""
    return key.endswith(FOLDER_MARKERS) or PurePosixPath(key).suffix.lower() in HALF_WRITTEN


def _objects(s3: Any, bucket: str, prefix: str) -> Iterable[tuple[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return ((entry["Key"], entry) for page in pages for entry in page.get("Contents", []))
