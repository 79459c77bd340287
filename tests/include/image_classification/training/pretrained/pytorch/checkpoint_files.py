"""Test data: files as torch.save writes them, by the facts of both formats, without PyTorch."""

import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

TYPES = {
    "float64": "DoubleStorage",
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "uint16": "BFloat16Storage",
    "int64": "LongStorage",
    "int32": "IntStorage",
    "int16": "ShortStorage",
    "int8": "CharStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
}
"""Storage types by dtype; uint16 stands for bfloat16, which NumPy lacks."""

PROTOCOL_2 = b"\x80\x02"
STOP = b"."
MARK = b"("


class Writer(Protocol):
    """A function that writes a checkpoint; `write_legacy` or `write_zip`."""

    def __call__(self, path: Path, content: object) -> Path:
        """Write an object to a file, and return the path."""


@dataclass(frozen=True)
class View:
    """A tensor that is written as a view of a flat array; equal arrays share a storage.

    The other fields override what the checkpoint states about it.
    """

    numbers: NDArray[Any]
    shape: Sequence[object]
    strides: Sequence[object]
    offset: object = 0
    count: object = None
    key: str | None = None
    function: str = "torch._utils _rebuild_tensor_v2"


@dataclass(frozen=True)
class Raw:
    """Operations of a pickle that are written as they are."""

    operations: bytes


@dataclass
class PickleWriter:
    """Writes pickles of protocol 2, and collects the storages of their tensors by key.

    Attributes:
        views: What a storage's id has after its count: in the legacy format None, for no view.
        storages: The storages so far.
    """

    views: tuple[None, ...] = ()
    storages: dict[str, NDArray[Any]] = field(default_factory=dict)

    def dump(self, value: object) -> bytes:
        """Return the pickle of an object."""
        return PROTOCOL_2 + self._value(value) + STOP

    def _value(self, value: object) -> bytes:
        match value:
            case Raw():
                return value.operations
            case tuple():
                return MARK + self._values(value) + b"t"
            case list():
                return b"]" + MARK + self._values(value) + b"e"
            case dict():
                return b"}" + MARK + self._values(x for item in value.items() for x in item) + b"u"
            case np.ndarray():
                flat = np.ascontiguousarray(value)
                strides = [stride // flat.itemsize for stride in flat.strides]
                return self._tensor(View(flat.reshape(-1), value.shape, strides[: value.ndim]))
            case View():
                return self._tensor(value)
        return _scalar(value)

    def _values(self, values: Iterable[object]) -> bytes:
        return b"".join(self._value(value) for value in values)

    def _tensor(self, view: View) -> bytes:
        known = [key for key, numbers in self.storages.items() if numbers is view.numbers]
        key = view.key or (known[0] if known else str(len(self.storages)))
        self.storages[key] = view.numbers
        count = len(view.numbers) if view.count is None else view.count
        kind = Raw(named(f"torch {TYPES[view.numbers.dtype.name]}"))
        identifier = self._value(("storage", kind, key, "cpu", count, *self.views)) + b"Q"
        hooks = named("collections OrderedDict") + b")R"
        arguments = (
            *(Raw(identifier), view.offset, tuple(view.shape), tuple(view.strides)),
            *(False, Raw(hooks)),
        )
        return named(view.function) + self._value(arguments) + b"R"


def text(value: str) -> bytes:
    """Return the operation that pushes a text."""
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def named(name: str) -> bytes:
    """Return the operation that pushes a class or function, "module name"."""
    return b"c" + name.replace(" ", "\n").encode() + b"\n"


def _scalar(value: object) -> bytes:
    match value:
        case None:
            return b"N"
        case bool():
            return b"\x88" if value else b"\x89"
        case int():
            return _integer(value)
        case float():
            return b"G" + struct.pack(">d", value)
        case str():
            return text(value)
    raise TypeError(type(value))


def _integer(value: int) -> bytes:
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    encoded = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(encoded)]) + encoded


def write_zip(
    path: Path, content: object, byte_order: str | None = "little", compression: int = 0
) -> Path:
    """Write the format since PyTorch 1.6, and return the path."""
    writer = PickleWriter()
    pickle = writer.dump(content)
    entries = {"data.pkl": pickle, "version": b"3\n"}
    if byte_order is not None:
        entries["byteorder"] = byte_order.encode()
    entries |= {f"data/{key}": numbers.tobytes() for key, numbers in writer.storages.items()}
    return write_entries(path, entries, compression)


def write_entries(path: Path, entries: Mapping[str, bytes], compression: int = 0) -> Path:
    """Write a zip whose entries are below one folder, and return the path."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(f"checkpoint/{name}", data)
    return path


def write_legacy(
    path: Path,
    content: object,
    system: object = {"protocol_version": 1000, "little_endian": True},
    keys: list[object] | None = None,
    counts: Mapping[str, int] = {},
) -> Path:
    """Write the format before PyTorch 1.6, and return the path.

    Args:
        path: The file.
        content: The saved object.
        system: The third pickle.
        keys: The fifth pickle; by default the storages' keys.
        counts: Wrong numbers of elements, by key.
    """
    writer, plain = PickleWriter(views=(None,)), PickleWriter()
    pickles = [0x1950A86A20F9469CFC6C, 1001, system]
    start = b"".join(plain.dump(value) for value in pickles) + writer.dump(content)
    numbers = b"".join(
        struct.pack("<q", counts.get(key, len(flat))) + flat.tobytes()
        for key, flat in writer.storages.items()
    )
    path.write_bytes(start + plain.dump(keys or list(writer.storages)) + numbers)
    return path
