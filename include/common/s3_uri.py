"""S3 URIs.

The standard library's parsers of web addresses are not for them: an S3 key may contain `?`, `#` and
`%`, which have no meaning, and start with a slash.
"""

from __future__ import annotations

SCHEME = "s3://"


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Return the bucket and the key, or the prefix, of an `s3://bucket/key`.

    Raises:
        ValueError: The text has another scheme, or no bucket.
    """
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    if not uri.startswith(SCHEME) or not bucket:
        raise ValueError(f"{uri!r} is not an S3 URI (s3://bucket/key)")
    return bucket, key
