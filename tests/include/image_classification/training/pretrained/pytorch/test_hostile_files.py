"""Checkpoints that contradict themselves, want to run code, or want to exhaust the memory."""

import os
import pickle
import struct
import tracemalloc
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.training.pretrained.pytorch import pickle_reader
from include.image_classification.training.pretrained.pytorch.checkpoint import read_checkpoint
from tests.include.image_classification.training.pretrained.pytorch.checkpoint_files import (
    MARK,
    PROTOCOL_2,
    STOP,
    Raw,
    View,
    Writer,
    named,
    text,
    write_entries,
    write_legacy,
    write_zip,
)

BOTH = pytest.mark.parametrize("write", [write_legacy, write_zip])
ONES = np.ones(6, np.float32)
SMALL = {"weight": ONES.reshape(2, 3), "count": np.array(3, np.int64)}


@dataclass(frozen=True)
class Command:
    """An object whose pickle runs a command when it is loaded."""

    line: str

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.line,)


@BOTH
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_that_wants_to_run_code_is_refused_by_name(
    tmp_path: Path, write: Writer, protocol: int
) -> None:
    hostile = pickle.dumps(Command(f"touch {tmp_path}/ran"), protocol)
    content = {"weight": ONES, "other": Raw(hostile[2:-1])}
    with pytest.raises(CommandError, match=r"a\.pth names posix\.system, which is not admitted"):
        read_checkpoint(write(tmp_path / "a.pth", content))
    assert not (tmp_path / "ran").exists()
    pickle.loads(hostile)
    assert (tmp_path / "ran").exists(), "the pickle does not run code, so the test shows nothing"


def test_a_bare_pickle_that_wants_to_run_code_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(pickle.dumps(Command("false"), 2))
    with pytest.raises(CommandError, match=r"names posix\.system"):
        read_checkpoint(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("operations", "name"),
    [
        (named("torch.nn.modules.linear Linear"), "torch.nn.modules.linear.Linear"),
        (named("torch HalfTensor"), "torch.HalfTensor"),
        (named("torch storage.UntypedStorage"), "torch.storage.UntypedStorage"),
        (named("builtins eval"), "builtins.eval"),
        (named("collections OrderedDict.fromkeys"), "collections.OrderedDict.fromkeys"),
        (MARK + text("x") + b"ios\nsystem\n", "os.system"),
        (text("os") + text("system") + b"\x93", "os.system"),
        (named("evil\x1b[31m " + "x" * 999), r"evil\\x1b\[31m\.x+\.\.\."),
    ],
)
def test_a_class_that_is_not_admitted_is_named(
    tmp_path: Path, operations: bytes, name: str
) -> None:
    with pytest.raises(CommandError, match=f"a.pth names {name}, which is not admitted"):
        read_checkpoint(write_zip(tmp_path / "a.pth", {"weight": Raw(operations)}))


@BOTH
@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (View(ONES, (7,), (1,)), "reaches outside its storage of 6"),
        (View(ONES, (2, 3), (4, 1)), "reaches outside"),
        (View(ONES, (1,), (1,), offset=6), "reaches outside"),
        (View(ONES, (0,), (1,), offset=7), "reaches outside"),
        (View(ONES, (2**62, 2**62), (1, 1)), "reaches outside"),
        (View(ONES, (2**80,), (1,)), "no count"),
        (View(ONES, (-1,), (1,)), "no count"),
        (View(ONES, (2,), (-1,), offset=1), "no count"),
        (View(ONES, (2,), (1,), offset=-1), "no count"),
        (View(ONES, (2.0,), (1,)), "no count"),
        (View(ONES, (True,), (1,)), "no count"),
        (View(ONES, (2, 3), (1,)), "2 sizes and 1 strides"),
        (View(ONES, (1,) * 33, (1,) * 33), "33 sizes"),
        (View(ONES, (10**9,), (0,)), "repeats the elements"),
        (View(ONES, (0, 2**62, 2**62), (1, 1, 1)), "a tensor of shape"),
        (View(ONES, (6,), (1,), count=5), "reaches outside its storage of 5"),
        (View(ONES, (6,), (1,), count=10**15), "cut off|larger than the file|instead of"),
        (View(ONES, (6,), (1,), count=2**70), "a storage in an unknown form"),
        (View(ONES, (6,), (1,), count=-1), "a storage in an unknown form"),
        (View(ONES, (6,), (1,), function="collections OrderedDict"), "does not take"),
        (View(ONES, (6,), (1,), function="torch FloatStorage"), "does not take"),
        (View(ONES, (6,), (1,), function="torch._utils _rebuild_parameter"), "does not take"),
    ],
)
def test_a_tensor_that_contradicts_its_storage_is_rejected(
    tmp_path: Path, write: Writer, view: View, problem: str
) -> None:
    message = f"a.pth is damaged, cut off or not a checkpoint of PyTorch: .*({problem})"
    with pytest.raises(CommandError, match=message):
        read_checkpoint(write(tmp_path / "a.pth", {"weight": view}))


