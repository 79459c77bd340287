"""Tests of the comparison of two models on the same photos."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from include.decisions.promotion.paired_predictions import PairedPredictions, pair_predictions
from include.decisions.registry.packages import Package
from include.storage.layout import Layout

PROJECT = Path(__file__).parents[4]
MEMORY = "tests.include.decisions.promotion.paired_memory"
CHAMPION = Package("arn:x/1", "Approved", "i", "m", {"training_job": "old"})


def table(**predictions: str) -> bytes:
    """Return a table of predictions; the values are "true class>predicted class"."""
    rows = [
        ",".join([f"{key}.jpg", *classes.split(">"), "0.500000"])
        for key, classes in predictions.items()
    ]
    return "\r\n".join(["key,name,predicted_name,confidence", *rows]).encode()


class Objects:
    """Prepares an S3 stub's answers with both models' tables."""

    def __init__(self, s3: Any, layout: Layout) -> None:
        self.s3, self.layout = s3, layout

    def pair(self, old: bytes | None, new: bytes | None) -> PairedPredictions | None:
        for job, content in (("old", old), ("new", new)):
            if content is None:
                self.s3.refuse("get_object", "NoSuchKey")
                continue
            expected = {"Bucket": "some-bucket", "Key": self.layout.evaluation_answers(job)}
            self.s3.answer("get_object", self.s3.body(content), **expected)
        return pair_predictions(self.s3.client, self.layout, "new", CHAMPION)


@pytest.fixture
def objects(s3: Any, layout: Layout) -> Objects:
    return Objects(s3, layout)


def test_only_images_that_both_models_predicted_are_counted(objects: Objects) -> None:
    old = table(a="Audi>Audi", b="Audi>BMW", c="BMW>BMW", d="BMW>Audi", gone="BMW>BMW")
    new = table(a="Audi>Audi", b="Audi>Audi", c="BMW>Audi", d="BMW>Audi", fresh="Audi>Audi")
    found = objects.pair(old, new)
    assert found == PairedPredictions(1, 1, 1, 1)
    assert (found.images, found.candidate_top1, found.champion_top1, found.gain) == (4, 0.5, 0.5, 0)


def test_class_names_with_and_without_an_apostrophe_before_a_formula_are_equal(
    objects: Objects,
) -> None:
    """Tables of earlier releases do not have the apostrophe."""
    old = table(a="-Audi>-Audi", b="-Audi>BMW", c="BMW>BMW")
    new = table(a="'-Audi>'-Audi", b="'-Audi>'-Audi", c="BMW>BMW")
    assert objects.pair(old, new) == PairedPredictions(2, 1, 0, 0)


def test_classes_of_only_one_split_are_left_out(objects: Objects) -> None:
    old = table(a="Audi>Audi", b="Beetle>Beetle")
    new = table(a="Audi>Audi", b="VW>VW", c="VW>VW")
    assert objects.pair(old, new) == PairedPredictions(1, 0, 0, 0, left_out=("Beetle", "VW"))


def test_a_corrected_label_counts_for_both_models(objects: Objects) -> None:
    old = table(a="Audi>Audi", b="BMW>BMW")
    new = table(a="BMW>BMW", b="Audi>Audi")
    assert objects.pair(old, new) == PairedPredictions(0, 2, 0, 0)


def test_a_class_name_may_have_line_breaks_and_commas(objects: Objects) -> None:
    name = '"a,\rb\n\u2028""c"""'
    content = table(a=f"{name}>{name}", b=f"{name}>BMW")
    assert objects.pair(content, content) == PairedPredictions(1, 0, 0, 1)


def test_memory_does_not_grow_with_the_images() -> None:
    """The rows of both tables as dicts would take 300 MB more."""
    small, large = (
        int(subprocess.check_output([sys.executable, "-m", MEMORY, count], cwd=PROJECT))
        for count in ("10000", "200000")
    )
    assert large - small < 30_000_000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, table(a="Audi>Audi")),
        (table(a="Audi>Audi"), None),
        (table(a="Audi>Audi"), table(b="Audi>Audi")),
        (table(a="Audi>Audi"), table(a="BMW>BMW")),
    ],
)
def test_without_common_images_there_is_no_comparison(
    objects: Objects, old: bytes | None, new: bytes | None
) -> None:
    assert objects.pair(old, new) is None


@pytest.mark.parametrize(
    ("candidate_only", "champion_only"),
    [(0, 0), (5, 5), (15, 5), (5, 15), (1, 0), (900, 800), (3000, 0)],
)
def test_the_p_value_is_that_of_the_exact_binomial_test(
    candidate_only: int, champion_only: int
) -> None:
    found = PairedPredictions(10, candidate_only, champion_only, 10).p_value
    differing = candidate_only + champion_only
    expected = binomtest(candidate_only, differing).pvalue if differing else 1.0
    assert found == pytest.approx(expected)
