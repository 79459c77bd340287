"""Transfer of a job's data between S3 and the disk."""

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
from include.local_aws.storage.small_objects import ObjectTransferError, SmallObjects

_log = logging.getLogger(__name__)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_THREADS = 8
_MEGABYTE = 1024 * 1024
_LARGE = 16 * _MEGABYTE  # objects above this size are transferred in parts
# Parts of an object are transferred one after the other, because several objects are at once.
_TRANSFER = TransferConfig(
    use_threads=False, multipart_threshold=_LARGE, multipart_chunksize=_LARGE
)


@dataclass(frozen=True)
class S3Object:
    """An object, and its name relative to the directory or prefix of a transfer."""

    bucket: str
    key: str
    relative: str

    @property
    def uri(self) -> str:
        """The object as `s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"


def _no_check() -> None:
    return


class Objects:
    """The S3 operations of this server. Thread-safe."""

    def __init__(self, endpoint_url: str, credentials: Credentials) -> None:
        self._small = SmallObjects(endpoint_url, credentials)
        self.client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            region_name=REGION,
            config=Config(
                max_pool_connections=4 * _THREADS,
                retries={"max_attempts": 5},
                proxies={},  # S3 is on this computer, whatever HTTP_PROXY says
            ),
        )

    def under(self, uri: str) -> Iterator[S3Object]:
        """Yield the objects whose keys start with the URI's key, which is a string prefix.

        Names are relative to the prefix if it ends with a slash, else to the folder that contains
        the prefix. A bucket that does not exist has no objects.
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
        """Return whether there is an object with the prefix."""
        return next(self.under(uri), None) is not None

    def read(self, item: S3Object) -> bytes:
        """Return an object's content."""
        with _errors_as_job_failure(item.uri):
            answer = self.client.get_object(Bucket=item.bucket, Key=item.key)
            content: bytes = answer["Body"].read()
        return content

    def pieces(self, item: S3Object) -> Iterator[bytes]:
        """Yield an object's content in pieces, with a request for each piece.

        No connection stays open while the caller uses a piece. Raises JobFailure if the object
        changes meanwhile.
        """
        with _errors_as_job_failure(item.uri):
            head = self.client.head_object(Bucket=item.bucket, Key=item.key)
            for start in range(0, head["ContentLength"], _LARGE):
                part = f"bytes={start}-{start + _LARGE - 1}"
                answer = self.client.get_object(
                    Bucket=item.bucket, Key=item.key, Range=part, IfMatch=head["ETag"]
                )
                yield answer["Body"].read()

    def content(self, item: S3Object) -> Iterator[bytes]:
        """Yield an object's content: in one piece if it is small, else in several."""
        with _errors_as_job_failure(item.uri):
            answer = self.client.get_object(Bucket=item.bucket, Key=item.key)
            if answer["ContentLength"] <= _LARGE:
                yield answer["Body"].read()
                return
            answer["Body"].close()
        yield from self.pieces(item)

    def write(self, uri: str, content: bytes) -> None:
        """Write an object."""
        bucket, key = split_uri(uri)
        with _errors_as_job_failure(uri):
            self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def download(
        self, items: Iterable[S3Object], directory: Path, check: Callable[[], None] = _no_check
    ) -> int:
        """Download objects to a directory, several at a time; return their number.

        `check` is called before each object, and may raise to abort. Raises JobFailure if the
        name of an object leads out of the directory.
        """
        targets = [(item, inside(directory, item.relative)) for item in items]

        def fetch(pair: tuple[S3Object, Path]) -> None:
            check()
            item, target = pair
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                self.download_file(item.uri, target)
            except OSError as error:  # name too long, a file in place of a folder, disk full
                raise JobFailure(
                    f"ClientError: {item.uri} cannot be stored as a file: {error.strerror}"
                ) from error

        return _run_concurrently(fetch, targets)

    def upload(self, directory: Path, uri: str, check: Callable[[], None] = _no_check) -> int:
        """Upload all files below a directory to a prefix; return their number.

        `check` is called before each file, and may raise to abort.
        """
        bucket, prefix = split_uri(uri.rstrip("/") + "/")
        files = files_below(directory)

        def put(file: Path) -> None:
            check()
            key = prefix + file.relative_to(directory).as_posix()
            self.upload_file(file, f"s3://{bucket}/{key}")

        return _run_concurrently(put, files)

    def upload_file(self, file: Path, uri: str) -> None:
        """Upload a file to exactly this URI."""
        bucket, key = split_uri(uri)
        with _errors_as_job_failure(uri):
            if file.stat().st_size >= _LARGE:
                self.client.upload_file(str(file), bucket, key, Config=_TRANSFER)
                return
            if self._small.plain(key):
                with contextlib.suppress(ObjectTransferError):
                    self._small.put(bucket, key, file)
                    return
            with file.open("rb") as content:
                self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def download_file(self, uri: str, file: Path) -> None:
        """Download an object to exactly this file; raise JobFailure if it does not exist."""
        bucket, key = split_uri(uri)
        with _errors_as_job_failure(uri), file.open("wb") as target:
            if self._small.plain(key):
                with contextlib.suppress(ObjectTransferError):
                    self._small.get(bucket, key, target)
                    return
                target.seek(0)
                target.truncate()
            # One request; boto3's download_file would request the size first.
            body = self.client.get_object(Bucket=bucket, Key=key)["Body"]
            shutil.copyfileobj(body, target, _MEGABYTE)


@contextlib.contextmanager
def _errors_as_job_failure(uri: str) -> Iterator[None]:
    """Convert errors of S3 into a JobFailure that names the object."""
    try:
        yield
    except (ClientError, Boto3Error) as error:
        reason = str(error).rpartition("An error occurred ")[2]
        raise JobFailure(f"ClientError: Could not access {uri}: {reason}") from error


def split_uri(uri: str) -> tuple[str, str]:
    """Split `s3://bucket/key` into bucket and key; raise JobFailure for other strings."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not _BUCKET.fullmatch(bucket):
        raise JobFailure(f"ClientError: {uri!r} is not an S3 URI (s3://bucket/key)")
    if leads_out(key):
        raise JobFailure(f"ClientError: {uri!r} leads out of its bucket: remove `.` and `..`")
    return bucket, key


def leads_out(key: str) -> bool:
    """Return whether a key contains the path components `.` or `..`."""
    return not {".", ".."}.isdisjoint(key.split("/"))


def inside(directory: Path, relative: str) -> Path:
    """Return the path below the directory; raise JobFailure if the name leads out of it."""
    target = Path(os.path.normpath(directory / relative))
    if directory not in target.parents:
        raise JobFailure(f"ClientError: the object name {relative!r} leads outside its directory")
    return target


def files_below(directory: Path) -> list[Path]:
    """Return the regular files below a directory, without pipes and sockets."""
    found = [Path(top, name) for top, _, names in os.walk(directory) for name in names]
    for path in (path for path in found if not path.is_file()):
        _log.warning("%s is not uploaded: it is not a regular file", path)
    return [file for file in found if file.is_file()]


def _relative(key: str, prefix: str) -> str:
    rest = key[len(prefix) :]
    if rest.startswith("/"):
        return rest[1:]
    if prefix.endswith("/") or not prefix:
        return rest
    return key[prefix.rfind("/") + 1 :]


def _run_concurrently(function: Callable[[Any], None], items: list[Any]) -> int:
    with ThreadPoolExecutor(min(_THREADS, len(items) or 1)) as pool:
        for _ in pool.map(function, items):
            pass
    return len(items)
