"""A bucket with any number of known images, which are made up when they are asked for.

Known images are in `incoming/` and in batches' records, in the source, and in a dataset version,
whose manifest is a file.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

from benchmarks.airflow_tasks.version_files import DATASET, SIZE, key_of
from include.storage.layout import Layout

BUCKET, PIPELINE = "known", "known"
LAYOUT = Layout(BUCKET, PIPELINE)
BATCH_IMAGES = 10_000
PAGE = 1000
CLASSES = 100
PREDICTION = json.dumps({"prediction": [1.0] + [0.0] * (CLASSES - 1)}).encode()


class Bucket:
    """The objects of the bucket.

    Args:
        images: The number of known images.
        version: The folder with the files of the dataset version, or None without a version.

    Attributes:
        stored: Objects that were written, by key.
        has_archive: Whether the source is an archive, or an object for each photo.
    """

    def __init__(self, images: int, version: Path | None = None) -> None:
        self.images = images
        self.stored: dict[str, bytes] = {}
        self.has_archive = True
        self._version = version
        self._lock = threading.Lock()
        self._requests = self._sent = 0

    def count(self, sent: int) -> None:
        """Count a request and the bytes that were sent; there are several threads."""
        with self._lock:
            self._requests += 1
            self._sent += sent

    def take_counts(self) -> dict[str, int]:
        """Return the number of requests and of kB sent, and count anew."""
        with self._lock:
            counts = {"requests": self._requests, "kilobytes": round(self._sent / 1000)}
            self._requests = self._sent = 0
        return counts

    @property
    def batches(self) -> list[str]:
        """The names of the batches, the oldest first."""
        count = -(-self.images // BATCH_IMAGES)
        return [f"2026{number:04}T000000-00000000" for number in range(count)]

    def image(self, number: int) -> tuple[str, str]:
        """Return the key below `incoming/` or the source, and the ETag of an image."""
        return f"{number:08}.jpg", f'"{number:032x}"'

    def read(self, key: str, part: slice) -> bytes | None:
        """Return an object's content, or a part of it, or None."""
        if key in self.stored:
            return self.stored[key][part]
        if file := self._version_file(key):
            with file.open("rb") as content:
                content.seek(part.start or 0)
                return content.read(-1 if part.stop is None else part.stop - (part.start or 0))
        made_up = self._made_up(key)
        return None if made_up is None else made_up[part]

    def size(self, key: str) -> int | None:
        """Return an object's size, or None."""
        if file := self._version_file(key):
            return file.stat().st_size
        content = self.read(key, slice(None))
        return None if content is None else len(content)

    def _version_file(self, key: str) -> Path | None:
        folder = LAYOUT.dataset(DATASET)
        if self._version is None or not key.startswith(folder):
            return None
        file = self._version / key.removeprefix(folder)
        return file if file.is_file() else None

    def _made_up(self, key: str) -> bytes | None:
        if key.startswith(LAYOUT.images):
            return b"x" * SIZE
        if key.endswith(".out"):
            return PREDICTION
        batch = key.removeprefix(LAYOUT.batches).removesuffix("/batch.json")
        if key != LAYOUT.batch_record(batch) or batch not in self.batches:
            return None
        first = self.batches.index(batch) * BATCH_IMAGES
        numbers = range(first, min(first + BATCH_IMAGES, self.images))
        return json.dumps({"images": dict(map(self.image, numbers))}).encode()

    def listing(self, prefix: str, token: str, delimiter: str) -> str:
        """Return a page of S3's listing as XML."""
        if prefix == LAYOUT.source and self.has_archive:
            return _entry(f"{prefix}photos.tar", '"0"', SIZE * self.images)
        if prefix in (LAYOUT.incoming, LAYOUT.source, LAYOUT.images):
            return self._many(prefix, int(token or 0))
        if delimiter:
            return "".join(
                f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"
                for folder in self._folders(prefix)
            )
        keys = sorted(key for key in self.stored if key.startswith(prefix))
        if not keys and self.size(prefix) is not None:
            keys = [prefix]
        return "".join(_entry(key, '"0"', self.size(key) or 0) for key in keys)

    def _folders(self, prefix: str) -> list[str]:
        names = {
            key.removeprefix(prefix).split("/")[0]
            for key in self.stored
            if key.startswith(prefix) and "/" in key.removeprefix(prefix)
        }
        known = self.batches if prefix == LAYOUT.batches else []
        return [f"{prefix}{name}/" for name in sorted({*known, *names})]

    def _many(self, prefix: str, first: int) -> str:
        end = min(first + PAGE, self.images)
        entries = (self._named(prefix, number) for number in range(first, end))
        text = "".join(_entry(f"{prefix}{key}", tag, SIZE) for key, tag in entries)
        if end < self.images:
            token = f"<NextContinuationToken>{end}</NextContinuationToken>"
            return f"{text}<IsTruncated>true</IsTruncated>{token}"
        return text

    def _named(self, prefix: str, number: int) -> tuple[str, str]:
        key, tag = self.image(number)
        return (key_of(number), tag) if prefix == LAYOUT.images else (key, tag)


def _entry(key: str, tag: str, size: int) -> str:
    time = "2026-01-01T00:00:00.000Z"
    return (
        f"<Contents><Key>{key}</Key><LastModified>{time}</LastModified>"
        f"<ETag>{tag.replace(chr(34), '&quot;')}</ETag><Size>{size}</Size></Contents>"
    )


def batch_images(count: int) -> Iterator[tuple[str, str]]:
    """Yield the keys and ETags of new images, a batch of the largest size."""
    for number in range(count):
        yield f"new/{number}.jpg", f'"{number:032x}"'
