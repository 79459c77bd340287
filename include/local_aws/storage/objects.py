"""Move a job's data between S3 and disk."""

import contextlib
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from include.local_aws.errors import JobFailure
from include.local_aws.settings import REGION, Credentials

_log = logging.getLogger(__name__)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_THREADS = 8
_MEGABYTE = 1024 * 1024
_LARGE = 16 * _MEGABYTE  # from here on in parts
# Parts of one object one after the other: the objects already move side by side.
_TRANSFER = TransferConfig(
    use_threads=False, multipart_threshold=_LARGE, multipart_chunksize=_LARGE
)


@dataclass(frozen=True)
class S3Object:
    """An object, and the name it gets below the directory or prefix it is moved to."""

    bucket: str
    key: str
    relative: str

    @property
    def uri(self) -> str:
        """The object as `s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"


def _go_on() -> None:
    return


class Objects:
    """S3 as this server uses it; safe to use from any thread."""

    def __init__(self, endpoint_url: str, credentials: Credentials) -> None:
        self.client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            region_name=REGION,
            config=Config(
                max_pool_connections=4 * _THREADS,
                retries={"max_attempts": 5},
                proxies={},  # it is on this machine, whatever HTTP_PROXY says
            ),
        )

    def under(self, uri: str) -> Iterator[S3Object]:
        """The objects whose keys start with the URI's key: a string prefix, not a folder.

        An object is named relative to the prefix where that ends at a slash, else to the
        folder that holds the prefix. A bucket that is not there holds nothing.
        """
        bucket, prefix = split_uri(uri)
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            for page in pages:
                for entry in page.get("Contents", []):
                    if not entry["Key"].endswith("/"):
                        relative = _relative(entry["Key"], prefix)
                        yield S3Object(bucket, entry["Key"], relative)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise

    def any_under(self, uri: str) -> bool:
        """Whether there is any object below the prefix."""
        return next(self.under(uri), None) is not None

    def read(self, item: S3Object) -> bytes:
        """An object's content."""
        with _told(item.uri):
            answer = self.client.get_object(Bucket=item.bucket, Key=item.key)
            content: bytes = answer["Body"].read()
        return content

    def pieces(self, item: S3Object) -> Iterator[bytes]:
        """An object's content, each piece of it fetched when it is asked for.

        So no connection waits for whoever takes the pieces. JobFailure if it changes meanwhile.
        """
        with _told(item.uri):
            head = self.client.head_object(Bucket=item.bucket, Key=item.key)
            for start in range(0, head["ContentLength"], _LARGE):
                part = f"bytes={start}-{start + _LARGE - 1}"
                answer = self.client.get_object(
                    Bucket=item.bucket, Key=item.key, Range=part, IfMatch=head["ETag"]
                )
                yield answer["Body"].read()

    def content(self, item: S3Object) -> Iterator[bytes]:
        """An object's content: a small one in one request, a large one in pieces."""
        with _told(item.uri):
            answer = self.client.get_object(Bucket=item.bucket, Key=item.key)
            if answer["ContentLength"] <= _LARGE:
                yield answer["Body"].read()
                return
            answer["Body"].close()
        yield from self.pieces(item)

    def write(self, uri: str, content: bytes) -> None:
        """Put an object."""
        bucket, key = split_uri(uri)
        with _told(uri):
            self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def download(
        self, items: Iterable[S3Object], directory: Path, check: Callable[[], None] = _go_on
    ) -> int:
        """Fetch objects below a directory, several at a time; returns how many.

        `check` is called before each; what it raises ends the work. Raises JobFailure for a
        name that would land outside the directory.
        """
        targets = [(item, inside(directory, item.relative)) for item in items]

        def fetch(pair: tuple[S3Object, Path]) -> None:
            check()
            item, target = pair
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                self.download_file(item.uri, target)
            except OSError as error:  # too long a name, a file where a folder must be, a full disk
                raise JobFailure(
                    f"ClientError: {item.uri} cannot be stored as a file: {error.strerror}"
                ) from error

        return _side_by_side(fetch, targets)

    def upload(self, directory: Path, uri: str, check: Callable[[], None] = _go_on) -> int:
        """Put every file below a directory under a prefix; returns how many.

        `check` is as for `download`.
        """
        bucket, prefix = split_uri(uri.rstrip("/") + "/")
        files = files_below(directory)

        def put(file: Path) -> None:
            check()
            key = prefix + file.relative_to(directory).as_posix()
            self.upload_file(file, f"s3://{bucket}/{key}")

        return _side_by_side(put, files)

    def upload_file(self, file: Path, uri: str) -> None:
        """Put one file at exactly this URI."""
        bucket, key = split_uri(uri)
        with _told(uri):
            if file.stat().st_size >= _LARGE:
                self.client.upload_file(str(file), bucket, key, Config=_TRANSFER)
                return
            with file.open("rb") as content:
                self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def download_file(self, uri: str, file: Path) -> None:
        """Fetch one object to exactly this file; JobFailure if it is not there."""
        bucket, key = split_uri(uri)
        with _told(uri), file.open("wb") as target:
            # One request; boto3's download_file would ask for the size first.
            body = self.client.get_object(Bucket=bucket, Key=key)["Body"]
            shutil.copyfileobj(body, target, _MEGABYTE)


@contextlib.contextmanager
def _told(uri: str) -> Iterator[None]:
    """Turn S3's refusal into a job's failure that names the object."""
    try:
        yield
    except (ClientError, Boto3Error) as error:
        why = str(error).rpartition("An error occurred ")[2]
        raise JobFailure(f"ClientError: Could not access {uri}: {why}") from error


def split_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/key` as bucket and key; JobFailure for anything else."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not _BUCKET.fullmatch(bucket):
        raise JobFailure(f"ClientError: {uri!r} is not an S3 URI (s3://bucket/key)")
    if leads_out(key):
        raise JobFailure(f"ClientError: {uri!r} leads out of its bucket: leave out its dots")
    return bucket, key


def leads_out(key: str) -> bool:
    """Whether a key has parts that a path would be resolved by."""
    return not {".", ".."}.isdisjoint(key.split("/"))


def inside(directory: Path, relative: str) -> Path:
    """The path below the directory; JobFailure if the name leads out of it."""
    target = Path(os.path.normpath(directory / relative))
    if directory not in target.parents:
        raise JobFailure(f"ClientError: the object name {relative!r} leads outside its directory")
    return target


def files_below(directory: Path) -> list[Path]:
    """The files below a directory; a pipe or a socket that a program left would block."""
    found = [Path(top, name) for top, _, names in os.walk(directory) for name in names]
    for left in (file for file in found if not file.is_file()):
        _log.warning("%s is not stored: it is no file, or a link to none", left)
    return [file for file in found if file.is_file()]


def _relative(key: str, prefix: str) -> str:
    rest = key[len(prefix) :]
    if rest.startswith("/"):
        return rest[1:]
    if prefix.endswith("/") or not prefix:
        return rest
    return key[prefix.rfind("/") + 1 :]


def _side_by_side(work: Callable[[Any], None], items: list[Any]) -> int:
    with ThreadPoolExecutor(min(_THREADS, len(items) or 1)) as pool:
        for _ in pool.map(work, items):
            pass
    return len(items)
