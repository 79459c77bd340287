"""A file that is not whole yet: parts of a multipart upload in S3, which outlive the task."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from include.decisions.dataset.web.state import FileState

PART = 16 * 1024 * 1024
"""Bytes of a part, and what is held in memory."""

MOST_PARTS = 10_000
"""S3's limit for one upload."""

COPIED_AT_ONCE = 5 * 1024**3
"""S3's limit for a copy in one request."""

BLOCK = 1024 * 1024


@dataclass(frozen=True)
class DraftLocation:
    """Where a file's draft is, and where the whole file goes."""

    s3: Any
    bucket: str
    folder: str
    target: str

    @property
    def content(self) -> str:
        """The draft's key: outside the source, so that nobody takes it for a part of it."""
        return f"{self.folder}content"

    @property
    def note(self) -> str:
        """The key of what is known of the draft: S3 does not tell an upload's metadata."""
        return f"{self.folder}draft.json"

    @property
    def here(self) -> dict[str, str]:
        """The draft as S3's calls name it."""
        return {"Bucket": self.bucket, "Key": self.content}


@dataclass(frozen=True)
class DraftNote:
    """What is known of a draft.

    Attributes:
        upload: The multipart upload's id.
        state: The state of the file that it is of.
        sha256: What was expected of the whole file when it was begun.
        part: Bytes of each part but the last.
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
    """A file's bytes so far.

    Args:
        place: Where they are.
        note: What is known of the draft.
        parts: The ETags of the parts that an earlier task sent.
        offset: How many bytes that task left.
        completed: Whether it made the parts one object already.

    Attributes:
        state: The state of the file that they are of.
        pure: Whether they all came from one server in this task, so that the fault is that
            server's where they are wrong.
    """

    def __init__(
        self,
        place: DraftLocation,
        note: DraftNote,
        parts: dict[int, str] | None = None,
        offset: int = 0,
        completed: bool = False,
    ) -> None:
        self._place, self._note, self._parts = place, note, parts or {}
        self._buffer, self._offset, self._completed = bytearray(), offset, completed
        self.state, self.pure = note.state, not offset
        # A hash cannot be taken up where an earlier task left it.
        self._hash = None if offset else hashlib.sha256()

    @property
    def offset(self) -> int:
        """How many bytes are there."""
        return self._offset

    @property
    def whole(self) -> bool:
        """Whether no byte is missing, as far as the server said how many there are."""
        return self._completed or self._offset == self.state.size

    @property
    def expected(self) -> str | None:
        """The SHA-256 that was expected when it was begun."""
        return self._note.sha256

    def add(self, content: bytes) -> None:
        """Append bytes; what fills a part is sent to S3."""
        if self._hash is not None:
            self._hash.update(content)
        self._buffer += content
        self._offset += len(content)
        while len(self._buffer) >= self._note.part:
            self._send(bytes(self._buffer[: self._note.part]))
            del self._buffer[: self._note.part]

    def complete(self) -> str | None:
        """Send the rest and make the parts one object, still a draft.

        Returns:
            The SHA-256 of the bytes, or None where parts are from an earlier task.
        """
        if self._completed:
            return None
        if self._buffer or not self._parts:
            self._send(bytes(self._buffer))
            self._buffer.clear()
        parts = [{"PartNumber": n, "ETag": tag} for n, tag in sorted(self._parts.items())]
        self._place.s3.complete_multipart_upload(
            **self._place.here, UploadId=self._note.upload, MultipartUpload={"Parts": parts}
        )
        return self._hash.hexdigest() if self._hash is not None else None

    def _send(self, content: bytes) -> None:
        number = len(self._parts) + 1
        answer = self._place.s3.upload_part(
            **self._place.here, UploadId=self._note.upload, PartNumber=number, Body=content
        )
        self._parts[number] = answer["ETag"]


def part_size(size: int | None) -> int:
    """Return how large a file's parts are: larger where S3 would not take so many."""
    return max(PART, -(-(size or 0) // MOST_PARTS))


def note_as_json(note: DraftNote) -> dict[str, Any]:
    """Return a note as JSON can hold it."""
    return asdict(note)
