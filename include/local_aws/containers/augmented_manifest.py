"""Augmented manifest files: a channel in Pipe mode that sends attributes of JSON lines.

https://docs.aws.amazon.com/sagemaker/latest/dg/augmented-manifest-stream.html
"""

import json
import random
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from include.local_aws.containers.object_content import ObjectContent
from include.local_aws.containers.recordio import frame
from include.local_aws.errors import JobFailure
from include.local_aws.storage.objects import S3Object, split_uri

_REFERENCE = "-ref"
_LONGEST_LINE = 8 * 1024 * 1024


class AugmentedManifest:
    """The attributes of a manifest's lines, in the order of `AttributeNames`.

    An attribute whose name ends with `-ref` is an S3 URI, and stands for the object's content. The
    lines are kept in a temporary file, so that memory holds sixteen bytes for each.
    """

    def __init__(
        self,
        content: ObjectContent,
        uri: str,
        attributes: Sequence[str],
        directory: Path,
        *,
        wraps: bool = False,
        seed: int | None = None,
        share: slice = slice(None),
    ) -> None:
        """Copy the manifest and check all lines, but not the objects that they name.

        Args:
            content: Reads the objects.
            uri: The manifest.
            attributes: `AttributeNames`.
            directory: The folder of the temporary file.
            wraps: Whether each value becomes a RecordIO record (`RecordWrapperType`).
            seed: `ShuffleConfig.Seed`, with which each epoch has a different order.
            share: The lines to send.

        Raises:
            JobFailure: The manifest cannot be read or has no lines; or a line is not a JSON object,
                lacks an attribute, or names an object by something else than an S3 URI.
        """
        self._content, self._uri, self._attributes = content, uri, attributes
        self._wraps, self._seed = wraps, seed
        self._lines = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115, as long as the job
        offsets, numbers = array("Q"), array("Q")
        for number, line in self._read():
            self._values(number, line)
            offsets.append(self._lines.tell())
            numbers.append(number)
            self._lines.write(line + b"\n")
        if not numbers:
            raise JobFailure(f"ClientError: {uri} is an augmented manifest without lines")
        self._offsets, self._numbers = offsets[share], numbers[share]

    def epoch(self, number: int) -> Iterator[bytes]:
        """Yield the values of all lines.

        Raises:
            JobFailure: An object cannot be read; the message names the line.
        """
        order: Sequence[int] = range(len(self._numbers))
        if self._seed is not None:
            order = random.Random(f"{self._seed} {number}").sample(order, len(order))
        for index in order:
            self._lines.seek(self._offsets[index])
            line_number = self._numbers[index]
            for name, value in self._values(line_number, self._lines.readline()).items():
                sent = self._sent(line_number, name, value)
                yield frame(sent) if self._wraps else sent

    def _read(self) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that are not blank, with their numbers from 1."""
        bucket, key = split_uri(self._uri)
        pieces = self._content.objects.pieces(S3Object(bucket, key, key))
        for number, line in enumerate(_split_lines(pieces), start=1):
            if len(line) > _LONGEST_LINE:
                raise self._invalid(number, f"it is longer than {_LONGEST_LINE} bytes")
            if line.strip():
                yield number, line

    def _values(self, number: int, line: bytes) -> dict[str, Any]:
        """Return the values of the attributes in a line."""
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._invalid(number, f"it is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise self._invalid(number, 'it is not a JSON object, such as {"source-ref": "s3://"}')
        for name in self._attributes:
            if values.get(name) is None:
                has = ", ".join(map(repr, values))[:200] or "none"
                reason = f"it has no attribute {name!r}, which AttributeNames names; it has {has}"
                raise self._invalid(number, reason)
            if name.endswith(_REFERENCE):
                self._referenced(number, name, values[name])
        return {name: values[name] for name in self._attributes}

    def _sent(self, number: int, name: str, value: Any) -> bytes:
        if name.endswith(_REFERENCE):
            try:
                return self._content.record(self._referenced(number, name, value))
            except JobFailure as failure:
                reason = str(failure).removeprefix("ClientError: ")
                raise self._invalid(number, reason) from failure
        return (value if isinstance(value, str) else json.dumps(value)).encode()

    def _referenced(self, number: int, name: str, value: Any) -> S3Object:
        try:
            bucket, key = split_uri(value if isinstance(value, str) else json.dumps(value))
        except JobFailure as failure:
            reason = str(failure).removeprefix("ClientError: ")
            raise self._invalid(number, f"attribute {name!r}: {reason}") from failure
        return S3Object(bucket, key, key)

    def _invalid(self, number: int, reason: str) -> JobFailure:
        return JobFailure(f"ClientError: {self._uri} line {number}: {reason}")


def _split_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines without their ends; a line longer than the limit may be cut."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        if len(rest) > _LONGEST_LINE:
            break
    yield rest
