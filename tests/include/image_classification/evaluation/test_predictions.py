"""Reading of predictions: order, blocks, missing files."""

import json
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.version.manifest import Image
from include.image_classification.evaluation import predictions
from include.image_classification.evaluation.predictions import prediction_keys, read_blocks


def predict(folder: Path, key: str) -> Image:
    path = folder / f"{key}.out"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([0.25, 0.75]))
    return Image(key, "", 1, 1, 1, 0, "test", key)


def test_keys_are_sorted_as_strings_over_all_folders(tmp_path: Path) -> None:
    keys = ["a", "a-b/x", "a/x", "a/x-1", "a/x.jpg", "a0", "a.jpg", "ab/c/d", "ab/c-d", "ab/c"]
    for key in keys:
        predict(tmp_path, key)
    (tmp_path / "a" / "notes.txt").touch()
    assert list(prediction_keys(tmp_path)) == sorted(keys)
    assert list(prediction_keys(tmp_path / "missing")) == []


def test_blocks_hold_a_limited_number_of_probabilities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [predict(tmp_path, f"{number}.jpg") for number in range(7)]
    monkeypatch.setattr(predictions, "BLOCK_NUMBERS", 6)
    blocks = list(read_blocks(tmp_path, images, classes=2))
    assert [len(block) for block, _ in blocks] == [3, 3, 1]
    assert [image for block, _ in blocks for image in block] == images
    assert blocks[0][1].tolist() == [[0.25, 0.75]] * 3


def test_all_missing_predictions_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "BLOCK_IMAGES", 2)
    images = [predict(tmp_path, f"{number}.jpg") for number in range(7)]
    for number in (1, 3, 4, 6):
        (tmp_path / f"{number}.jpg.out").unlink()
    with pytest.raises(CommandError, match=r"4 of 7 .*\(1.jpg, 3.jpg, 4.jpg, \.\.\.\)"):
        list(read_blocks(tmp_path, images, classes=2))
