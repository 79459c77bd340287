"""Reading one variable of a MATLAB file."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from scipy.io import loadmat

from include.image_classification.container import ProgramError

MAX_INFLATED_BYTES = 256 << 20

_HEADER_BYTES = 128
_COMPRESSED = 15
_STEP = 1 << 20


def read_variable(data: bytes, file: str, name: str) -> Any:
    """Read a variable as an array of at least one dimension.

    Args:
        data: The file's bytes.
        file: Its name, for messages.
        name: The variable's.

    Raises:
        ProgramError: It is no .mat file, inflates without an end, or has no such variable.
    """
    _refuse_bomb(data, file)
    # Whatever is wrong with the bytes, scipy raises something of its own for it.
    try:
        variables = loadmat(io.BytesIO(data), squeeze_me=True, variable_names=[name])
    except Exception as error:
        message = f"{file} is not a .mat file that can be read ({error}); fetch it again"
        raise ProgramError(message) from error
    if name not in variables:
        raise ProgramError(f"{file} has no variable {name}; fetch the devkit again")
    # One row comes back as a scalar.
    return np.atleast_1d(variables[name])


def _refuse_bomb(data: bytes, file: str) -> None:
    """Inflate each part of a file that is one, keeping nothing: scipy knows no limit."""
    order = ">" if data[_HEADER_BYTES - 2 : _HEADER_BYTES] == b"MI" else "<"
    at = _HEADER_BYTES
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        at += 8
        if kind == _COMPRESSED and _inflates_beyond(data[at : at + size]):
            raise ProgramError(
                f"{file} inflates to more than {MAX_INFLATED_BYTES} bytes: a decompression bomb;"
                " fetch the devkit again"
            )
        at += size


def _inflates_beyond(part: bytes) -> bool:
    inflater = zlib.decompressobj()
    total = 0
    try:
        while part and not inflater.eof and total <= MAX_INFLATED_BYTES:
            total += len(inflater.decompress(part, _STEP))
            part = inflater.unconsumed_tail
    except zlib.error:
        return False  # scipy says what is wrong
    return total > MAX_INFLATED_BYTES
