"""Which incoming images are new: all but those that a successful batch has predicted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from include.decisions.batch.ledger import Content, read_ledger
from include.decisions.dataset.readiness import HALF_WRITTEN
from include.storage.layout import Layout

FOLDER_MARKERS = ("/", "_$folder$")
"""How consoles and Hadoop end the names of objects that stand for a folder."""


@dataclass(frozen=True)
class IncomingImage:
    """An object below `incoming/`: its key there, and what tells its content from another's."""

    key: str
    tag: str
    size: int

    @property
    def content(self) -> Content:
        """What batches' records know it by."""
        return self.key, self.tag


def find_new_images(s3: Any, layout: Layout, everything: bool = False) -> list[IncomingImage]:
    """Return the images that no batch has dealt with yet, by key.

    An image that was replaced by another of the same name is new again. Folder markers and what is
    half-written by its name are left alone; any other object is taken for an image.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        everything: Return those that were dealt with, too: after the new ones, and those first of
            which it is the longest ago, so that run after run goes on from where one stopped.
    """
    images = [
        IncomingImage(key.removeprefix(layout.incoming), entry["ETag"], entry["Size"])
        for key, entry in _objects(s3, layout.bucket, layout.incoming)
        if not _is_passing(key)
    ]
    known = read_ledger(s3, layout, {image.content for image in images})
    batches = {image: known.batch(image.content) for image in images}
    taken = (image for image, batch in batches.items() if everything or batch is None)
    return sorted(taken, key=lambda image: (batches[image] or "", image.key))


def _is_passing(key: str) -> bool:
    """Whether an object only marks a folder, or will have another name when it is finished."""
    return key.endswith(FOLDER_MARKERS) or PurePosixPath(key).suffix.lower() in HALF_WRITTEN


def _objects(s3: Any, bucket: str, prefix: str) -> Iterable[tuple[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return ((entry["Key"], entry) for page in pages for entry in page.get("Contents", []))
