"""Folders and objects of S3 for the status page: read-only and bounded."""

import mimetypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from include.local_aws.status.data import s3_path

ENTRIES = 200
"""The entries of a folder on one page."""

_PIECE = 1 << 20
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SHOWN = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp"),
        *("text/plain", "text/html"),
    }
)
"""Types that the browser shows; it saves others."""
_TEXTS = (".csv", ".json", ".jsonl", ".lst", ".manifest", ".out", ".txt", ".yaml", ".log")
_SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
)
"""Pages in S3 run no scripts and load nothing: anybody's job may have written them."""


class NotInS3(LookupError):
    """There is no such bucket, folder or object."""


@dataclass(frozen=True)
class Entry:
    """A folder, or an object with its size in bytes and its Unix timestamp."""

    name: str
    path: str
    size: int | None = None
    changed: float | None = None


@dataclass(frozen=True)
class Folder:
    """The entries of a folder; `more` is the token of the next page, or empty."""

    uri: str
    parents: Sequence[Entry]
    entries: Sequence[Entry]
    more: str


@dataclass(frozen=True)
class Content:
    """An object: its headers and its content in pieces."""

    headers: dict[str, str]
    pieces: Iterator[bytes]


class Browser:
    """Reads S3 with the server's own client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def buckets(self) -> Folder:
        """Return the buckets."""
        found = self._client.list_buckets()["Buckets"][:ENTRIES]
        entries = [Entry(bucket["Name"], s3_path(f"s3://{bucket['Name']}/")) for bucket in found]
        return Folder("s3://", [], entries, "")

    def folder(self, bucket: str, prefix: str, token: str) -> Folder:
        """Return a page of the entries below a prefix, which is empty or ends with a slash.

        Raises:
            NotInS3: The bucket does not exist, or nothing is there.
        """
        more = {"ContinuationToken": token} if token else {}
        page = self._call(
            "list_objects_v2",
            bucket,
            Prefix=prefix,
            Delimiter="/",
            MaxKeys=ENTRIES,
            **more,
        )
        uri = f"s3://{bucket}/"
        entries = [
            Entry(found["Prefix"].removeprefix(prefix), s3_path(uri + found["Prefix"]))
            for found in page.get("CommonPrefixes", [])
        ]
        entries += [
            Entry(
                found["Key"].removeprefix(prefix),
                s3_path(uri + found["Key"]),
                found["Size"],
                found["LastModified"].timestamp(),
            )
            for found in page.get("Contents", [])
            if found["Key"] != prefix
        ]
        if prefix and not entries and not token:
            raise NotInS3
        next_page = page.get("NextContinuationToken", "") if page.get("IsTruncated") else ""
        return Folder(uri + prefix, list(_parents(bucket, prefix)), entries, next_page)

    def content(self, bucket: str, key: str) -> Content:
        """Return an object.

        Raises:
            NotInS3: There is no such object.
        """
        found = self._call("get_object", bucket, Key=key)
        kind = _type_of(key)
        name = quote(key.rpartition("/")[2], safe="")
        shown = "inline" if kind.partition(";")[0] in _SHOWN else "attachment"
        headers = {
            "Content-Type": kind,
            "Content-Length": str(found["ContentLength"]),
            "Content-Disposition": f"{shown}; filename*=UTF-8''{name}",
            "Content-Security-Policy": _SANDBOX,
        }
        return Content(headers, found["Body"].iter_chunks(_PIECE))

    def is_folder(self, bucket: str, key: str) -> bool:
        """Return whether there are objects below a key that has no slash at its end."""
        found = self._call("list_objects_v2", bucket, Prefix=f"{key}/", MaxKeys=1)
        return bool(found.get("KeyCount", len(found.get("Contents", []))))

    def _call(self, operation: str, bucket: str, **arguments: Any) -> Any:
        if not _BUCKET.fullmatch(bucket):
            raise NotInS3
        try:
            return getattr(self._client, operation)(Bucket=bucket, **arguments)
        except ClientError as error:
            if error.response["ResponseMetadata"].get("HTTPStatusCode", 500) >= 500:
                raise
            raise NotInS3 from error
        except BotoCoreError as error:  # A key that S3 does not allow.
            raise NotInS3 from error


def _type_of(key: str) -> str:
    """Return a content type by the key's name; the type in S3 is whatever the writer said."""
    if key.endswith(_TEXTS):
        return "text/plain; charset=utf-8"
    kind, encoding = mimetypes.guess_type(key)
    if encoding or kind is None:
        return "application/octet-stream"
    return kind if kind != "text/html" else "text/html; charset=utf-8"


def _parents(bucket: str, prefix: str) -> Iterator[Entry]:
    yield Entry(bucket, s3_path(f"s3://{bucket}/"))
    path = ""
    for part in prefix.split("/")[:-1]:
        path += f"{part}/"
        yield Entry(part, s3_path(f"s3://{bucket}/{path}"))
