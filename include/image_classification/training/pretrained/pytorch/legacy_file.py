"""The format of torch.save before PyTorch 1.6: five pickles, then the storages one by one.

Source: `_legacy_save` and `_legacy_load` in
https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
"""

from collections.abc import Collection
from io import BytesIO
from typing import IO, Any

from numpy.typing import NDArray

from include.image_classification.training.pretrained.pytorch.errors import DamagedCheckpoint
from include.image_classification.training.pretrained.pytorch.pickle_reader import PickleReader
from include.image_classification.training.pretrained.pytorch.tensors import Storage

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001

MAX_PICKLE_BYTES = 64 * 1024 * 1024
"""The limit of a checkpoint's pickles, which hold no numbers. ResNet-152's have 0.15 MB."""

COUNT_BYTES = 8


class LegacyFile:
    """A checkpoint: magic number, protocol, system info, object and keys; then the storages.

    Args:
        file: The file, at its start; it must stay open until the storages are read.
        size: The number of bytes of the file.

    Raises:
        DamagedCheckpoint: The file is damaged, cut off, or not in this format.
        UnsafeCheckpoint: A pickle names a class or function that is not admitted.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._size = file, size
        start, reader = BytesIO(file.read(MAX_PICKLE_BYTES)), PickleReader()
        if reader.read(start) != MAGIC_NUMBER:
            raise DamagedCheckpoint("it is a pickle, but torch.save did not write it")
        if reader.read(start) != PROTOCOL_VERSION:
            raise DamagedCheckpoint("the version of its format is unknown")
        _check_system(reader.read(start))
        self.content = reader.read(start)
        self._storages = _in_order(reader.read(start), reader.storages)
        self._first = start.tell()

    def numbers(self, wanted: Collection[Storage]) -> dict[str, NDArray[Any]]:
        """Return the numbers of the wanted storages, by key.

        Raises:
            DamagedCheckpoint: A storage is cut off or has another size than the pickle says.
        """
        found, position = {}, self._first
        for storage in self._storages:
            self._file.seek(position)
            count = int.from_bytes(self._file.read(COUNT_BYTES), "little")
            end = position + COUNT_BYTES + storage.size
            if end > self._size:
                raise DamagedCheckpoint(
                    f"it has {self._size} bytes, but needs {end} or more: it is cut off"
                )
            if count != storage.count:
                raise DamagedCheckpoint(
                    f"storage {storage.key} has {count} elements instead of {storage.count}"
                )
            if storage in wanted:
                found[storage.key] = storage.numbers(self._file.read(storage.size))
            position = end
        return found


def _check_system(system: object) -> None:
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise DamagedCheckpoint("it is not from a little-endian computer")


def _in_order(keys: object, storages: dict[str, Storage]) -> list[Storage]:
    """Return the storages in the order of the file."""
    if not isinstance(keys, list) or not all(type(key) is str for key in keys):
        raise DamagedCheckpoint("its list of storages is none")
    if len(set(keys)) != len(keys) or set(keys) != storages.keys():
        raise DamagedCheckpoint("its list of storages is not that of its tensors")
    return [storages[key] for key in keys]
