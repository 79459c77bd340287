"""What a checkpoint's pickle may name and call: containers, storages, tensors, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from include.image_classification.training.pretrained.pytorch.errors import (
    DamagedCheckpoint,
    UnsafeCheckpoint,
)
from include.image_classification.training.pretrained.pytorch.tensors import (
    DTYPES,
    MAX_INTEGER,
    Storage,
    Tensor,
    is_count,
)


@dataclass(frozen=True)
class Name:
    """A class or function that the pickle names. It is never imported."""

    text: str


ORDERED_DICT = Name("collections.OrderedDict")
PARAMETER = Name("torch._utils._rebuild_parameter")
TENSORS = (Name("torch._utils._rebuild_tensor"), Name("torch._utils._rebuild_tensor_v2"))
"""Both begin with storage, offset, sizes and strides; the first wrote files before 2018."""

STORAGE_TYPES = {Name(f"torch.{name}"): name for name in DTYPES}
ADMITTED = {ORDERED_DICT, PARAMETER, *TENSORS, *STORAGE_TYPES}

KEY_TYPES = (str, int, float, bool, type(None))
"""Types of keys. The hash of a nested tuple could overflow the stack, and of large integers any
number has the same hash."""


def admit(text: str) -> Name:
    """Return the name of a class or function, written as module.name.

    Raises:
        UnsafeCheckpoint: The name is not admitted.
    """
    name = Name(text)
    if name not in ADMITTED:
        raise UnsafeCheckpoint(text)
    return name


def call(function: object, arguments: tuple[Any, ...]) -> object:
    """Return what an admitted function makes of its arguments.

    Raises:
        DamagedCheckpoint: The function is none, or does not take these arguments.
    """
    if function == ORDERED_DICT and len(arguments) <= 1:
        return _ordered_dict(*arguments)
    if function == PARAMETER and arguments and isinstance(arguments[0], Tensor):
        return arguments[0]
    if function in TENSORS and len(arguments) >= 4:
        storage, offset, shape, strides = arguments[:4]
        if isinstance(storage, Storage) and type(shape) is tuple and type(strides) is tuple:
            return Tensor(storage, offset, shape, strides)
    raise DamagedCheckpoint("a pickle calls a function with arguments that it does not take")


def storage_of(identifier: object) -> Storage:
    """Return the storage of a persistent id: ("storage", type, key, device, count[, view]).

    Raises:
        DamagedCheckpoint: The id has another form.
    """
    match identifier:
        case ("storage", Name() as kind, str(key), str(), int(count), *view) if (
            kind in STORAGE_TYPES and is_count(count) and view in ([], [None])
        ):
            return Storage(key, STORAGE_TYPES[kind], count)
    raise DamagedCheckpoint("a pickle refers to a storage in an unknown form")


def fill(target: dict[Any, Any], pairs: Iterable[tuple[Any, Any]]) -> None:
    """Put pairs of key and value into a dictionary.

    Raises:
        DamagedCheckpoint: A key is no text, number or None.
    """
    for key, value in pairs:
        if type(key) not in KEY_TYPES:
            raise DamagedCheckpoint(f"a dictionary has a key of type {type(key).__name__}")
        if type(key) is int and abs(key) > MAX_INTEGER:
            raise DamagedCheckpoint("a dictionary has an integer key of more than 64 bits")
        target[key] = value


def _ordered_dict(items: object = ()) -> dict[Any, Any]:
    """Return the dictionary of a list of pairs, as Python 2 wrote it."""
    made: dict[Any, Any] = {}
    if not isinstance(items, list | tuple) or not all(
        isinstance(item, list | tuple) and len(item) == 2 for item in items
    ):
        raise DamagedCheckpoint("a dictionary is made of something that is no list of pairs")
    fill(made, ((item[0], item[1]) for item in items))
    return made
