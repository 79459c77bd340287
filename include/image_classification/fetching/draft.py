"""Drafts: unfinished downloads, stored as the parts of a multipart upload in S3."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from include.common.web_state import FileState

PART = 16 * 1024 * 1024
"""The size of a part in bytes; one part is held in memory."""

MAX_PARTS = 10_000
"""S3's limit of parts in an upload."""

MAX_COPY_BYTES = 5 * 1024**3
"""S3's limit for a copy in one request."""

BLOCK = 1024 * 1024


@dataclass(frozen=True)
class DraftLocation:
    """The location of a file's draft, and the target of the complete file.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The bucket of both.
        folder: The draft's folder, ending with a slash.
        target: The key of the complete file.
    """

    s3: Any
    bucket: str
    folder: str
    target: str

    @property
    def content(self) -> str:
        """The draft's key, which is outside the source's folder."""
        return f"{self.folder}content"

    @property
    def note(self) -> str:
        """The key of the draft's note; S3 does not return the metadata of unfinished uploads."""
        return f"{self.folder}draft.json"

    @property
    def s3_args(self) -> dict[str, str]:
        """The draft's bucket and key as parameters of S3 calls."""
        return {"Bucket": self.bucket, "Key": self.content}


@dataclass(frozen=True)
class DraftNote:
    """The metadata of a draft.

    Attributes:
        upload: The multipart upload's id.
        state: The state of the file on the server.
        sha256: The SHA-256 that was expected when the draft was created, or None.
        part: The size of all parts but the last in bytes.
    """

    upload: str
    state: FileState
    sha256: str | None
    part: int

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> DraftNote:
        """Return a note from its record."""
        return cls(**{**record, "state": FileState.read(record["state"])})


class Draft:
    """The bytes of a file that have been downloaded so far.

    Args:
        location: The draft's location.
        note: The draft's metadata.
        parts: The ETags of the parts that an earlier task stored, by number.
        offset: The number of bytes that the earlier task stored.
        completed: Whether the earlier task completed the multipart upload.

    Attributes:
        state: The state of the file on the server.
        pure: Whether all bytes came from one server in this task. If they are wrong, the server's
            file is wrong.
    """

    def __init__(
        self,
        location: DraftLocation,
        note: DraftNote,
        parts: dict[int, str] | None = None,
        offset: int = 0,
        completed: bool = False,
    ) -> None:
        self._location, self._note, self._parts = location, note, parts or {}
        self._buffer, self._offset, self._completed = bytearray(), offset, completed
        self.state, self.pure = note.state, not offset
        # The hash of an earlier task's bytes is not known.
        self._hash = None if offset else hashlib.sha256()

    @property
    def offset(self) -> int:
        """The number of downloaded bytes."""
        return self._offset

    @property
    def whole(self) -> bool:
        """Whether all bytes have been downloaded, if the server gave the size."""
        return self._completed or self._offset == self.state.size

    @property
    def expected(self) -> str | None:
        """The SHA-256 that was expected when the draft was created, or None."""
        return self._note.sha256

    def add(self, content: bytes) -> None:
        """Append bytes; full parts are uploaded to S3."""
        if self._hash is not None:
            self._hash.update(content)
        self._buffer += content
        self._offset += len(content)
        while len(self._buffer) >= self._note.part:
            self._send(bytes(self._buffer[: self._note.part]))
            del self._buffer[: self._note.part]

    def complete(self) -> str | None:
        """Upload the remaining bytes and complete the multipart upload.

        Returns:
            The SHA-256 of the bytes, or None if an earlier task stored parts of them.
        """
        if self._completed:
            return None
        if self._buffer or not self._parts:
            self._send(bytes(self._buffer))
            self._buffer.clear()
        parts = [{"PartNumber": n, "ETag": tag} for n, tag in sorted(self._parts.items())]
        self._location.s3.complete_multipart_upload(
            **self._location.s3_args, UploadId=self._note.upload, MultipartUpload={"Parts": parts}
        )
        return self._hash.hexdigest() if self._hash is not None else None

    def _send(self, content: bytes) -> None:
        number = len(self._parts) + 1
        response = self._location.s3.upload_part(
            **self._location.s3_args, UploadId=self._note.upload, PartNumber=number, Body=content
        )
        self._parts[number] = response["ETag"]


def part_size(size: int | None) -> int:
    """Return the size of a file's parts: larger than usual if there would be too many parts."""
    return max(PART, -(-(size or 0) // MAX_PARTS))


def note_as_json(note: DraftNote) -> dict[str, Any]:
    """Return a note as a JSON mapping."""
    return asdict(note)
