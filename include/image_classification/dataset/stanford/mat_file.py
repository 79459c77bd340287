"""Reading one variable of a MATLAB 5 file."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

from include.image_classification.container import ProgramError
from include.image_classification.dataset.stanford.mat_matrix import (
    COMPRESSED,
    MATRIX,
    DamageError,
    Element,
    Elements,
)

MAX_INFLATED_BYTES = 64 << 20

_HEADER_BYTES = 128
_ORDERS = {b"\x00\x01IM": "<", b"\x01\x00MI": ">"}


def read_variable(data: bytes, file: str, name: str) -> Any:
    """Read a variable.

    Args:
        data: The file's bytes.
        file: Its name, for messages.
        name: The variable's.

    Returns:
        A Table for a struct array, a list for a cell, a str for a text; a number, or a list of
        them; None for what these files have no use for.

    Raises:
        ProgramError: It is no .mat file, inflates without an end, or has no such variable.
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
        message = f"{file} is not a .mat file that can be read ({error}); fetch it again"
        raise ProgramError(message) from error
    raise ProgramError(f"{file} has no variable {name}; fetch the devkit again")


def _matrices(data: bytes) -> Iterator[tuple[Elements, Element]]:
    order = _ORDERS.get(data[_HEADER_BYTES - 4 : _HEADER_BYTES])
    if order is None:
        raise DamageError("it has no header of version 5; MATLAB writes one with -v7, not -v7.3")
    elements = Elements(data, order)
    at = _HEADER_BYTES
    while at < len(data):
        element = elements.element(at, len(data))
        if element.kind == COMPRESSED:
            inflated = Elements(_inflate(data[element.start : element.stop]), order)
            yield inflated, inflated.element(0, len(inflated.data))
        elif element.kind == MATRIX:
            yield elements, element
        at = element.after


def _inflate(part: bytes) -> bytes:
    inflater = zlib.decompressobj()
    data = inflater.decompress(part, MAX_INFLATED_BYTES + 1)
    if len(data) > MAX_INFLATED_BYTES:
        raise DamageError(f"it inflates to over {MAX_INFLATED_BYTES} bytes: a decompression bomb")
    if not inflater.eof:
        raise DamageError("it ends in the middle")
    return data
