"""Transfer of small objects with obstore, which takes a fifth of boto3's processor time.

A data set has an object for each image, and with boto3 the requests of a job's input took longer
than a job on it. boto3 does the rest: large objects, names that obstore would change, and all that
fails here, because its errors have S3's codes.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from obstore import Bytes
from obstore.exceptions import BaseError
from obstore.store import S3Store

from include.local_aws.settings import REGION, Credentials

_PLAIN = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)
_NOTHING = "http://127.0.0.1:9"
_PIECE = 1 << 20


class ObjectTransferError(Exception):
    """A transfer failed; the same transfer with boto3 has an error with S3's code."""


class SmallObjects:
    """Reads and writes objects whose names are `plain`. Thread-safe."""

    def __init__(self, endpoint_url: str, credentials: Credentials) -> None:
        self._endpoint_url, self._credentials = endpoint_url, credentials
        self._store = lru_cache(self._open)

    @staticmethod
    def plain(key: str) -> bool:
        """Return whether obstore leaves a key as it is: it encodes other characters once more."""
        return _PLAIN.fullmatch(key) is not None

    def put(self, bucket: str, key: str, file: Path) -> None:
        """Upload a file in one request.

        Raises:
            ObjectTransferError: S3 did not accept it.
        """
        try:
            self._store(bucket).put(key, file, use_multipart=False)
        except (BaseError, OSError) as error:
            raise ObjectTransferError(key) from error

    def get(self, bucket: str, key: str, file: BinaryIO) -> None:
        """Download an object.

        Raises:
            ObjectTransferError: There is no such object, or S3 does not answer.
        """
        for piece in self._pieces(bucket, key):
            file.write(piece)

    def _pieces(self, bucket: str, key: str) -> Iterator[Bytes]:
        try:
            yield from self._store(bucket).get(key).stream(min_chunk_size=_PIECE)
        except (BaseError, OSError) as error:
            raise ObjectTransferError(key) from error

    def _open(self, bucket: str) -> S3Store:
        return S3Store(
            bucket,
            endpoint=self._endpoint_url,
            region=REGION,
            access_key_id=self._credentials.access_key_id,
            secret_access_key=self._credentials.secret_access_key,
            client_options={
                "allow_http": True,
                "timeout": "1h",  # of a request with its content
                # A proxy that is used for no host takes the place of HTTP_PROXY.
                "proxy_url": _NOTHING,
                "proxy_excludes": urlsplit(self._endpoint_url).hostname or "",
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )
