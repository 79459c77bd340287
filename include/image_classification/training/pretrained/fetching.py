"""Fetch a file of weights by its URI."""

import hashlib
import logging
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from include.common.addresses import redact_url
from include.common.s3_uri import split_s3_uri
from include.image_classification.container import CommandError
from include.image_classification.training.pretrained.web_download import (
    CHUNK,
    DownloadError,
    download,
)

_log = logging.getLogger(__name__)

MAX_BYTES = 4 * 1024**3
"""Size limit of a file. The largest published ResNet has about a tenth of it."""


def fetch(uri: str, folder: Path) -> Path:
    """Return the path of the file that a URI names; a remote file is downloaded into `folder`.

    Supported are `file:///...` or an absolute path, `s3://bucket/key` with the job's role, and
    `https://...` with a public address (see `guarded_http`). Files larger than `MAX_BYTES` are
    rejected.

    Raises:
        CommandError: The file does not exist, or cannot be downloaded.
    """
    parts = urlsplit(uri)
    if parts.scheme in ("", "file"):
        return _local(uri, Path(url2pathname(parts.path)))
    shown = redact_url(uri)
    _log.info("Fetching %s", shown)
    if parts.scheme == "s3":
        return _from_s3(uri, folder)
    if parts.scheme in ("https", "http"):
        return _from_web(uri, folder / _file_name(parts.path))
    raise CommandError(
        f"pretrained_model_uri {shown} is not supported: use an absolute path, s3:// or https://"
    )


def check_sha256(path: Path, expected: str, source: str) -> None:
    """Check the SHA-256 of a file.

    Raises:
        CommandError: The hash differs from `expected`. The message names `source`.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected.lower():
        raise CommandError(
            f"{source} has SHA-256 {found}, but pretrained_model_sha256 is {expected.lower()}: "
            "the file is another one, or was cut off or altered in transit; it was not loaded"
        )


def _local(uri: str, path: Path) -> Path:
    if not path.is_absolute():
        raise CommandError(f"pretrained_model_uri {uri} must be an absolute path or a URI")
    if not path.is_file():
        raise CommandError(f"pretrained_model_uri {uri}: the file does not exist in the container")
    return path


def _file_name(path: str) -> str:
    return Path(path).name or "weights"


def _from_web(uri: str, target: Path) -> Path:
    try:
        with target.open("wb") as file:
            download(uri, file, MAX_BYTES)
    except (DownloadError, OSError) as error:
        raise CommandError(
            f"pretrained_model_uri {redact_url(uri)} cannot be downloaded: {error}"
        ) from error
    return target


def _too_large(shown: str) -> CommandError:
    return CommandError(
        f"{shown} is larger than the limit of {MAX_BYTES} bytes for a file of weights"
    )


def _copy(source: IO[bytes], target: IO[bytes], shown: str) -> int:
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise _too_large(shown)
        target.write(chunk)
    return size


def _from_s3(uri: str, folder: Path) -> Path:
    import boto3
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, key = split_s3_uri(uri)
    target = folder / _file_name(key)
    try:
        response = boto3.client("s3").get_object(Bucket=bucket, Key=key)
        if response["ContentLength"] > MAX_BYTES:
            raise _too_large(uri)
        with target.open("wb") as file:
            _copy(response["Body"], file, uri)
    except (BotoCoreError, Boto3Error, ClientError, OSError) as error:
        raise CommandError(
            f"pretrained_model_uri {uri} cannot be read: {error}; in a job without network "
            "access, provide the file as the channel pretrained"
        ) from error
    return target
