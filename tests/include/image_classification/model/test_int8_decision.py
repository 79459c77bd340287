"""The decision whether to serve the int8 form of a model."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.model.int8_decision import (
    FILES,
    RECORD,
    Decision,
    decide,
    discard,
    is_served,
)


@given(
    images=st.integers(1, 10_000),
    float32=st.floats(0, 1),
    int8=st.floats(0, 1),
    ratio=st.floats(0.1, 10),
)
def test_int8_must_be_faster_and_lose_at_most_half_a_percentage_point(
    images: int, float32: float, int8: float, ratio: float
) -> None:
    correct = (round(float32 * images), round(int8 * images))
    decision = decide(correct, images, 256, ratio)
    assert decision.served == ((correct[0] - correct[1]) * 200 <= images and ratio > 1)
    assert decision.float32_top1 == correct[0] / images
    assert decision.int8_top1 == correct[1] / images


def test_a_loss_of_exactly_half_a_percentage_point_is_allowed() -> None:
    assert decide((180, 179), 200, 256, 3.0).served
    assert not decide((180, 178), 200, 256, 3.0).served


def test_the_reason_has_the_measurements() -> None:
    reason = decide((90, 80), 100, 256, 3.0).reason
    lost = "int8 loses 10.00 percentage points of top-1 accuracy"
    assert reason == f"{lost}, more than the allowed 0.5"
    assert "1.00 percentage points" in decide((90, 89), 100, 256, 3.0).reason
    assert "not faster: 0.90 times" in decide((90, 90), 100, 256, 0.9).reason


def test_a_written_decision_is_read(tmp_path: Path) -> None:
    assert not is_served(tmp_path)
    for name in FILES:
        (tmp_path / name).touch()
    assert not is_served(tmp_path)  # int8.json is missing
    decide((9, 9), 10, 16, 2.5).write(tmp_path)
    assert is_served(tmp_path)
    assert json.loads((tmp_path / RECORD).read_text())["speed_ratio"] == 2.5
    Decision(served=False, reason="no").write(tmp_path)
    assert not is_served(tmp_path)


def test_discard_deletes_all_int8_files_and_can_be_repeated(tmp_path: Path) -> None:
    decide((9, 9), 10, 16, 2.5).write(tmp_path)
    (tmp_path / FILES[0]).touch()
    (tmp_path / "image-classification-0001.params").touch()
    for _ in range(2):
        discard(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["image-classification-0001.params"]


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_a_damaged_decision_is_rejected(tmp_path: Path, content: str) -> None:
    (tmp_path / RECORD).write_text(content)
    with pytest.raises(CommandError, match=r"int8\.json is damaged"):
        is_served(tmp_path)
