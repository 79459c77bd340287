"""Tests of the validation of evaluation.json."""

from typing import Any

import pytest

from include.contracts.records import EvaluationReport
from include.decisions.promotion.evaluation import read_evaluation
from include.storage.layout import Layout
from include.storage.records import RecordError

GOOD = {
    "dataset_version": "d1",
    "top1": 0.5,
    "top5": 1,
    "calibration_error": None,
    "per_class": [{"name": "Audi", "top1": 0.5}, {"name": "BMW", "top1": None}],
}


def read(s3: Any, layout: Layout, evaluation: Any) -> EvaluationReport:
    expected = {"Bucket": "some-bucket", "Key": layout.evaluation_report("job-1")}
    s3.answer("get_object", s3.json(evaluation), **expected)
    return read_evaluation(s3.client, layout, "job-1", "job evaluate-1")


@pytest.mark.parametrize("evaluation", [GOOD, {"dataset_version": "d1"}])
def test_a_valid_evaluation_is_returned_unchanged(s3: Any, layout: Layout, evaluation: Any) -> None:
    """A missing figure is valid; its gate fails."""
    assert read(s3, layout, evaluation).as_json() == evaluation


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"dataset_version": None}, "dataset_version is None"),
        ({"dataset_version": 7}, "dataset_version is 7"),
        ({"top1": "0.9"}, r"top1 is '0\.9': Input should be a valid number"),
        ({"top5": [1]}, r"top5 is \[1\]"),
        ({"calibration_error": True}, "calibration_error is True"),
        ({"top1": float("nan")}, "top1 is nan"),
        ({"per_class": {"Audi": 0.5}}, "per_class is .*: Input should be a valid list"),
        (
            {"per_class": [{"name": "Audi", "top1": 0.5}, {"top1": 0.5}]},
            r"per_class\[1\]\.name is missing",
        ),
        ({"per_class": [{"name": "Audi", "top1": "0.5"}]}, r"per_class\[0\]\.top1 is '0\.5'"),
        ({"per_class": [{"name": "Audi", "images": 1.5}]}, r"per_class\[0\]\.images is 1\.5"),
        ({"per_class": [{"name": "Audi", "images": 2}]}, r"per_class\[0\]: top1 is missing"),
    ],
)
def test_the_error_names_the_invalid_field(
    s3: Any, layout: Layout, change: Any, field: str
) -> None:
    with pytest.raises(RecordError, match=rf"job-1/evaluation\.json: {field}"):
        read(s3, layout, GOOD | change)


def test_an_empty_evaluation_is_invalid(s3: Any, layout: Layout) -> None:
    with pytest.raises(RecordError, match=r"evaluation\.json: dataset_version is missing"):
        read(s3, layout, {})
