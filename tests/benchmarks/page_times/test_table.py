"""The table of the pages' times in docs/scale.md."""

from __future__ import annotations

import json

import pytest

from benchmarks.page_times.__main__ import DOCUMENT, RESULTS
from benchmarks.page_times.table import insert, markdown

MAX_CALLS = 60
WARM_CPU_SECONDS, COLD_CPU_SECONDS = 0.3, 1.5


def test_a_row() -> None:
    figures = {"warm": 0.0514, "warm_cpu": 0.02, "warm_calls": 11, "cold": 1.0301,
               "cold_cpu": 0.4, "cold_calls": 1_024, "far": 1.2, "kilobytes": 12.3}  # fmt: skip
    assert markdown({"history": figures}).splitlines()[2:] == [
        "| history | 51 ms | 20 ms | 11 | 1,030 ms | 400 ms | 1,024 | 1,200 ms | 12 kB |"
    ]


def test_the_document_has_the_measured_figures() -> None:
    document = DOCUMENT.read_text()
    assert insert(document, json.loads(RESULTS.read_text())) == document


def test_a_document_without_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match="the document has no"):
        insert("# Scale\n", {})


def test_the_measured_pages_keep_their_limits() -> None:
    for page, figures in json.loads(RESULTS.read_text()).items():
        assert figures["cold_calls"] <= MAX_CALLS, page
        assert figures["warm_cpu"] <= WARM_CPU_SECONDS, page
        assert figures["cold_cpu"] <= COLD_CPU_SECONDS, page
