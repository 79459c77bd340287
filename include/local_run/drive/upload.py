"""Upload of changed files to S3."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig

from include.local_aws.access.private_files import write_private_file
from include.local_run.drive.checksum import PART, etag
from include.local_run.errors import RunError

Progress = Callable[[int, int], None]
State = list[int]


class Mirror:
    """Synchronizes an S3 prefix with local files.

    A file is unchanged if the ETag of its content is that of the object. A local cache maps the
    state of a file (size, times, inode) to its ETag, so that an unchanged file is neither read
    nor sent. Without the cache it is read, but not sent.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        cache: JSON file of the cache.
    """

    def __init__(self, s3: Any, bucket: str, cache: Path) -> None:
        self._s3, self._bucket, self._cache = s3, bucket, cache
        self._known = _read_cache(cache)

    def mirror(
        self, prefix: str, files: Mapping[str, Path], progress: Progress, prune: bool = True
    ) -> tuple[int, int]:
        """Upload changed files and delete objects without a local file.

        After an interruption, files that were sent completely are not sent again.

        Args:
            prefix: The prefix, with its slash at the end.
            files: Local files by their names below the prefix.
            progress: Called with the bytes sent so far and the total.
            prune: Whether to delete objects without a local file.

        Returns:
            The number of uploaded files and of deleted objects.

        Raises:
            RunError: A file was removed meanwhile, or may not be read.
        """
        self._abort_uploads(prefix)
        objects = self._list_etags(prefix)
        try:
            states = {name: _state(path) for name, path in files.items()}
            changed = {
                name: path
                for name, path in files.items()
                if not self._is_unchanged(
                    prefix + name, path, states[name], objects.get(prefix + name)
                )
            }
            self._send(prefix, changed, progress)
        except FileNotFoundError as error:
            raise RunError(f"{error.filename} was removed during the upload: run again") from error
        except PermissionError as error:
            raise RunError(
                f"{error.filename} may not be read: permit it, or move it out of the folder"
            ) from error
        gone = sorted(objects.keys() - {prefix + name for name in files}) if prune else []
        self._delete(gone)
        etags = self._list_etags(prefix)
        for name in changed:
            self._known[prefix + name] = [states[name], etags[prefix + name]]
        self._cache.parent.mkdir(parents=True, exist_ok=True)
        write_private_file(self._cache, json.dumps(self._known).encode())
        return len(changed), len(gone)

    def _is_unchanged(self, key: str, path: Path, state: State, tag: str | None) -> bool:
        """Return whether the object has the file's content."""
        if tag is None:
            return False
        if self._known.get(key) == [state, tag]:
            return True
        if etag(path) != tag:
            return False
        self._known[key] = [state, tag]
        return True

    def _abort_uploads(self, prefix: str) -> None:
        """Abort an earlier run's unfinished uploads, because the refresh would wait for them."""
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for upload in [entry for page in pages for entry in page.get("Uploads", [])]:
            self._s3.abort_multipart_upload(
                Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )

    def _list_etags(self, prefix: str) -> dict[str, str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return {e["Key"]: e["ETag"].strip('"') for page in pages for e in page.get("Contents", [])}

    def _send(self, prefix: str, files: Mapping[str, Path], progress: Progress) -> None:
        total, sent = sum(path.stat().st_size for path in files.values()), 0
        config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
        lock = threading.Lock()

        def count(size: int) -> None:
            nonlocal sent
            with lock:
                sent += size
                progress(sent, total)

        def send(item: tuple[str, Path]) -> None:
            name, path = item
            self._s3.upload_file(
                str(path), self._bucket, prefix + name, Callback=count, Config=config
            )

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(send, files.items()))

    def _delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._s3.delete_object(Bucket=self._bucket, Key=key)
            self._known.pop(key, None)


def _read_cache(file: Path) -> dict[str, list[Any]]:
    """Return the cache; without a readable one, files are read again, but not sent."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _state(path: Path) -> State:
    """Return what changes with a file's content; programs cannot set the ctime."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
