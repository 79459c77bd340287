"""Compare two generated tables of predictions, and print the peak of memory in bytes.

Usage: python -m tests.include.decisions.promotion.paired_memory 200000
"""

import hashlib
import io
import resource
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from botocore.response import StreamingBody

from include.decisions.promotion.paired_predictions import pair_predictions
from include.decisions.registry.packages import Package
from include.storage.layout import Layout

CLASSES = 196


class Table(io.RawIOBase):
    """A table of predictions that is made while it is read.

    Images are sorted by their paths, so that their keys, which are hashes, are in no order.
    """

    def __init__(self, images: int) -> None:
        self._rows, self._rest = self._write(images), b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (row := next(self._rows, b"")):
            self._rest += row
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def _write(self, images: int) -> Iterator[bytes]:
        yield b"key,name,predicted_name,confidence\r\n"
        for number in range(images):
            key = hashlib.sha256(str(number).encode()).hexdigest()
            true, predicted = number % CLASSES, (number + number % 4 // 3) % CLASSES
            yield f"{key[:2]}/{key}.jpg,class {true},class {predicted},0.912345\r\n".encode()


class S3:
    """An S3 client that only has such tables."""

    def __init__(self, images: int) -> None:
        self.images = images
        self.exceptions = SimpleNamespace(NoSuchKey=KeyError)

    def get_object(self, **_: Any) -> Any:
        return {"Body": StreamingBody(Table(self.images), None)}


def main(images: int) -> None:
    champion = Package("arn:x/1", "Approved", "i", "m", {"training_job": "old"})
    paired = pair_predictions(S3(images), Layout("bucket", "cars"), "new", champion)
    assert paired is not None
    assert (paired.images, paired.both_wrong) == (images, images // 4)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    main(int(sys.argv[1]))
