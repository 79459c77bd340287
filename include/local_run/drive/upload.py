"""Files from this machine to S3: only what changed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig

from include.local_run.drive.checksum import PART, etag
from include.local_run.errors import RunError

Progress = Callable[[int, int], None]
State = list[int]


class Mirror:
    """Makes an S3 folder hold given files and nothing else.

    A file is unchanged when its content has the ETag of the object. Which state of a file (size,
    times, inode) had which ETag is noted on this machine, so that an unchanged file costs neither
    reading nor sending; without the notes it is read, but not sent.

    Args:
        s3: A boto3 S3 client.
        bucket: Where to.
        notes: The file in which this is noted.
    """

    def __init__(self, s3: Any, bucket: str, notes: Path) -> None:
        self._s3, self._bucket, self._notes = s3, bucket, notes
        self._known: dict[str, list[Any]] = json.loads(notes.read_text()) if notes.exists() else {}

    def mirror(
        self, prefix: str, files: Mapping[str, Path], progress: Progress, prune: bool = True
    ) -> tuple[int, int]:
        """Uploads what changed, deletes what is gone.

        After an interruption, what had been sent whole is not sent again.

        Args:
            prefix: The folder's key, with its slash.
            files: Local files by their names below the prefix.
            progress: Called with bytes sent so far and in all.
            prune: Whether objects that no file stands for are deleted.

        Returns:
            How many files were uploaded, and how many deleted.

        Raises:
            RunError: A file vanished meanwhile.
        """
        self._end_uploads(prefix)
        there = self._listing(prefix)
        try:
            states = {name: _state(path) for name, path in files.items()}
            changed = {
                name: path
                for name, path in files.items()
                if not self._same(prefix + name, path, states[name], there.get(prefix + name))
            }
            self._send(prefix, changed, progress)
        except FileNotFoundError as error:
            raise RunError(f"{error.filename} vanished while it was uploaded: run again") from error
        gone = sorted(there.keys() - {prefix + name for name in files}) if prune else []
        self._delete(gone)
        tags = self._listing(prefix)
        for name in changed:
            self._known[prefix + name] = [states[name], tags[prefix + name]]
        self._notes.parent.mkdir(parents=True, exist_ok=True)
        self._notes.write_text(json.dumps(self._known))
        return len(changed), len(gone)

    def _same(self, key: str, path: Path, state: State, tag: str | None) -> bool:
        """Whether the object has the file's content."""
        if tag is None:
            return False
        if self._known.get(key) == [state, tag]:
            return True
        if etag(path) != tag:
            return False
        self._known[key] = [state, tag]
        return True

    def _end_uploads(self, prefix: str) -> None:
        """Ends uploads that an earlier run left unfinished: a refresh would wait for them."""
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for upload in [entry for page in pages for entry in page.get("Uploads", [])]:
            self._s3.abort_multipart_upload(
                Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )

    def _listing(self, prefix: str) -> dict[str, str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return {e["Key"]: e["ETag"].strip('"') for page in pages for e in page.get("Contents", [])}

    def _send(self, prefix: str, files: Mapping[str, Path], progress: Progress) -> None:
        total, sent = sum(path.stat().st_size for path in files.values()), 0
        config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
        counting = threading.Lock()

        def count(size: int) -> None:
            nonlocal sent
            with counting:
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


def _state(path: Path) -> State:
    """What changes with a file's content: the time of change (ctime) is nobody's to set."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
