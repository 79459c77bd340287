"""The planned images of a batch, and exactly those, have a prediction or an error."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from include.contracts.records import BatchPlan
from include.image_classification.container import CommandError
from include.image_classification.reporting.completeness import check_completeness, read_plan

PLAN = BatchPlan(batch="b1", images={"a.jpg": "1", "b.jpg": "1"})


def test_the_keys_are_passed_on_in_their_order() -> None:
    assert list(check_completeness(PLAN, ["b.jpg", "a.jpg"])) == ["b.jpg", "a.jpg"]


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        (["a.jpg"], r"1 of 2 planned images have no prediction \(b\.jpg\): clear submit_transform"),
        ([], r"2 of 2 planned images have no prediction \(a\.jpg, b\.jpg\)"),
        (
            ["a.jpg", "b.jpg", *"cdefg"],
            r"5 predictions are of images that were not planned \(c, d, e, \.\.\.\): delete them "
            r"from transform/ in the folder of batch b1",
        ),
    ],
)
def test_missing_and_further_predictions_are_errors(predicted: Sequence[str], message: str) -> None:
    """An image without a prediction must stay new."""
    with pytest.raises(CommandError, match=message):
        list(check_completeness(PLAN, predicted))


@pytest.mark.parametrize("text", ["[]", "{", '{"images": 1}'])
def test_a_damaged_plan_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(CommandError, match=r"plan\.json is no plan of a batch"):
        read_plan(tmp_path / "plan.json")


def test_a_missing_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"plan\.json is missing"):
        read_plan(tmp_path / "plan.json")
