"""Atomic checkpoint files with arrays by name and a JSON description."""

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

DESCRIPTION = "description"
UNFINISHED = ".unfinished"


class DamagedCheckpointError(Exception):
    """The file is cut off, altered, or not a checkpoint."""


def write_checkpoint(path: Path, description: Mapping[str, Any], arrays: Arrays) -> None:
    """Write a checkpoint atomically: after a crash, the previous file is unchanged.

    `description` must be serializable as JSON. The file has a checksum of each array.
    """
    unfinished = path.with_suffix(UNFINISHED)
    text = np.frombuffer(json.dumps(description).encode(), np.uint8)
    with unfinished.open("wb") as file:
        np.savez(file, **{DESCRIPTION: text}, **arrays)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def read_description(path: Path) -> dict[str, Any]:
    """Return a checkpoint's description without reading its arrays.

    Raises:
        DamagedCheckpointError: The file is damaged or not a checkpoint.
    """
    return _read(path, only=DESCRIPTION)[0]


def read_checkpoint(path: Path) -> tuple[dict[str, Any], Arrays]:
    """Return a checkpoint's description and arrays.

    Raises:
        DamagedCheckpointError: The file is damaged or not a checkpoint, or a checksum is wrong.
    """
    return _read(path)


def _read(path: Path, only: str | None = None) -> tuple[dict[str, Any], Arrays]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ([only] if only else file.files)}
        description: dict[str, Any] = json.loads(arrays.pop(DESCRIPTION).tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedCheckpointError(f"{path.name} is damaged: {error}") from error
    return description, arrays
