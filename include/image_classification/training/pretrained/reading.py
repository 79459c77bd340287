"""Read weights from a file of any supported format."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
from include.image_classification.training.pretrained.model_archive import unpacked_model
from include.image_classification.training.pretrained.pytorch.checkpoint import read_checkpoint
from include.image_classification.training.pretrained.safetensors_file import read_safetensors

MXNET_MAGIC = (0x112).to_bytes(8, "little")
GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
PICKLE_MAGIC = b"\x80"
SAFETENSORS_HEADER = b"{"
"""The character after the eight bytes of the header's length, the first of which may be 0x80."""


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Return the weights in a file by name.

    The content of the file, not its name, decides how it is read: safetensors, MXNet's .params, a
    model.tar.gz, or a checkpoint of PyTorch that holds tensors only.

    Raises:
        CommandError: The file is damaged, has another format, or could run code.
    """
    with path.open("rb") as file:
        start = file.read(9)
    if start.startswith(MXNET_MAGIC):
        return read_params(path)
    if start.startswith(GZIP_MAGIC):
        with unpacked_model(path) as model:
            return read_params(model.parameters)
    if start[8:] != SAFETENSORS_HEADER and start.startswith((ZIP_MAGIC, PICKLE_MAGIC)):
        return read_checkpoint(path)
    return read_safetensors(path)


def read_params(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an MXNet .params file by name, without the prefixes `arg:` and `aux:`.

    Raises:
        CommandError: The file is cut off, or is not a .params file.
    """
    try:
        loaded = mx.nd.load(str(path))
    except (mx.MXNetError, ValueError) as error:
        reason = (str(error).strip() or "unreadable").splitlines()[-1].strip()
        raise CommandError(f"{path.name} is damaged or cut off: {reason}") from error
    if not isinstance(loaded, dict):
        raise CommandError(
            f"{path.name} holds arrays without names, so it is not a model's .params file"
        )
    return {name.split(":", 1)[-1]: np.asarray(array.asnumpy()) for name, array in loaded.items()}
