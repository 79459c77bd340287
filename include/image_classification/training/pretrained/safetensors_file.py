"""Reading .safetensors: the length of a JSON header, the header, then raw numbers.

The format is simple enough to be checked completely here, which spares the image a compiled
dependency. A header may be hostile, so nothing in it is believed before it was compared with the
file: https://huggingface.co/docs/safetensors.
"""

import json
import math
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import ProgramError

LONGEST_HEADER = 100_000_000
"""Bytes, as the format's own reader allows."""

BFLOAT16 = "BF16"
TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    BFLOAT16: "<u2",
}


def read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """Return a file's tensors by name; bfloat16 becomes float32.

    Raises:
        ProgramError: The file is cut off, or is no such file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header, start = _header(file, size, path.name)
        tensors = {name: _entry(name, entry, path.name) for name, entry in header.items()}
        _check_layout(tensors, size - start, path.name)
        return {name: _tensor(file, start, *tensor) for name, tensor in tensors.items()}


Entry = tuple[str, tuple[int, ...], int, int]
"""Type, shape, first byte, byte after the last."""


def _header(file: IO[bytes], size: int, name: str) -> tuple[dict[str, Any], int]:
    first = file.read(8)
    length = struct.unpack("<Q", first)[0] if len(first) == 8 else 0
    if not 2 <= length <= min(LONGEST_HEADER, size - 8):
        raise _damaged(name, f"its header would have {length} of {size} bytes")
    try:
        header = json.loads(file.read(length).decode("utf-8"))
    except (ValueError, RecursionError):
        raise _damaged(name, "its header is no JSON") from None
    if not isinstance(header, dict):
        raise _damaged(name, "its header is no mapping")
    header.pop("__metadata__", None)
    return header, 8 + length


def _entry(tensor: str, entry: Any, name: str) -> Entry:
    try:
        kind, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        numbers = [*shape, start, end]
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError
        width = np.dtype(TYPES[kind]).itemsize
    except (KeyError, TypeError, ValueError):
        kinds = ", ".join(TYPES)
        raise _damaged(name, f"{tensor} has no dtype ({kinds}), shape or data_offsets") from None
    if end - start != width * math.prod(shape):
        raise _damaged(name, f"{tensor} has {end - start} bytes for shape {list(shape)} of {kind}")
    return kind, shape, start, end


def _check_layout(tensors: dict[str, Entry], room: int, name: str) -> None:
    """The numbers must lie side by side and fill the file: no gap, no overlap, nothing beyond."""
    at = 0
    for tensor, (_, _, start, end) in sorted(tensors.items(), key=lambda item: item[1][2:]):
        if start != at:
            raise _damaged(name, f"{tensor} starts at byte {start}, not {at}")
        at = end
    if at != room:
        raise _damaged(name, f"it holds {room} bytes of numbers, its header says {at}")


def _tensor(
    file: IO[bytes], offset: int, kind: str, shape: tuple[int, ...], start: int, end: int
) -> NDArray[Any]:
    file.seek(offset + start)
    flat = np.frombuffer(file.read(end - start), TYPES[kind])
    if kind == BFLOAT16:
        flat = (flat.astype(np.uint32) << 16).view(np.float32)
    return flat.reshape(shape)


def _damaged(name: str, problem: str) -> ProgramError:
    return ProgramError(f"{name} is damaged, cut off or no safetensors file: {problem}")
