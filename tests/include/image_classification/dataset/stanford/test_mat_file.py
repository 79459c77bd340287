"""Damaged .mat files: whatever is wrong with the bytes is one line, in bounded time and memory."""

import contextlib
import io
import random
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from include.image_classification.container import ProgramError
from include.image_classification.dataset.stanford.annotations import read_annotations
from include.image_classification.dataset.stanford.mat_file import read_variable
from tests.include.image_classification.dataset.making import annotations, mat, single_file

NUMBERS = st.one_of(
    st.integers(0, 255).map(np.uint8), st.integers(0, 2**16 - 1).map(np.uint16),
    st.integers(-(2**31), 2**31 - 1).map(np.int32), st.floats(allow_nan=False),
)  # fmt: skip
# MATLAB's texts are of UTF-16, and what scipy writes ends at a NUL.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0", max_codepoint=0xFFFF)
)


def saved(value: object, deflated: bool) -> bytes:
    file = io.BytesIO()
    savemat(file, {"other": 7, "value": value}, do_compression=deflated)
    return file.getvalue()


@given(st.lists(st.tuples(TEXTS, NUMBERS)), st.booleans())
@settings(deadline=None)
def test_tables_that_another_program_writes_are_read(
    rows: list[tuple[str, Any]], deflated: bool
) -> None:
    cells = np.zeros((1, len(rows)), dtype=[("fname", object), ("class", object)])
    for index, row in enumerate(rows):
        cells[0, index] = row
    table = read_variable(saved(cells, deflated), "a.mat", "value")
    assert table.fields == ("fname", "class")
    assert [(row["fname"], row["class"]) for row in table.rows] == rows


@given(st.lists(TEXTS), st.booleans())
@settings(deadline=None)
def test_cells_of_texts_that_another_program_writes_are_read(
    texts: list[str], deflated: bool
) -> None:
    cells = np.empty((1, len(texts)), dtype=object)
    cells[0] = texts
    assert read_variable(saved(cells, deflated), "a.mat", "value") == texts


ROWS = [(f"{number:05}.jpg", number % 7 + 1) for number in range(20)]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_done_to_its_bytes_is_rows_or_one_clear_error(seed: int) -> None:
    generator = random.Random(seed)
    whole = annotations(ROWS) if seed % 2 else single_file([(*row, 0) for row in ROWS], ["a"])
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(generator.choice((1, 4, 30))):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        cut = generator.choice((len(damaged), generator.randrange(len(damaged))))
        with contextlib.suppress(ProgramError):
            rows = read_annotations(bytes(damaged[:cut]), "a.mat", "cars_train", held_out=False)
            assert all(row.path or row.problem for row in rows)


@pytest.mark.parametrize(
    "data", [b"", b"x", bytes(127), bytes(128), bytes(5000), b"HDF" * 99, b"MATLAB 5.0"]
)
def test_what_is_no_mat_file_is_one_clear_line(data: bytes) -> None:
    with pytest.raises(
        ProgramError, match=r"^a\.mat (is not a valid \.mat file|has no variable)"
    ) as said:
        read_variable(data, "a.mat", "annotations")
    assert "\n" not in str(said.value)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_part_that_is_no_deflated_data_is_left_to_the_reader(order: str) -> None:
    header = mat({"x": 1})[:126] + (b"IM" if order == "<" else b"MI")
    with pytest.raises(ProgramError, match=r"a\.mat"):
        read_variable(header + struct.pack(f"{order}II", 15, 40) + b"?" * 40, "a.mat", "x")
