"""Which incoming images are new: all but those that a successful batch has predicted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from include.pipeline.layout import Layout
from include.policies.committed import Committed, committed

IMAGE_ENDINGS = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True)
class IncomingImage:
    """An object below `incoming/`: its key there, and what tells its content from another's."""

    key: str
    tag: str
    size: int


def new_images(s3: Any, layout: Layout, everything: bool = False) -> list[IncomingImage]:
    """Return the images that no batch has dealt with yet, by key.

    An image that was replaced by another of the same name is new again. Objects that are no
    JPEG or PNG by name are left alone.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        everything: Return those that were dealt with, too.
    """
    known = Committed() if everything else committed(s3, layout)
    images = (
        IncomingImage(key.removeprefix(layout.incoming), entry["ETag"], entry["Size"])
        for key, entry in _objects(s3, layout.bucket, layout.incoming)
        if PurePosixPath(key).suffix.lower() in IMAGE_ENDINGS
    )
    return sorted((image for image in images if (image.key, image.tag) not in known), key=_key)


def _key(image: IncomingImage) -> str:
    return image.key


def _objects(s3: Any, bucket: str, prefix: str) -> Iterable[tuple[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return ((entry["Key"], entry) for page in pages for entry in page.get("Contents", []))
