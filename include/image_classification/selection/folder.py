"""A folder in S3, which the command reads itself under the role of its job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.common.s3_uri import split_s3_uri
from include.image_classification.s3_access import find_object


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
        return cls(s3, *split_s3_uri(uri))

    def key(self, name: str) -> dict[str, str]:
        """Return the bucket and the key of an object as parameters of S3 calls."""
        return {"Bucket": self.bucket, "Key": f"{self.prefix}{name}"}

    def tag(self, name: str) -> str | None:
        """Return an object's ETag, or None if there is no such object."""
        found = find_object(self.s3, self.bucket, f"{self.prefix}{name}")
        return str(found["ETag"]) if found else None

    def uri(self, name: str = "") -> str:
        """Return the s3:// URI of an object, or of the folder."""
        return f"s3://{self.bucket}/{self.prefix}{name}"
