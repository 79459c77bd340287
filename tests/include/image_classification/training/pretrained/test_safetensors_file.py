"""A file of weights is read whole or refused, whatever its header claims."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.image_classification.container import ProgramError
from include.image_classification.training.pretrained.safetensors_file import read_safetensors
from tests.include.image_classification.training.pretrained.making import write_safetensors

shapes = st.lists(st.integers(0, 4), max_size=3).map(tuple)


@settings(max_examples=30)
@given(st.dictionaries(st.text(min_size=1, max_size=5).filter(lambda n: n[0] != "_"), shapes))
def test_tensors_come_back(
    tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, tuple[int, ...]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "back.safetensors"
    tensors = {
        name: np.random.default_rng(0).normal(size=shape).astype(np.float32)
        for name, shape in wanted.items()
    }
    found = read_safetensors(write_safetensors(path, tensors))
    assert found.keys() == tensors.keys()
    for name, value in tensors.items():
        assert np.array_equal(found[name], value)


def test_half_precision_becomes_usable_numbers(tmp_path: Path) -> None:
    half = {"half": np.array([1.5], np.float16), "brain": np.array([0x3FC0], np.uint16)}
    found = read_safetensors(write_safetensors(tmp_path / "a", half))
    assert (found["half"][0], found["brain"][0]) == (1.5, 1.5)


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "a", {"x": np.ones((2, 3), np.float32)})
    whole = path.read_bytes()
    for kept in range(len(whole)):
        path.write_bytes(whole[:kept])
        with pytest.raises(ProgramError, match="a is damaged, cut off or no safetensors file"):
            read_safetensors(path)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.safetensors"
    path.write_bytes(content)
    with pytest.raises(ProgramError, match="damaged"):
        read_safetensors(path)


def entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ([], "no mapping"),
        ({"x": 3}, "x has no dtype"),
        ({"x": entry(dtype="F4")}, "x has no dtype"),
        ({"x": entry(shape=[-1, -2])}, "x has no dtype"),
        ({"x": entry(shape=[True, 2])}, "x has no dtype"),
        ({"x": entry(shape=[2.0])}, "x has no dtype"),
        ({"x": entry(shape=[10**30])}, "8 bytes for shape"),
        ({"x": entry(data_offsets=[0, 8, 9])}, "x has no dtype"),
        ({"x": entry(data_offsets=[8, 16])}, "starts at byte 8, not 0"),
        ({"x": entry(), "y": entry()}, "y starts at byte 0, not 8"),
        ({"x": entry(), "y": entry(data_offsets=[8, 16])}, "header says 16"),
        ({}, "8 bytes of numbers, its header says 0"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, header: Any, problem: str) -> None:
    text = json.dumps(header).encode()
    (tmp_path / "a").write_bytes(struct.pack("<Q", len(text)) + text + bytes(8))
    with pytest.raises(ProgramError, match=problem):
        read_safetensors(tmp_path / "a")


def test_a_header_of_nested_brackets_is_refused(tmp_path: Path) -> None:
    """Python's JSON reader gives up on depth with an error of its own."""
    text = b"[" * 200_000
    (tmp_path / "a").write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(ProgramError, match="no JSON"):
        read_safetensors(tmp_path / "a")
