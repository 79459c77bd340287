"""The layout split_json: CoOp's splits."""

import json
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from tests.include.image_classification.dataset.tables.listing import listed, put, write


def test_coops_splits_have_classes_and_splits(tmp_path: Path) -> None:
    put(tmp_path, "images/a.jpg", "images/b.jpg", "images/c.jpg", "images/d.jpg")
    content = {
        "train": [["a.jpg", 0, "abyssinian"], ["b.jpg", 1, "beagle"]],
        "val": [["c.jpg", 0, "abyssinian"]],
        "test": [["d.jpg", 1, "beagle"]],
    }
    write(tmp_path, {"split_zhou_OxfordPets.json": json.dumps(content)})
    assert listed(tmp_path, "split_json") == {
        "images/a.jpg": ("abyssinian", None), "images/b.jpg": ("beagle", None),
        "images/c.jpg": ("abyssinian", "validation"), "images/d.jpg": ("beagle", "test"),
    }  # fmt: skip


def test_another_json_file_is_no_split(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg")
    write(tmp_path, {"split.json": '{"train": ["a.jpg"]}'})
    with pytest.raises(CommandError, match=r"split\.json has no rows with a file and a class"):
        listed(tmp_path, "split_json")
