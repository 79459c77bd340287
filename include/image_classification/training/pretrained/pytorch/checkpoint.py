"""Read the tensors of a file that torch.save wrote."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.training.pretrained.pytorch.errors import (
    DamagedCheckpoint,
    UnsafeCheckpoint,
)
from include.image_classification.training.pretrained.pytorch.legacy_file import LegacyFile
from include.image_classification.training.pretrained.pytorch.tensors import Tensor
from include.image_classification.training.pretrained.pytorch.zip_file import ZipCheckpoint

ZIP_MAGIC = b"PK"
NESTED = ("state_dict", "model")
"""Under these keys training programs store the state dictionary."""

SAVE_TENSORS = "save the tensors alone, with torch.save(model.state_dict(), path)"

MAX_SHOWN = 200
"""Characters of a text from the file in a message."""


def read_checkpoint(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a state dictionary by name; float16 and bfloat16 become float32.

    Both formats of torch.save are read. The state dictionary is the saved object itself, or its
    entry `state_dict` or `model`. Nothing that the pickle names is imported or run. The arrays are
    read-only; memory is limited by a small multiple of the file's size.

    Raises:
        CommandError: The file is damaged, holds something other than tensors, or names a class or
            function that could run code; the message has its name.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        is_zip = file.read(len(ZIP_MAGIC)) == ZIP_MAGIC
        file.seek(0)
        try:
            checkpoint = ZipCheckpoint(file, size) if is_zip else LegacyFile(file, size)
            tensors = _state_dict(checkpoint.content, path.name)
            numbers = checkpoint.numbers({tensor.storage for tensor in tensors.values()})
            return {
                name: tensor.array(numbers[tensor.storage.key]) for name, tensor in tensors.items()
            }
        except UnsafeCheckpoint as error:
            raise CommandError(
                f"{path.name} names {_shown(error)}, which is not admitted, because a class or "
                f"function can run arbitrary code; nothing was run. {SAVE_TENSORS.capitalize()}"
            ) from None
        except DamagedCheckpoint as error:
            raise CommandError(
                f"{path.name} is damaged, cut off or not a checkpoint of PyTorch: {_shown(error)}; "
                "fetch or export the file again"
            ) from None


def _state_dict(content: object, file_name: str) -> dict[str, Tensor]:
    """Return the tensors of the saved object by name.

    Raises:
        CommandError: The object is no dictionary of tensors.
    """
    if isinstance(content, dict):
        nested = [content[key] for key in NESTED if isinstance(content.get(key), dict)]
        content = nested[0] if nested else content
    if not isinstance(content, dict) or not content:
        raise CommandError(f"{file_name} holds no tensors by name: {SAVE_TENSORS}")
    tensors = {}
    for name, value in content.items():
        if type(name) is not str or not isinstance(value, Tensor):
            raise CommandError(
                f"{file_name}: its entry {_shown(name)} is of type {type(value).__name__}, not a "
                f"tensor: {SAVE_TENSORS}"
            )
        tensors[name] = value
    return tensors


def _shown(value: object) -> str:
    """Return the text of a value from the file without control characters, shortened."""
    text = ascii(str(value))[1:-1]
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
