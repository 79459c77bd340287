"""Storages and tensors as a checkpoint's pickle describes them, before their numbers are read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.training.pretrained.pytorch.errors import DamagedCheckpoint

BFLOAT16 = "BFloat16Storage"

DTYPES: Mapping[str, str] = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    BFLOAT16: "<u2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
"""The storage types that are read, and the NumPy dtype of their bytes."""

MAX_DIMENSIONS = 32
"""NumPy's limit."""

MAX_INTEGER = 2**63 - 1


@dataclass(frozen=True)
class Storage:
    """A flat array of numbers that tensors share.

    Attributes:
        key: Its name in the file.
        type_name: A key of `DTYPES`.
        count: The number of elements.
    """

    key: str
    type_name: str
    count: int

    @property
    def size(self) -> int:
        """The number of bytes in the file."""
        return self.count * np.dtype(DTYPES[self.type_name]).itemsize

    def numbers(self, content: bytes) -> NDArray[Any]:
        """Return the elements; float16 and bfloat16 become float32.

        Args:
            content: The storage's bytes, exactly `size` of them.
        """
        flat = np.frombuffer(content, DTYPES[self.type_name])
        if self.type_name == BFLOAT16:
            # A bfloat16 is the upper half of a float32.
            return (flat.astype(np.uint32) << 16).view(np.float32)
        return flat.astype(np.float32) if flat.dtype == np.float16 else flat


@dataclass(frozen=True)
class Tensor:
    """A view of a storage; offset and strides are counted in elements.

    Raises:
        DamagedCheckpoint: The view leaves its storage, has invalid numbers, or repeats elements.
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def __post_init__(self) -> None:
        numbers = (self.offset, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or len(self.shape) > MAX_DIMENSIONS:
            raise DamagedCheckpoint(
                f"a tensor has {len(self.shape)} sizes and {len(self.strides)} strides"
            )
        if not all(is_count(number) for number in numbers):
            raise DamagedCheckpoint("a tensor has an offset, size or stride that is no count")
        elements = math.prod(self.shape)
        dimensions = zip(self.shape, self.strides, strict=True)
        last = sum((size - 1) * stride for size, stride in dimensions)
        if self.offset + (last + 1 if elements else 0) > self.storage.count:
            raise DamagedCheckpoint(
                f"a tensor reaches outside its storage of {self.storage.count} elements"
            )
        # A repeated element costs nothing in the file, but memory in every copy.
        if elements > self.storage.count:
            raise DamagedCheckpoint("a tensor repeats the elements of its storage")

    def array(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return the tensor as a read-only view of its storage's elements.

        Raises:
            DamagedCheckpoint: NumPy cannot hold the shape.
        """
        try:
            if 0 in self.shape:
                return np.zeros(self.shape, numbers.dtype)
            strides = [stride * numbers.itemsize for stride in self.strides]
            return np.lib.stride_tricks.as_strided(
                numbers[self.offset :], self.shape, strides, writeable=False
            )
        except (ValueError, OverflowError, MemoryError) as error:
            raise DamagedCheckpoint(f"a tensor of shape {self.shape}: {error}") from None


def is_count(value: object) -> bool:
    """Return whether a value is an integer that can count elements; True and False are not."""
    return type(value) is int and 0 <= value <= MAX_INTEGER
