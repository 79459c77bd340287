"""A file of weights from where its URI says, checked before anyone reads it."""

import hashlib
import http.client
import logging
import os
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import Request, url2pathname

from include.common.addresses import error_text, redact_url
from include.common.guarded_http import VARIABLE, AddressRefused, AllowedHosts, open_url
from include.image_classification.container import ProgramError

_log = logging.getLogger(__name__)

SILENT_SECONDS = 60.0
"""How long a server may say nothing."""

LARGEST = 4 * 1024**3
"""Bytes; the largest published ResNet has a tenth of it."""

CHUNK = 1024 * 1024


def fetch(uri: str, folder: Path) -> Path:
    """Return the file that a URI names; what is not on this machine is copied into `folder`.

    `file:///...` or an absolute path, `s3://bucket/key` with the job's own role, `https://...` of a
    public address (`guarded_http`). Nothing larger than `LARGEST` is copied.

    Raises:
        ProgramError: There is no such file, or its server does not give it.
    """
    parts = urlsplit(uri)
    if parts.scheme in ("", "file"):
        return _local(uri, Path(url2pathname(parts.path)))
    target = folder / (Path(parts.path).name or "weights")
    shown = redact_url(uri)
    _log.info("Fetching %s", shown)
    if parts.scheme == "s3":
        _from_s3(uri, parts.netloc, parts.path.removeprefix("/"), target)
    elif parts.scheme in ("https", "http"):
        _from_web(uri, target)
    else:
        raise ProgramError(
            f"pretrained_model_uri {shown} is neither a file's path nor s3:// nor https://"
        )
    return target


def check_sha256(path: Path, expected: str, whose: str) -> None:
    """Refuse a file whose content is not the expected one; `whose` says where it is from."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected.lower():
        raise ProgramError(
            f"{whose} has sha256 {found}, not pretrained_model_sha256's {expected.lower()}: it is "
            "another file, or it was cut off or altered on its way; nothing of it was loaded"
        )


def _local(uri: str, path: Path) -> Path:
    if not path.is_absolute():
        raise ProgramError(f"pretrained_model_uri {uri} must be an absolute path or a URI")
    if not path.is_file():
        raise ProgramError(f"pretrained_model_uri {uri}: there is no such file in the container")
    return path


def _from_web(uri: str, target: Path) -> None:
    shown = redact_url(uri)
    request = Request(uri, headers={"User-Agent": "image-classification"})
    try:
        with (
            open_url(request, SILENT_SECONDS, _allowed()) as answer,
            target.open("wb") as file,
        ):
            announced = _announced(answer.headers.get("Content-Length"), shown)
            size = _copy(answer, file, shown)
    except AddressRefused as error:
        raise ProgramError(f"pretrained_model_uri {shown}: {error} ({VARIABLE})") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error_text(error)
        raise ProgramError(f"pretrained_model_uri {shown} does not answer: {reason}") from error
    if announced is not None and size != announced:
        raise ProgramError(f"{shown} was cut off: {size} bytes of {announced} arrived; try again")


def _allowed() -> AllowedHosts:
    """Return the hosts and networks whose addresses need not be public."""
    try:
        return AllowedHosts.parse(os.environ.get(VARIABLE, ""))
    except ValueError as error:
        raise ProgramError(f"{VARIABLE}: {error}") from error


def _announced(length: str | None, shown: str) -> int | None:
    """Return how many bytes the server means to send, if it says so.

    Raises:
        ProgramError: They are more than weights can be: none of them is read.
    """
    if length is None or not length.isdecimal():
        return None
    if int(length) > LARGEST:
        raise _too_large(shown)
    return int(length)


def _too_large(shown: str) -> ProgramError:
    return ProgramError(f"{shown} is larger than {LARGEST} bytes: no ResNet's weights are")


def _copy(source: IO[bytes], target: IO[bytes], shown: str) -> int:
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > LARGEST:
            raise _too_large(shown)
        target.write(chunk)
    return size


def _from_s3(uri: str, bucket: str, key: str, target: Path) -> None:
    import boto3
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = boto3.client("s3").get_object(Bucket=bucket, Key=key)
        if answer["ContentLength"] > LARGEST:
            raise _too_large(uri)
        with target.open("wb") as file:
            _copy(answer["Body"], file, uri)
    except (BotoCoreError, Boto3Error, ClientError, OSError) as error:
        raise ProgramError(
            f"pretrained_model_uri {uri} cannot be read: {error}; a job without network access "
            "takes it as the channel pretrained"
        ) from error
