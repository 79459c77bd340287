"""A folder in S3, which the command reads itself under the role of its job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

CONNECTIONS = 32


@dataclass(frozen=True)
class Folder:
    """A prefix in a bucket.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The bucket.
        prefix: The prefix, which ends with a slash.
    """

    s3: Any
    bucket: str
    prefix: str

    @classmethod
    def at(cls, s3: Any, uri: str) -> Folder:
        """Return the folder of an s3:// URI that ends with a slash."""
        parts = urlparse(uri)
        return cls(s3, parts.netloc, parts.path.lstrip("/"))

    def key(self, name: str) -> dict[str, str]:
        """Return the bucket and the key of an object as parameters of S3 calls."""
        return {"Bucket": self.bucket, "Key": f"{self.prefix}{name}"}

    def tag(self, name: str) -> str | None:
        """Return an object's ETag, or None if there is no such object.

        The object is looked up in a listing: for a missing object, other calls fail with "access
        denied" if the permission to list the bucket is limited to prefixes, as in the job's role.
        """
        key = f"{self.prefix}{name}"
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        entries = [entry for entry in found.get("Contents", []) if entry["Key"] == key]
        return str(entries[0]["ETag"]) if entries else None

    def uri(self, name: str = "") -> str:
        """Return the s3:// URI of an object, or of the folder."""
        return f"s3://{self.bucket}/{self.prefix}{name}"


def s3_client() -> Any:
    """Return a boto3 S3 client with the credentials of the job's role.

    Throttled and interrupted calls are repeated for some minutes.
    """
    import boto3
    from botocore.config import Config

    retries = {"mode": "adaptive", "total_max_attempts": 10}
    return boto3.client("s3", config=Config(retries=retries, max_pool_connections=CONNECTIONS))
