"""Parser of the elements of a MATLAB 5 file, which never reads beyond the end of the data.

Hand-written because scipy.io.loadmat can crash the process on a damaged file, without a message.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

# Types of elements.
MATRIX = 14
COMPRESSED = 15
_NUMBERS = {1: "b", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "f", 9: "d", 12: "q", 13: "Q"}
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_WITH_BYTE_ORDER = ("utf-16", "utf-32")

# Classes of matrices.
_CELL, _STRUCT, _CHAR = 1, 2, 4
_NUMERIC = range(6, 16)


class DamageError(Exception):
    """The data is not a valid .mat file; the message is the reason."""


@dataclass(frozen=True)
class Table:
    """A struct array: rows that map field names to values."""

    fields: tuple[str, ...]
    rows: list[Mapping[str, Any]]


class Element(NamedTuple):
    """An element's type, the bounds of its data, and the offset of the next element."""

    kind: int
    start: int
    stop: int
    after: int


class Elements:
    """The data of elements in one byte order.

    Args:
        data: The bytes.
        order: `<` or `>`, as in `struct`.
    """

    def __init__(self, data: bytes, order: str) -> None:
        self.data = data
        self.order = order
        self._tag = struct.Struct(f"{order}II")

    def element(self, offset: int, end: int) -> Element:
        """Return the element at an offset.

        Raises:
            DamageError: The element does not end before `end`.
        """
        if offset + 8 > end:
            raise DamageError("it is cut off")
        kind, size = self._tag.unpack_from(self.data, offset)
        if kind >> 16:  # a small element: type and size share a word, up to four bytes follow
            kind, size, start, after = kind & 0xFFFF, kind >> 16, offset + 4, offset + 8
            size = min(size, 4)
        else:
            start = offset + 8
            after = start + size + (0 if kind == COMPRESSED else -size % 8)
        if start + size > end:
            raise DamageError("it is cut off")
        return Element(kind, start, start + size, after)

    def name(self, matrix: Element) -> str:
        """Return the name of a matrix, which is the name of a variable."""
        _, _, name, _ = self._header(matrix)
        return name

    def value(self, matrix: Element) -> Any:
        """Return the value of a matrix; see `read_variable`."""
        if matrix.kind != MATRIX:
            raise DamageError(f"a matrix has type {matrix.kind}")
        if matrix.start == matrix.stop:
            return []
        kind, sizes, _, offset = self._header(matrix)
        count = math.prod(sizes)
        if kind == _STRUCT:
            return self._table(offset, matrix.stop, count)
        if kind == _CELL:
            return self._values(offset, matrix.stop, count)[0]
        if kind == _CHAR:
            return self._text(self.element(offset, matrix.stop), sizes) if count else ""
        if kind in _NUMERIC:
            return self._numbers(self.element(offset, matrix.stop), count)
        return None

    def _header(self, matrix: Element) -> tuple[int, tuple[int, ...], str, int]:
        flags = self.element(matrix.start, matrix.stop)
        sizes = self.element(flags.after, matrix.stop)
        name = self.element(sizes.after, matrix.stop)
        (kind,) = struct.unpack_from(f"{self.order}I", self.data[flags.start : flags.stop])
        lengths = self._unpack(sizes)
        if any(length < 0 for length in lengths):
            raise DamageError("a size is negative")
        text = self.data[name.start : name.stop].decode("latin-1")
        return kind & 0xFF, tuple(map(int, lengths)), text, name.after

    def _values(self, offset: int, end: int, count: int) -> tuple[list[Any], int]:
        # A value takes at least the 8 bytes of its tag.
        if count * 8 > end - offset:
            raise DamageError(f"it does not hold {count} values")
        values = []
        for _ in range(count):
            matrix = self.element(offset, end)
            values.append(self.value(matrix))
            offset = matrix.after
        return values, offset

    def _table(self, offset: int, end: int, count: int) -> Table:
        length = self.element(offset, end)
        names = self.element(length.after, end)
        (size,) = self._unpack(length)[:1] or (0,)
        text = self.data[names.start : names.stop].decode("latin-1")
        if size < 1:
            raise DamageError("a field has no name")
        size = int(size)
        fields = tuple(text[i : i + size].partition("\0")[0] for i in range(0, len(text), size))
        offset = names.after
        rows: list[Mapping[str, Any]] = []
        for _ in range(count if fields else 0):
            values, offset = self._values(offset, end, len(fields))
            rows.append(dict(zip(fields, values, strict=True)))
        return Table(fields, rows)

    def _text(self, element: Element, sizes: tuple[int, ...]) -> str | None:
        if element.kind not in _TEXTS or math.prod(sizes[:1]) != 1:
            return None
        encoding = _TEXTS[element.kind]
        if encoding in _WITH_BYTE_ORDER:
            encoding += "-le" if self.order == "<" else "-be"
        return self.data[element.start : element.stop].decode(encoding, "replace")

    def _numbers(self, element: Element, count: int) -> Any:
        numbers = self._unpack(element)
        if len(numbers) != count:
            raise DamageError(f"it holds {len(numbers)} of {count} numbers")
        return numbers[0] if count == 1 else list(numbers)

    def _unpack(self, element: Element) -> tuple[float, ...]:
        code = _NUMBERS.get(element.kind)
        if code is None:
            raise DamageError(f"numbers have type {element.kind}")
        count = (element.stop - element.start) // struct.calcsize(code)
        return struct.unpack_from(f"{self.order}{count}{code}", self.data, element.start)
