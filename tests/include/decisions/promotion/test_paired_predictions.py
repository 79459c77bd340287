"""Two models on the same photos: counted by hand, and tested against chance by SciPy."""

from typing import Any

import pytest
from scipy.stats import binomtest

from include.decisions.promotion.paired_predictions import PairedPredictions, pair_predictions
from include.decisions.registry.packages import Package
from include.storage.layout import Layout

CHAMPION = Package("arn:x/1", "Approved", "i", "m", {"training_job": "old"})


def table(**answers: str) -> bytes:
    """Write answers, each as "truth>guess"."""
    rows = [
        ",".join([f"{key}.jpg", *answer.split(">"), "0.500000"]) for key, answer in answers.items()
    ]
    return "\r\n".join(["key,name,predicted_name,confidence", *rows]).encode()


class Objects:
    """Answers of an S3 stub about both models' tables."""

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


def test_the_four_counts_are_those_of_the_images_that_both_were_asked(objects: Objects) -> None:
    old = table(a="Audi>Audi", b="Audi>BMW", c="BMW>BMW", d="BMW>Audi", gone="BMW>BMW")
    new = table(a="Audi>Audi", b="Audi>Audi", c="BMW>Audi", d="BMW>Audi", fresh="Audi>Audi")
    found = objects.pair(old, new)
    assert found == PairedPredictions(1, 1, 1, 1)
    assert (found.images, found.candidate_top1, found.champion_top1, found.gain) == (4, 0.5, 0.5, 0)


def test_a_table_of_before_formulas_were_defused_is_compared_all_the_same(objects: Objects) -> None:
    old = table(a="-Audi>-Audi", b="-Audi>BMW", c="BMW>BMW")
    new = table(a="'-Audi>'-Audi", b="'-Audi>'-Audi", c="BMW>BMW")
    assert objects.pair(old, new) == PairedPredictions(2, 1, 0, 0)


def test_classes_that_only_one_was_asked_are_left_out_and_named(objects: Objects) -> None:
    old = table(a="Audi>Audi", b="Beetle>Beetle")
    new = table(a="Audi>Audi", b="VW>VW", c="VW>VW")
    assert objects.pair(old, new) == PairedPredictions(1, 0, 0, 0, left_out=("Beetle", "VW"))


def test_a_label_that_was_put_right_counts_for_both(objects: Objects) -> None:
    old = table(a="Audi>Audi", b="BMW>BMW")
    new = table(a="BMW>BMW", b="Audi>Audi")
    assert objects.pair(old, new) == PairedPredictions(0, 2, 0, 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, table(a="Audi>Audi")),
        (table(a="Audi>Audi"), None),
        (table(a="Audi>Audi"), table(b="Audi>Audi")),
        (table(a="Audi>Audi"), table(a="BMW>BMW")),
    ],
)
def test_without_anything_in_common_there_is_no_comparison(
    objects: Objects, old: bytes | None, new: bytes | None
) -> None:
    assert objects.pair(old, new) is None


@pytest.mark.parametrize(
    ("mine", "theirs"), [(0, 0), (5, 5), (15, 5), (5, 15), (1, 0), (900, 800), (3000, 0)]
)
def test_p_is_that_of_the_exact_binomial_test(mine: int, theirs: int) -> None:
    found = PairedPredictions(10, mine, theirs, 10).p_value
    expected = binomtest(mine, mine + theirs).pvalue if mine + theirs else 1.0
    assert found == pytest.approx(expected)