@BOTH
def test_a_storage_with_two_types_is_rejected(tmp_path: Path, write: Writer) -> None:
    content = {name: View(ONES.view(kind), (6,), (1,), key="0") for name, kind in TWO_TYPES}
    with pytest.raises(CommandError, match="storage 0 has two types or two sizes"):
        read_checkpoint(write(tmp_path / "a.pth", content))


TWO_TYPES = (("a", "float32"), ("b", "int32"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"system": {"little_endian": False}}, "not from a little-endian computer"),
        ({"system": [1]}, "not from a little-endian computer"),
        ({"keys": ["0", "0"]}, "list of storages is not that of its tensors"),
        ({"keys": ["0"]}, "list of storages is not that of its tensors"),
        ({"keys": ["0", "1", "2"]}, "list of storages is not that of its tensors"),
        ({"keys": [0]}, "list of storages is none"),
        ({"counts": {"0": 5}}, "storage 0 has 5 elements instead of 6"),
        ({"counts": {"1": 2**62}}, "storage 1 has 4611686018427387904 elements instead of 1"),
    ],
)
def test_a_legacy_file_that_contradicts_itself_is_rejected(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CommandError, match=problem):
        read_checkpoint(write_legacy(tmp_path / "a.pth", SMALL, **changes))


def test_a_big_endian_zip_is_rejected(tmp_path: Path) -> None:
    read_checkpoint(write_zip(tmp_path / "a.pth", SMALL, byte_order=None))
    with pytest.raises(CommandError, match="not from a little-endian computer"):
        read_checkpoint(write_zip(tmp_path / "a.pth", SMALL, byte_order="big"))


def test_a_compressed_entry_is_rejected(tmp_path: Path) -> None:
    bomb = {"weight": np.zeros(10**7, np.float32)}
    path = write_zip(tmp_path / "a.pth", bomb, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10**6
    with pytest.raises(CommandError, match="is compressed or encrypted"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"version": b"3"}, "a zip with 0 entries <name>/data.pkl"),
        ({"data.pkl": b""}, "cut off or damaged"),
        ({"data.pkl": PROTOCOL_2 + b"}"}, "exhausted before seeing STOP"),
        ({"data.pkl": PROTOCOL_2 + STOP}, "more values than it made"),
        ({"data.pkl": PROTOCOL_2 + b"}\x85\x86."}, "more values than it made"),
        ({"data.pkl": PROTOCOL_2 + b"t."}, "more values than it made"),
        ({"data.pkl": PROTOCOL_2 + b"h\x00."}, "no value 0 in its memo"),
        ({"data.pkl": PROTOCOL_2 + b"q\x00."}, "an object of another kind"),
        ({"data.pkl": PROTOCOL_2 + b"}Na."}, "an object of another kind"),
        ({"data.pkl": PROTOCOL_2 + b"](NNu."}, "an object of another kind"),
        ({"data.pkl": PROTOCOL_2 + b"}(Nu."}, "a key without a value"),
        ({"data.pkl": PROTOCOL_2 + b"}(}Nu."}, "a key of type dict"),
        ({"data.pkl": PROTOCOL_2 + b"NQ."}, "a storage in an unknown form"),
        ({"data.pkl": PROTOCOL_2 + b"NNR."}, "without arguments"),
        ({"data.pkl": PROTOCOL_2 + b"N)\x81."}, "the operation NEWOBJ"),
        ({"data.pkl": PROTOCOL_2 + b"\x82\x01."}, "the operation EXT1"),
        ({"data.pkl": PROTOCOL_2 + b"NN\x93."}, "something that is no text"),
        ({"data.pkl": named("collections OrderedDict") + b"]Na\x85R."}, "no list of pairs"),
    ],
)
def test_a_zip_with_an_impossible_pickle_is_rejected(
    tmp_path: Path, entries: dict[str, bytes], problem: str
) -> None:
    with pytest.raises(CommandError, match=problem):
        read_checkpoint(write_entries(tmp_path / "a.pth", entries))


