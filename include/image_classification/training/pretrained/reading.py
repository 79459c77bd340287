"""Weights out of a file, whatever of the known layouts it has."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import ProgramError
from include.image_classification.mxnet_import import mx
from include.image_classification.training.pretrained.model_archive import unpacked_model
from include.image_classification.training.pretrained.safetensors_file import read_safetensors

MXNET_MAGIC = (0x112).to_bytes(8, "little")
GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
PICKLE_MAGIC = b"\x80"


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Return the weights in a file by name: .safetensors, MXNet's .params, or a model.tar.gz.

    Raises:
        ProgramError: The file is damaged, or is none of these.
    """
    with path.open("rb") as file:
        start = file.read(9)
    if start.startswith(MXNET_MAGIC):
        return read_params(path)
    if start.startswith(GZIP_MAGIC):
        with unpacked_model(path) as model:
            return read_params(model.parameters)
    if start.startswith((ZIP_MAGIC, PICKLE_MAGIC)):
        raise ProgramError(
            f"{path.name} is a pickle of PyTorch, which can run any code: save its state_dict with "
            "safetensors.torch.save_file and give that file's address"
        )
    return read_safetensors(path)


def read_params(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file of MXNet, without `arg:` and `aux:` before their names.

    Raises:
        ProgramError: The file is cut off, or is no such file.
    """
    try:
        loaded = mx.nd.load(str(path))
    except (mx.MXNetError, ValueError) as error:
        reason = (str(error).strip() or "unreadable").splitlines()[-1].strip()
        raise ProgramError(f"{path.name} is damaged or cut off: {reason}") from error
    if not isinstance(loaded, dict):
        raise ProgramError(f"{path.name} has no names for its arrays: is it of another program?")
    return {name.split(":", 1)[-1]: np.asarray(each.asnumpy()) for name, each in loaded.items()}
