"""The files in labels/, and the hash of their state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from include.config.versions import LENGTH
from include.storage.layout import Layout


def label_files(s3: Any, layout: Layout) -> Iterator[dict[str, Any]]:
    """Yield the entries of S3's listing of labels/ in the order of keys, without folder markers."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=layout.bucket, Prefix=layout.labels)
    for page in pages:
        yield from (entry for entry in page.get("Contents", []) if not entry["Key"].endswith("/"))


def labels_fingerprint(s3: Any, layout: Layout) -> str:
    """Return a hash of the names and contents of all label files; "" if there are none.

    The memory that it needs does not depend on the number of files.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
    """
    digest = None
    for entry in label_files(s3, layout):
        digest = digest or hashlib.sha256()
        name = entry["Key"].removeprefix(layout.labels)
        digest.update(f"{name}\n{entry['ETag']} {entry['Size']}\n".encode())
    return digest.hexdigest()[:LENGTH] if digest else ""
