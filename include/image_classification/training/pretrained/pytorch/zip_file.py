"""The format of torch.save since PyTorch 1.6: a zip of `<name>/data.pkl` and `<name>/data/<key>`.

Source: `_save` and `_load` in
https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
"""

import zipfile
from collections.abc import Collection
from io import BytesIO
from typing import IO, Any

from numpy.typing import NDArray

from include.image_classification.dataset.archives.member import DAMAGE
from include.image_classification.training.pretrained.pytorch.errors import DamagedCheckpoint
from include.image_classification.training.pretrained.pytorch.legacy_file import MAX_PICKLE_BYTES
from include.image_classification.training.pretrained.pytorch.pickle_reader import PickleReader
from include.image_classification.training.pretrained.pytorch.tensors import Storage

PICKLE = "data.pkl"
ENCRYPTED = 0x1
"""A flag bit of a zip's entry."""


class ZipCheckpoint:
    """A checkpoint whose entries are stored without compression.

    Args:
        file: The file, which must stay open until the storages are read.
        size: The number of bytes of the file.

    Raises:
        DamagedCheckpoint: The file is damaged, cut off, compressed, or not in this format.
        UnsafeCheckpoint: The pickle names a class or function that is not admitted.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._size = size
        try:
            self._archive = zipfile.ZipFile(file)
        except DAMAGE as error:
            raise DamagedCheckpoint(f"it is no zip, or a zip that is cut off: {error}") from None
        self._entries = {entry.filename: entry for entry in self._archive.infolist()}
        if len(self._entries) != len(self._archive.infolist()):
            raise DamagedCheckpoint("two entries of the zip have the same name")
        self._folder = self._find_folder()
        self._check_byte_order()
        if self._entry(PICKLE).file_size > MAX_PICKLE_BYTES:
            raise DamagedCheckpoint(f"{PICKLE} is larger than {MAX_PICKLE_BYTES} bytes")
        reader = PickleReader()
        self.content = reader.read(BytesIO(self._read(PICKLE)))

    def numbers(self, wanted: Collection[Storage]) -> dict[str, NDArray[Any]]:
        """Return the numbers of the wanted storages, by key.

        Raises:
            DamagedCheckpoint: A storage is missing, damaged, or has another size than the pickle
                says; or storages overlap.
        """
        if sum(storage.size for storage in wanted) > self._size:
            raise DamagedCheckpoint("its storages are larger than the file")
        return {storage.key: self._numbers(storage) for storage in wanted}

    def _numbers(self, storage: Storage) -> NDArray[Any]:
        entry = self._entry(f"data/{storage.key}")
        if entry.file_size != storage.size:
            raise DamagedCheckpoint(
                f"entry {entry.filename} has {entry.file_size} bytes instead of {storage.size}"
            )
        return storage.numbers(self._read(f"data/{storage.key}"))

    def _find_folder(self) -> str:
        folders = [
            name.removesuffix(PICKLE)
            for name in self._entries
            if name.count("/") == 1 and name.endswith(f"/{PICKLE}")
        ]
        if len(folders) != 1:
            raise DamagedCheckpoint(f"it is a zip with {len(folders)} entries <name>/{PICKLE}")
        return folders[0]

    def _check_byte_order(self) -> None:
        """Refuse big-endian numbers; files of older versions do not state their byte order."""
        if f"{self._folder}byteorder" in self._entries and self._read("byteorder") != b"little":
            raise DamagedCheckpoint("it is not from a little-endian computer")

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = self._entries.get(self._folder + name)
        if entry is None:
            raise DamagedCheckpoint(f"it is a zip without the entry {self._folder}{name}")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & ENCRYPTED:
            raise DamagedCheckpoint(
                f"entry {entry.filename} is compressed or encrypted, but torch.save stores entries "
                "as they are"
            )
        if entry.file_size > self._size or entry.compress_size != entry.file_size:
            raise DamagedCheckpoint(f"entry {entry.filename} is larger than the file")
        return entry

    def _read(self, name: str) -> bytes:
        entry = self._entry(name)
        try:
            content = self._archive.read(entry)
        except DAMAGE as error:
            raise DamagedCheckpoint(f"entry {entry.filename} is damaged: {error}") from None
        if len(content) != entry.file_size:
            raise DamagedCheckpoint(f"entry {entry.filename} is cut off")
        return content
