"""The table of docs/scale.md."""

import json

from benchmarks.scale.__main__ import DOCUMENT, RESULTS
from benchmarks.scale.table import Measured, insert, markdown


def measured(stage: str, images: int, megabytes: float, **more: float) -> Measured:
    figures = {"megabytes": megabytes, "user": 1.0, "system": 0.5, "seconds": 2.0, **more}
    return Measured(stage=stage, images=images, processor="a processor", figures=figures)


def test_bytes_an_image_are_the_growth_since_the_next_smaller_number() -> None:
    rows = [
        measured("report", 100_000, 160.0, page=2_000_000),
        measured("report", 10_000, 70.0),
        measured("evaluate", 10_000, 50.0),
    ]
    assert markdown(rows).splitlines()[2:] == [
        "| report | 10,000 | 70 MB |  | 1.5 s | 150 µs | 2.0 s |  |",
        "| report | 100,000 | 160 MB | 1,049 | 1.5 s | 15 µs | 2.0 s | 2.00 MB |",
        "| evaluate | 10,000 | 50 MB |  | 1.5 s | 150 µs | 2.0 s |  |",
    ]


def test_the_document_has_the_measured_figures() -> None:
    document = DOCUMENT.read_text()
    assert insert(document, markdown(json.loads(RESULTS.read_text()))) == document
