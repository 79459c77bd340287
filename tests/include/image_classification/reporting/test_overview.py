"""Figures of a batch that are summed up row by row."""

import gc
import weakref

from include.image_classification.reporting.overview import Overview
from include.image_classification.reporting.rows import Guess, Row


def row(file: str, probability: float, truth: str | None = None) -> Row:
    return Row(file, (Guess("Audi", probability), Guess("BMW", 1 - probability)), truth)


def summed(*rows: Row, kept: int = 10) -> Overview:
    overview = Overview(kept)
    for added in rows:
        overview.add(added)
    return overview


def test_equally_confident_rows_are_in_the_order_of_their_files() -> None:
    rows = [row("a", 0.9), row("b", 0.4), row("c", 0.6), row("d", 0.4), row("e", 0.4)]
    overview = summed(*rows, kept=4)
    assert [found.file for found in overview.least_confident()] == ["b", "d", "e", "c"]
    assert overview.below(0.6).tolist() == [1, 3, 4]


def test_figures() -> None:
    overview = summed(row("a", 0.9, "Audi"), row("b", 0.4, "BMW"), row("c", 0.6), row("d", 0.5))
    assert (overview.images, overview.known, overview.right) == (4, 2, 1)
    assert overview.median == 0.6
    assert overview.bands == {"sure": 1, "unsure": 1, "fair": 2}
    assert overview.classes == {"Audi": 4}


def test_only_the_least_confident_rows_are_held() -> None:
    overview, added = Overview(kept=10), []
    for number in range(5000):
        one = row(f"{number:04d}", (number * 7919 % 5000) / 5000)
        overview.add(one)
        added.append(weakref.ref(one))
        del one
    gc.collect()
    assert sum(reference() is not None for reference in added) == 10
    assert [found.probability for found in overview.least_confident()[:2]] == [0, 1 / 5000]
