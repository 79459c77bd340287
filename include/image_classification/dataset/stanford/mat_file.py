"""Variables of MATLAB 5 files."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.formats import describe_content
from include.image_classification.dataset.stanford.mat_matrix import (
    COMPRESSED,
    MATRIX,
    DamageError,
    Element,
    Elements,
)

MAX_DECOMPRESSED_BYTES = 64 << 20

_HEADER_BYTES = 128
_ORDERS = {b"\x00\x01IM": "<", b"\x01\x00MI": ">"}


def read_variable(data: bytes, file: str, name: str) -> Any:
    """Return the value of a variable.

    Args:
        data: The file's bytes.
        file: The file's name, for messages.
        name: The name of the variable.

    Returns:
        A Table for a struct array, a list for a cell array, a str for text, a number or a list of
        numbers; None for other types.

    Raises:
        CommandError: The file is not a .mat file, is a decompression bomb, or does not have the
            variable.
    """
    try:
        for elements, matrix in _matrices(data):
            if elements.name(matrix) == name:
                return elements.value(matrix)
    except (
        DamageError,
        struct.error,
        zlib.error,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:
        message = f"{file} is not a valid .mat file ({error}); download it again"
        raise CommandError(message) from error
    raise CommandError(f"{file} has no variable {name}; download the devkit again")


def _matrices(data: bytes) -> Iterator[tuple[Elements, Element]]:
    order = _ORDERS.get(data[_HEADER_BYTES - 4 : _HEADER_BYTES])
    if order is None:
        described = describe_content(data)
        raise DamageError(
            f"it is {described}"
            if described
            else "it is not of version 5; save it in MATLAB with -v7, not -v7.3"
        )
    elements = Elements(data, order)
    offset = _HEADER_BYTES
    while offset < len(data):
        element = elements.element(offset, len(data))
        if element.kind == COMPRESSED:
            inner = Elements(_decompress(data[element.start : element.stop]), order)
            yield inner, inner.element(0, len(inner.data))
        elif element.kind == MATRIX:
            yield elements, element
        offset = element.after


def _decompress(part: bytes) -> bytes:
    decompressor = zlib.decompressobj()
    data = decompressor.decompress(part, MAX_DECOMPRESSED_BYTES + 1)
    if len(data) > MAX_DECOMPRESSED_BYTES:
        raise DamageError(
            f"it decompresses to more than {MAX_DECOMPRESSED_BYTES} bytes: a decompression bomb"
        )
    if not decompressor.eof:
        raise DamageError("it is cut off")
    return data
