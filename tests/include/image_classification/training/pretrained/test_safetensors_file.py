"""Reading of .safetensors files, including hostile ones."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.training.pretrained.safetensors_file import read_safetensors
from tests.include.image_classification.training.pretrained.weight_files import write_safetensors

shapes = st.lists(st.integers(0, 4), max_size=3).map(tuple)


@settings(max_examples=30)
@given(st.dictionaries(st.text(min_size=1, max_size=5).filter(lambda n: n[0] != "_"), shapes))
def test_written_tensors_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, tensor_shapes: dict[str, tuple[int, ...]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.safetensors"
    tensors = {
        name: np.random.default_rng(0).normal(size=shape).astype(np.float32)
        for name, shape in tensor_shapes.items()
    }
    found = read_safetensors(write_safetensors(path, tensors))
    assert list(found) == sorted(tensors)
    for name, value in tensors.items():
        assert np.array_equal(found[name], value)


def test_half_precision_values_are_read(tmp_path: Path) -> None:
    half = {"half": np.array([1.5], np.float16), "brain": np.array([0x3FC0], np.uint16)}
    found = read_safetensors(write_safetensors(tmp_path / "a", half))
    assert (found["half"][0], found["brain"][0]) == (1.5, 1.5)


def test_a_file_that_is_cut_off_at_any_byte_is_rejected(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "a", {"x": np.ones((2, 3), np.float32)})
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(CommandError, match="a is damaged, cut off or not a safetensors file"):
            read_safetensors(path)


@given(st.binary(max_size=200))
def test_random_bytes_are_rejected(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.safetensors"
    path.write_bytes(content)
    with pytest.raises(CommandError, match="damaged"):
        read_safetensors(path)


def entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes


def write_header(path: Path, header: Any) -> Path:
    """Write a file with this header and 8 bytes of tensor data."""
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(8))
    return path


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ([], "invalid type: sequence"),
        ({"x": 3}, "invalid type: integer `3`"),
        ({"x": entry(dtype="F5")}, "unknown variant `F5`"),
        ({"x": entry(dtype="F4")}, "invalid shape, data type, or offset"),
        ({"x": entry(shape=[-1, -2])}, "invalid value: integer `-1`"),
        ({"x": entry(shape=[True, 2])}, "invalid type: boolean"),
        ({"x": entry(shape=[2.0])}, "invalid type: floating point"),
        ({"x": entry(shape=[3])}, "invalid shape, data type, or offset"),
        ({"x": entry(shape=[10**30])}, "invalid type: floating point"),
        ({"x": entry(shape=[2**62, 4, 4])}, "overflow"),
        ({"x": entry(data_offsets=[0, 8, 9])}, "invalid length 3"),
        ({"x": entry(data_offsets=[8, 16])}, "invalid offset for tensor `x`"),
        ({"x": entry(data_offsets=[8, 0])}, "invalid offset for tensor `x`"),
        ({"x": entry(), "y": entry()}, "invalid offset for tensor"),
        ({"x": entry(), "y": entry(data_offsets=[8, 16])}, "file not fully covered"),
        ({}, "file not fully covered"),
    ],
)
def test_a_header_that_contradicts_the_file_is_rejected(
    tmp_path: Path, header: Any, problem: str
) -> None:
    message = f"a is damaged, cut off or not a safetensors file: .*{problem}"
    with pytest.raises(CommandError, match=message):
        read_safetensors(write_header(tmp_path / "a", header))


def test_a_header_above_the_size_limit_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(struct.pack("<Q", 100_000_001) + b"{}")
    with pytest.raises(CommandError, match="header too large"):
        read_safetensors(tmp_path / "a")


def test_a_header_of_nested_brackets_is_rejected(tmp_path: Path) -> None:
    text = b'{"x":' * 200_000
    (tmp_path / "a").write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(CommandError, match="recursion limit"):
        read_safetensors(tmp_path / "a")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"dtype": "F8_E4M3", "shape": [8]}, "tensor x has dtype F8_E4M3, .* one of F64, F32, F16"),
        ({"dtype": "F4", "shape": [16]}, "tensor x has dtype F4"),
        ({"shape": [2] + [1] * 100}, "a is damaged: tensor x: maximum supported dimension"),
    ],
)
def test_a_tensor_that_numpy_cannot_hold_is_rejected(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CommandError, match=problem):
        read_safetensors(write_header(tmp_path / "a", {"x": entry(**changes)}))