def test_a_missing_storage_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.pth", SMALL)
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(f"checkpoint/{name}") for name in ("data.pkl", "data/0")}
    with pytest.raises(CommandError, match="without the entry checkpoint/data/1"):
        read_checkpoint(write_entries(path, kept))


def test_entries_that_overlap_do_not_multiply_memory(tmp_path: Path) -> None:
    """Each entry of the directory may point to the same bytes of the file."""
    block = np.zeros(1 << 16, np.float32)
    content = {f"w{n}": View(block, (len(block),), (1,), key=str(n)) for n in range(64)}
    path = write_zip(tmp_path / "a.pth", content)
    with zipfile.ZipFile(path) as archive:
        pickle_entry = archive.read("checkpoint/data.pkl")
    write_entries(path, {"data.pkl": pickle_entry, "data/0": block.tobytes()})
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.getinfo("checkpoint/data/0")
        for number in range(1, 64):
            copy = zipfile.ZipInfo(f"checkpoint/data/{number}")
            copy.file_size = copy.compress_size = first.file_size
            copy.CRC, copy.header_offset = first.CRC, first.header_offset
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy
        archive.comment = b"changed"
    with pytest.raises(CommandError, match="its storages are larger than the file"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    "operations",
    [
        b"r\xff\xff\xff\xff",  # a memo index of 4 billion
        b"\x95" + struct.pack("<Q", 2**62),  # a frame
        b"\x8d" + struct.pack("<Q", 2**62),  # a text
        b"\x8e" + struct.pack("<Q", 2**62),  # bytes
        b"\x96" + struct.pack("<Q", 2**62),  # a bytearray
        b"\x8b" + struct.pack("<i", 2**31 - 1),  # an integer
        b"X" + struct.pack("<I", 2**32 - 1),
        b"(" * 100_000,
    ],
)
def test_an_operation_allocates_no_more_than_the_file_has(
    tmp_path: Path, operations: bytes
) -> None:
    entries = {"data.pkl": PROTOCOL_2 + b"}" + operations + STOP}
    path = write_entries(tmp_path / "a.pth", entries)
    tracemalloc.start()
    try:
        with pytest.raises(CommandError):
            read_checkpoint(path)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_a_deeply_nested_key_does_not_overflow_the_stack(tmp_path: Path) -> None:
    """Python's own unpickler hashes the key, which recurses without a limit."""
    nested = b"}" + b"N" + b"\x85" * 1_000_000 + b"Ns."
    with pytest.raises(CommandError, match="a key of type tuple"):
        read_checkpoint(write_entries(tmp_path / "a.pth", {"data.pkl": PROTOCOL_2 + nested}))


@pytest.mark.parametrize("number", [2**64, -(2**64), 10**5000], ids=["large", "small", "long"])
def test_an_integer_key_of_more_than_64_bits_is_refused(tmp_path: Path, number: int) -> None:
    """Any number of such keys have the same hash."""
    size = number.bit_length() // 8 + 1
    key = b"\x8b" + struct.pack("<i", size) + number.to_bytes(size, "little", signed=True)
    with pytest.raises(CommandError, match="an integer key of more than 64 bits"):
        read_checkpoint(
            write_entries(tmp_path / "a.pth", {"data.pkl": PROTOCOL_2 + b"}" + key + b"Ns."})
        )


def test_the_number_of_operations_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickle_reader, "MAX_OPERATIONS", 100)
    with pytest.raises(CommandError, match="more than 100 operations"):
        read_checkpoint(write_zip(tmp_path / "a.pth", {f"w{n}": 1 for n in range(100)}))
