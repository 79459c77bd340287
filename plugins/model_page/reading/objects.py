"""Bounded, cached reads of S3 objects.

A cached object is asked for again with its ETag, which costs a short answer without content. For a
few seconds it is not even asked for, so that the parts of one page read it once.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from include.common.aws_errors import error_code
from include.contracts.records import Record
from include.storage.records import validate_record
from model_page.problems import UnreadableError

R = TypeVar("R", bound=Record)

MEGABYTE = 1024 * 1024
RECORD_BYTES = 8 * MEGABYTE
"""The largest JSON record that a page reads; a batch's record has 10,000 names at most."""

TABLE_BYTES = 16 * MEGABYTE
"""The largest table that a page reads: 100,000 rows of predictions."""

CACHE_BYTES = 64 * MEGABYTE
KEPT_PARSED = 5000
FRESH_SECONDS = 5.0

MISSING = frozenset({"NoSuchKey", "404"})
CHUNK = 256 * 1024


@dataclass(frozen=True)
class Stored:
    """An object's content and the ETag that S3 gave it."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class Streamed:
    """An object that is passed on in chunks, without being held in memory."""

    chunks: Iterator[bytes]
    size: int
    etag: str


class ObjectReader:
    """Reads objects of one bucket, and keeps the last ones in memory.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        clock: Returns the time in seconds.
    """

    def __init__(
        self, s3: Any, bucket: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.s3, self.bucket = s3, bucket
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[Stored, float]] = OrderedDict()
        self._parsed: dict[str, dict[str, Any]] = {}
        self._bytes = 0

    def read(
        self, key: str, limit: int = RECORD_BYTES, *, immutable: bool = False
    ) -> Stored | None:
        """Return an object, or None if it does not exist.

        Args:
            key: The object's key.
            limit: The largest size in bytes.
            immutable: Whether the object is never overwritten, so that it is read once.

        Raises:
            UnreadableError: The object has more bytes than `limit`.
        """
        with self._lock:
            known = self._known.get(key)
        if known and (immutable or self._clock() - known[1] < FRESH_SECONDS):
            return known[0]
        condition = {"IfNoneMatch": known[0].etag} if known else {}
        try:
            response = self.s3.get_object(Bucket=self.bucket, Key=key, **condition)
        except self.s3.exceptions.ClientError as error:
            return self._without_content(key, error, known[0] if known else None)
        found = Stored(self._body(key, response, limit), response["ETag"])
        self._keep(key, found)
        return found

    def json(self, key: str, limit: int = RECORD_BYTES) -> Any:
        """Return the content of a JSON object, or None if the object does not exist.

        Raises:
            UnreadableError: The object is too large, or no JSON: it may have been cut.
        """
        return self.parse(key, json.loads, limit)

    def record(
        self, key: str, model: type[R], made_by: str, *, immutable: bool = False
    ) -> R | None:
        """Return a record as its model, or None if the object does not exist.

        Args:
            key: The record's key.
            model: The record's class.
            made_by: What writes the record, for error messages.
            immutable: Whether the record is never overwritten, so that it is read once.

        Raises:
            UnreadableError: The object is too large or no JSON.
            RecordError: A field is missing or invalid.
        """

        def validate(body: bytes) -> R:
            content = json.loads(body)
            if not isinstance(content, dict):
                raise ValueError("it is no JSON mapping")
            return validate_record(content, self.bucket, key, made_by, model)

        found: R | None = self.parse(key, validate, immutable=immutable)
        return found

    def parse(
        self,
        key: str,
        parser: Callable[[bytes], Any],
        limit: int = RECORD_BYTES,
        *,
        immutable: bool = False,
    ) -> Any:
        """Return an object's content as `parser` makes it, once for each content; None if missing.

        The arguments are those of `read`.

        Raises:
            UnreadableError: The object is too large, or the parser raises a ValueError.
        """
        stored = self.read(key, limit, immutable=immutable)
        if stored is None:
            return None
        identity = stored.etag + getattr(parser, "__qualname__", "")
        with self._lock:
            if identity in self._parsed.get(key, {}):
                return self._parsed[key][identity]
        try:
            value = parser(stored.body)
        except ValueError as error:
            raise UnreadableError(
                f"s3://{self.bucket}/{key} is damaged ({error}): run what writes it again"
            ) from error
        with self._lock:
            if len(self._parsed) >= KEPT_PARSED:
                self._parsed.clear()
            self._parsed.setdefault(key, {})[identity] = value
        return value

    def stream(self, key: str, limit: int) -> Streamed | None:
        """Return an object to pass on, or None if it does not exist.

        Raises:
            UnreadableError: The object has more bytes than `limit`.
        """
        try:
            response = self.s3.get_object(Bucket=self.bucket, Key=key)
        except self.s3.exceptions.ClientError as error:
            if error_code(error) in MISSING:
                return None
            raise
        size = int(response["ContentLength"])
        if size > limit:
            response["Body"].close()
            raise self._too_large(key, size, limit)
        return Streamed(response["Body"].iter_chunks(CHUNK), size, response["ETag"])

    def _without_content(self, key: str, error: Any, known: Stored | None) -> Stored | None:
        code = error_code(error)
        if code in ("304", "NotModified") and known:
            self._refresh(key, known)
            return known
        if code in MISSING:
            self._drop(key)
            return None
        raise error

    def _body(self, key: str, response: Any, limit: int) -> bytes:
        size = int(response["ContentLength"])
        if size > limit:
            response["Body"].close()
            raise self._too_large(key, size, limit)
        body: bytes = response["Body"].read()
        return body

    def _too_large(self, key: str, size: int, limit: int) -> UnreadableError:
        return UnreadableError(
            f"s3://{self.bucket}/{key} has {size:,} bytes, and a page reads {limit:,} at most: "
            "open it in S3"
        )

    def _keep(self, key: str, stored: Stored) -> None:
        with self._lock:
            self._forget(key)
            self._known[key] = (stored, self._clock())
            self._bytes += len(stored.body)
            while self._bytes > CACHE_BYTES and len(self._known) > 1:
                self._forget(next(iter(self._known)))

    def _refresh(self, key: str, stored: Stored) -> None:
        """Note that S3 has an object unchanged; what was parsed of it stays."""
        with self._lock:
            if key in self._known:
                self._known[key] = (stored, self._clock())
                self._known.move_to_end(key)

    def _drop(self, key: str) -> None:
        with self._lock:
            self._forget(key)

    def _forget(self, key: str) -> None:
        if key in self._known:
            stored, _ = self._known.pop(key)
            self._bytes -= len(stored.body)
            self._parsed.pop(key, None)
