"""Files from this machine to S3: only what changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Progress = Callable[[int, int], None]


class Mirror:
    """Makes an S3 folder hold given files and nothing else.

    What was uploaded is noted on this machine by size, time and the ETag that S3 gave, so that
    an unchanged file costs neither reading nor sending.

    Args:
        s3: A boto3 S3 client.
        bucket: Where to.
        notes: The file in which uploads are noted.
    """

    def __init__(self, s3: Any, bucket: str, notes: Path) -> None:
        self._s3, self._bucket, self._notes = s3, bucket, notes
        self._known: dict[str, list[Any]] = json.loads(notes.read_text()) if notes.exists() else {}

    def mirror(
        self, prefix: str, files: Mapping[str, Path], progress: Progress, prune: bool = True
    ) -> tuple[int, int]:
        """Uploads what changed, deletes what is gone.

        Args:
            prefix: The folder's key, with its slash.
            files: Local files by their names below the prefix.
            progress: Called with bytes sent so far and in all.
            prune: Whether objects that no file stands for are deleted.

        Returns:
            How many files were uploaded, and how many deleted.
        """
        there = self._listing(prefix)
        changed = {
            name: path
            for name, path in files.items()
            if there.get(prefix + name) is None
            or self._known.get(prefix + name) != [*_state(path), there[prefix + name]]
        }
        self._send(prefix, changed, progress)
        gone = sorted(there.keys() - {prefix + name for name in files}) if prune else []
        self._delete(gone)
        tags = self._listing(prefix)
        for name, path in changed.items():
            self._known[prefix + name] = [*_state(path), tags[prefix + name]]
        self._notes.parent.mkdir(parents=True, exist_ok=True)
        self._notes.write_text(json.dumps(self._known))
        return len(changed), len(gone)

    def _listing(self, prefix: str) -> dict[str, str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return {e["Key"]: e["ETag"] for page in pages for e in page.get("Contents", [])}

    def _send(self, prefix: str, files: Mapping[str, Path], progress: Progress) -> None:
        total, sent = sum(path.stat().st_size for path in files.values()), 0

        def count(size: int) -> None:
            nonlocal sent
            sent += size
            progress(sent, total)

        def send(item: tuple[str, Path]) -> None:
            name, path = item
            self._s3.upload_file(str(path), self._bucket, prefix + name, Callback=count)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(send, files.items()))

    def _delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._s3.delete_object(Bucket=self._bucket, Key=key)
            self._known.pop(key, None)


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
