"""A line of a file in labels/: what a user says about one photo."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from include.contracts.records.base import Record

INCOMING = "incoming/"
"""The start of `file` for a photo that was uploaded for batch inference."""

IMAGES = "images/"
"""The start of `file` for a stored image of a dataset version."""

MAX_FILE_BYTES = 1024
"""S3's limit for a key."""

MAX_PART_BYTES = 255
"""The limit of file systems for a name: a job downloads a key as a path."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Text = Annotated[str, Field(min_length=1, max_length=256)]


class LabelRecord(Record):
    """A user's opinion on one photo: its class, or that it is not usable.

    Of one user's opinions on a photo, the newest counts. Opinions of two users that differ are a
    conflict, until one of them changes or withdraws theirs, or a later record `settles` it.

    Attributes:
        file: The photo, if it is named by its place: `incoming/...` is a key of an incoming photo,
            `images/...` a stored image of a dataset version, both relative to the pipeline's
            folder in S3; an `s3://` URI is the same with the bucket; every other text is a path
            in the dataset, as in a manifest.
        sha256: The hash of the photo's bytes in hex. With `file` and `sha256`, a file with other
            bytes is not the photo.
        etag: The ETag of the S3 object that the user saw. Give it for an incoming photo whose
            hash is unknown: then another photo under the same name does not get the label.
        class_name: The class; `class` in JSON.
        not_usable: The photo must not be part of the dataset.
        withdrawn: The user takes back what they said about this photo before.
        settles: This opinion replaces the earlier opinions of all users.
        who: The user.
        when: The time at which the label was given, in ISO 8601; without a time zone it is UTC.
        note: Why, for other users.
    """

    model_config = ConfigDict(
        validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    file: Annotated[str, Field(min_length=1)] | None = None
    sha256: str | None = None
    etag: Text | None = None
    class_name: Text | None = Field(
        default=None, validation_alias="class", serialization_alias="class"
    )
    not_usable: bool = False
    withdrawn: bool = False
    settles: bool = False
    who: Text
    when: str
    note: Annotated[str, Field(max_length=2000)] = ""

    @property
    def moment(self) -> datetime:
        """The time at which the label was given, with a time zone."""
        return _moment(self.when)

    @field_validator("when")
    @classmethod
    def _check_when(cls, when: str) -> str:
        try:
            _moment(when)
        except ValueError:
            raise ValueError(
                f"{when!r} is no time in ISO 8601, such as 2026-11-30T08:15:00+00:00"
            ) from None
        return when

    @field_validator("sha256")
    @classmethod
    def _check_sha256(cls, sha256: str | None) -> str | None:
        if sha256 is not None and not _SHA256.fullmatch(sha256.lower()):
            raise ValueError(f"{sha256!r} is no SHA-256: 64 hex digits")
        return sha256 and sha256.lower()

    @field_validator("file")
    @classmethod
    def _check_file(cls, file: str | None) -> str | None:
        problem = file_problem(file) if file is not None else None
        if problem:
            raise ValueError(f"{file!r}: {problem}")
        return file

    @model_validator(mode="after")
    def _check_photo_is_named(self) -> Self:
        if self.file is None and self.sha256 is None:
            raise ValueError("no photo is named: give file or sha256")
        return self

    @model_validator(mode="after")
    def _check_one_opinion(self) -> Self:
        if (self.class_name is not None) + self.not_usable + self.withdrawn != 1:
            raise ValueError("give exactly one of class, not_usable: true and withdrawn: true")
        return self


def file_problem(file: str) -> str | None:
    """Return why a text cannot be a photo's `file`, or None.

    Jobs download an S3 key as a path below a folder, so parts that lead out of it are refused.
    """
    if _CONTROL.search(file):
        return "control characters are not allowed"
    if (size := len(file.encode())) > MAX_FILE_BYTES:
        return f"{size} bytes, more than the {MAX_FILE_BYTES} that a key in S3 may have"
    parts = file.removeprefix("s3://").split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "a part between slashes is empty, '.' or '..'"
    if any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        return f"a part between slashes has more than {MAX_PART_BYTES} bytes"
    return None


def _moment(when: str) -> datetime:
    moment = datetime.fromisoformat(when)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
