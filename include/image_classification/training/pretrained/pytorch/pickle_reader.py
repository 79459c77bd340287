"""An interpreter for the pickles of checkpoints, which only build containers and tensors.

Python's own unpickler is not used, not even with a restricted `find_class`: a few bytes can make it
allocate gigabytes (memo indices, frame lengths) or overflow the stack (hashes of nested tuples).
`pickletools.genops` only splits the pickle into operations.
"""

import pickletools
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from include.image_classification.training.pretrained.pytorch.admitted import (
    admit,
    call,
    fill,
    storage_of,
)
from include.image_classification.training.pretrained.pytorch.errors import (
    DamagedCheckpoint,
    UnsafeCheckpoint,
)
from include.image_classification.training.pretrained.pytorch.tensors import Storage

MAX_OPERATIONS = 2_000_000
"""Per pickle. The state dictionary of ResNet-152 takes about 40,000."""

PUSHED = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"),
        *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES"),
    }
)
"""Operations that push their argument."""

NEW: Mapping[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
"""Operations that push a new object."""

TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
IGNORED = frozenset({"PROTO", "FRAME"})


@dataclass
class PickleReader:
    """Reads the pickles of one file.

    Attributes:
        storages: The storages that the pickles have named so far, by key.
    """

    storages: dict[str, Storage] = field(default_factory=dict)

    def read(self, stream: IO[bytes]) -> object:
        """Return the object of the next pickle in the stream, which is then at the pickle's end.

        Dictionaries, ordered ones too, become `dict`, and tensors `Tensor`.

        Raises:
            DamagedCheckpoint: The pickle is cut off, damaged, or has an unsupported operation.
            UnsafeCheckpoint: The pickle names a class or function that is not admitted.
        """
        machine = _Machine(self.storages)
        try:
            for number, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
                if number >= MAX_OPERATIONS:
                    raise DamagedCheckpoint(f"a pickle has more than {MAX_OPERATIONS} operations")
                if opcode.name == "STOP":
                    return machine.pop()
                machine.run(opcode.name, argument)
        except (ValueError, OverflowError, struct.error, EOFError, MemoryError) as error:
            raise DamagedCheckpoint(f"a pickle is cut off or damaged: {error}") from None
        raise DamagedCheckpoint("a pickle has no end")


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(self, storages: dict[str, Storage]) -> None:
        self._storages = storages
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        """The stacks below each open mark."""
        self._memo: dict[int, Any] = {}

    def run(self, name: str, argument: Any) -> None:
        """Run one operation."""
        if name in IGNORED:
            return
        if name in PUSHED:
            self._stack.append(argument)
        elif name in NEW:
            self._stack.append(NEW[name]())
        elif name in TUPLES:
            items = [self.pop() for _ in range(TUPLES[name])]
            self._stack.append(tuple(reversed(items)))
        elif name in OPERATIONS:
            OPERATIONS[name](self, argument)
        else:
            raise DamagedCheckpoint(f"a pickle has the operation {name}, which tensors do not need")

    def pop(self) -> Any:
        """Remove and return the top of the stack."""
        if not self._stack:
            raise DamagedCheckpoint("a pickle takes more values than it made")
        return self._stack.pop()

    def _pop_mark(self) -> list[Any]:
        if not self._below:
            raise DamagedCheckpoint("a pickle takes more values than it made")
        items, self._stack = self._stack, self._below.pop()
        return items

    def mark(self, _: Any) -> None:
        self._below.append(self._stack)
        self._stack = []

    def tuple(self, _: Any) -> None:
        items = self._pop_mark()
        self._stack.append(tuple(items))

    def store(self, index: int) -> None:
        self._memo[index] = self._top(object)

    def memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._top(object)

    def load(self, index: int) -> None:
        if index not in self._memo:
            raise DamagedCheckpoint(f"a pickle has no value {index} in its memo")
        self._stack.append(self._memo[index])

    def append(self, _: Any) -> None:
        item = self.pop()
        self._top(list).append(item)

    def extend(self, _: Any) -> None:
        items = self._pop_mark()
        self._top(list).extend(items)

    def set_item(self, _: Any) -> None:
        value, key = self.pop(), self.pop()
        self._set([key, value])

    def set_items(self, _: Any) -> None:
        self._set(self._pop_mark())

    def build(self, _: Any) -> None:
        """Drop an object's attributes: an ordered dictionary of PyTorch has `_metadata`."""
        self.pop()
        self._top(dict)

    def name(self, text: str) -> None:
        self._stack.append(admit(text.replace(" ", ".", 1)))

    def stack_name(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        if type(name) is not str or type(module) is not str:
            raise DamagedCheckpoint("a pickle names a class by something that is no text")
        self._stack.append(admit(f"{module}.{name}"))

    def instance(self, text: str) -> None:
        """Refuse to make an object of a class; no admitted class is made so."""
        raise UnsafeCheckpoint(text.replace(" ", ".", 1))

    def call(self, _: Any) -> None:
        arguments, function = self.pop(), self.pop()
        if type(arguments) is not tuple:
            raise DamagedCheckpoint("a pickle calls a function without arguments")
        self._stack.append(call(function, arguments))

    def storage(self, _: Any) -> None:
        storage = storage_of(self.pop())
        if self._storages.setdefault(storage.key, storage) != storage:
            raise DamagedCheckpoint(f"storage {storage.key} has two types or two sizes")
        self._stack.append(storage)

    def _top(self, kind: type) -> Any:
        if not self._stack or not isinstance(self._stack[-1], kind):
            raise DamagedCheckpoint("a pickle applies an operation to an object of another kind")
        return self._stack[-1]

    def _set(self, items: list[Any]) -> None:
        if len(items) % 2:
            raise DamagedCheckpoint("a pickle has a key without a value")
        fill(self._top(dict), zip(items[::2], items[1::2], strict=True))


OPERATIONS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "TUPLE": _Machine.tuple,
    "BINPUT": _Machine.store,
    "LONG_BINPUT": _Machine.store,
    "MEMOIZE": _Machine.memoize,
    "BINGET": _Machine.load,
    "LONG_BINGET": _Machine.load,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.extend,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "BUILD": _Machine.build,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.stack_name,
    "INST": _Machine.instance,
    "REDUCE": _Machine.call,
    "BINPERSID": _Machine.storage,
}
