"""Read weights from .safetensors files."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from include.image_classification.container import CommandError

BFLOAT16 = "BF16"
DTYPES = {
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
"""The supported dtypes, and the NumPy dtype that their bytes are read as."""


def read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a file, sorted by name; bfloat16 becomes float32.

    The library checks the header against the file: its size, and that the tensors cover the file
    without a gap or an overlap. `safetensors.numpy` cannot read bfloat16, which NumPy lacks, so
    this function converts the bytes that `deserialize` returns.

    Raises:
        CommandError: The file is damaged, cut off, not in this format, or has an unsupported dtype.
    """
    try:
        entries = deserialize(path.read_bytes())
    except SafetensorError as error:
        raise CommandError(
            f"{path.name} is damaged, cut off or not a safetensors file: {error}; "
            "upload or export the file again"
        ) from error
    tensors = dict(entries)
    return {name: _to_array(name, tensors[name], path.name) for name in sorted(tensors)}


def _to_array(tensor: str, entry: dict[str, Any], file_name: str) -> NDArray[Any]:
    dtype, shape = entry["dtype"], entry["shape"]
    if dtype not in DTYPES:
        raise CommandError(
            f"{file_name}: tensor {tensor} has dtype {dtype}, which is not supported; convert it "
            f"to one of {', '.join(DTYPES)}"
        )
    flat = np.frombuffer(entry["data"], DTYPES[dtype])
    if dtype == BFLOAT16:
        flat = (flat.astype(np.uint32) << 16).view(np.float32)
    try:
        return flat.reshape(shape)
    except ValueError as error:  # NumPy allows fewer dimensions than the format
        raise CommandError(f"{file_name} is damaged: tensor {tensor}: {error}") from error
