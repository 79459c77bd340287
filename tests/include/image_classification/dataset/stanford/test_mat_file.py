"""Damaged .mat files: one-line errors in limited time and memory."""

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

from include.image_classification.container import CommandError
from include.image_classification.dataset.stanford.annotations import read_annotations
from include.image_classification.dataset.stanford.mat_file import read_variable
from tests.include.image_classification.dataset.sample_sources import annotations, mat, single_file

NUMBERS = st.one_of(
    st.integers(0, 255).map(np.uint8), st.integers(0, 2**16 - 1).map(np.uint16),
    st.integers(-(2**31), 2**31 - 1).map(np.int32), st.floats(allow_nan=False),
)  # fmt: skip
# MATLAB stores strings as UTF-16, and scipy ends them at a NUL.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0", max_codepoint=0xFFFF)
)


def saved(value: object, compressed: bool) -> bytes:
    file = io.BytesIO()
    savemat(file, {"other": 7, "value": value}, do_compression=compressed)
    return file.getvalue()


@given(st.lists(st.tuples(TEXTS, NUMBERS)), st.booleans())
@settings(deadline=None)
def test_tables_written_by_scipy_are_read(rows: list[tuple[str, Any]], compressed: bool) -> None:
    cells = np.zeros((1, len(rows)), dtype=[("fname", object), ("class", object)])
    for index, row in enumerate(rows):
        cells[0, index] = row
    table = read_variable(saved(cells, compressed), "a.mat", "value")
    assert table.fields == ("fname", "class")
    assert [(row["fname"], row["class"]) for row in table.rows] == rows


@given(st.lists(TEXTS), st.booleans())
@settings(deadline=None)
def test_cells_of_strings_written_by_scipy_are_read(texts: list[str], compressed: bool) -> None:
    cells = np.empty((1, len(texts)), dtype=object)
    cells[0] = texts
    assert read_variable(saved(cells, compressed), "a.mat", "value") == texts


ROWS = [(f"{number:05}.jpg", number % 7 + 1) for number in range(20)]


@pytest.mark.parametrize("seed", range(8))
def test_any_change_to_the_bytes_gives_rows_or_one_clear_error(seed: int) -> None:
    generator = random.Random(seed)
    whole = annotations(ROWS) if seed % 2 else single_file([(*row, 0) for row in ROWS], ["a"])
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(generator.choice((1, 4, 30))):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        cut = generator.choice((len(damaged), generator.randrange(len(damaged))))
        with contextlib.suppress(CommandError):
            rows = read_annotations(bytes(damaged[:cut]), "a.mat", "cars_train", held_out=False)
            assert all(row.path or row.problem for row in rows)


@pytest.mark.parametrize(
    "data", [b"", b"x", bytes(127), bytes(128), bytes(5000), b"HDF" * 99, b"MATLAB 5.0"]
)
def test_another_file_is_one_clear_line(data: bytes) -> None:
    with pytest.raises(
        CommandError, match=r"^a\.mat (is not a valid \.mat file|has no variable)"
    ) as error:
        read_variable(data, "a.mat", "annotations")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_uncompressed_element_is_read(order: str) -> None:
    header = mat({"x": 1})[:126] + (b"IM" if order == "<" else b"MI")
    with pytest.raises(CommandError, match=r"a\.mat"):
        read_variable(header + struct.pack(f"{order}II", 15, 40) + b"?" * 40, "a.mat", "x")
