"""The layout parquet: files of Hugging Face's datasets, other columns, and damaged files."""

from pathlib import Path
from typing import Any

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.tables.options import LabelOptions
from tests.include.image_classification.dataset.parquet.files import IMAGE, image, parquet
from tests.include.image_classification.dataset.sample_sources import photo
from tests.include.image_classification.dataset.tables.listing import (
    left_alone,
    listed,
    opened,
    put,
    write,
)


def test_hugging_faces_shards_have_class_names_and_splits(tmp_path: Path) -> None:
    columns = {"image": IMAGE, "label": "BIGINT"}
    names = ["cat", "dog's"]
    parquet(tmp_path / "data/train-00000-of-00002.parquet", columns,
            [(image(1, "a/b.jpg"), 1), (image(2), 0)], names)  # fmt: skip
    parquet(tmp_path / "data/train-00001-of-00002-9f3ab.parquet", columns, [(image(3), 1)], names)
    parquet(tmp_path / "data/test-00000-of-00001.parquet", columns, [(image(4), 0)], names)
    parquet(tmp_path / "default/validation/0000.parquet", columns, [(image(5), 0)], names)
    write(tmp_path, {"README.md": "card", "dataset_infos.json": "{}"})
    assert listed(tmp_path, "parquet") == {
        "data/train-00000-of-00002.parquet/000000/b.jpg": ("dog's", None),
        "data/train-00000-of-00002.parquet/000001": ("cat", None),
        "data/train-00001-of-00002-9f3ab.parquet/000000": ("dog's", None),
        "data/test-00000-of-00001.parquet/000000": ("cat", "test"),
        "default/validation/0000.parquet/000000": ("cat", "validation"),
    }
    source = opened(tmp_path, "parquet")
    assert left_alone(tmp_path, "parquet") == ["README.md", "dataset_infos.json"]
    data = {entry.path: getattr(entry, "data", None) for entry in source.entries}
    assert data["data/train-00000-of-00002.parquet/000001"] == photo(2)


def test_rows_that_cannot_be_used_are_quarantined(tmp_path: Path) -> None:
    rows = [(image(1), 0), (image(2), 1), (image(3), 2), (image(4), -1), (image(5), None),
            (None, 0), ({"bytes": None, "path": "x.jpg"}, 1)]  # fmt: skip
    file = tmp_path / "train.parquet"
    parquet(file, {"image": IMAGE, "label": "BIGINT"}, rows, ["cat", "dog"])
    reasons = [reason for reason, _ in listed(tmp_path, "parquet").values()]
    assert reasons == ["cat", "dog", "label-out-of-range", "missing-label", "missing-label",
                       "missing-file", "missing-file"]  # fmt: skip


def test_text_labels_bytes_columns_and_a_split_column(tmp_path: Path) -> None:
    rows = [(photo(1), "dog", "train"), (photo(2), "cat", "test"), (photo(3), "cat", "val")]
    parquet(tmp_path / "x.parquet", {"img": "BLOB", "breed": "VARCHAR", "split": "VARCHAR"}, rows)
    assert list(listed(tmp_path, "parquet").values()) == [
        ("dog", None), ("cat", "test"), ("cat", "validation"),
    ]  # fmt: skip
    assert [entry.path for entry in opened(tmp_path, "parquet", "1,dog").entries] == [
        "x.parquet/000000", "x.parquet/000001", "x.parquet/000002",
    ]  # fmt: skip


def test_only_the_selected_classes_are_listed(tmp_path: Path) -> None:
    rows = [(image(n), n) for n in range(3)]
    parquet(tmp_path / "x.parquet", {"image": IMAGE, "label": "INTEGER"}, rows, ["a", "b", "c"])
    assert list(listed(tmp_path, "parquet", "a,c").values()) == [("a", None), ("c", None)]


def test_other_columns_are_named_in_the_error_and_chosen_by_settings(tmp_path: Path) -> None:
    columns = {"photo": IMAGE, "mask": IMAGE, "age": "BIGINT", "site": "VARCHAR"}
    parquet(tmp_path / "x.parquet", columns, [(image(1), image(2), 3, "cat"),
                                              (image(3), image(4), 5, "dog")])  # fmt: skip
    with pytest.raises(CommandError, match=r"which column of x\.parquet has the classes is not cle"
                       r"ar; it has the columns photo \(STRUCT.*age \(BIGINT\), site \(VARCHAR\);"
                       r" name it in source\.columns \(--columns\): label=<column>"):  # fmt: skip
        listed(tmp_path, "parquet")
    options = LabelOptions(columns={"label": "site"})
    assert [name for name, _ in listed(tmp_path, "parquet", options=options).values()] == [
        "cat", "dog",
    ]  # fmt: skip
    masks = LabelOptions(columns={"label": "site", "image": "mask"})
    entry = next(opened(tmp_path, "parquet", options=masks).entries)
    assert getattr(entry, "data", None) == photo(2)
    with pytest.raises(CommandError, match=r"x\.parquet has no column 'kind' for label: it has"):
        listed(tmp_path, "parquet", options=LabelOptions(columns={"label": "kind"}))


def test_metadata_without_photos_labels_files(tmp_path: Path) -> None:
    put(tmp_path, "train/1.jpg", "train/2.jpg")
    rows = [("1.jpg", 1), ("2.jpg", 0)]
    columns = {"file_name": "VARCHAR", "label": "BIGINT"}
    parquet(tmp_path / "train/metadata.parquet", columns, rows, ["cat", "dog"])
    assert listed(tmp_path, "parquet") == {
        "train/1.jpg": ("dog", None), "train/2.jpg": ("cat", None),
    }  # fmt: skip
    assert opened(tmp_path, "parquet").files == ["train/", "train/metadata.parquet"]


def test_different_class_names_are_an_error(tmp_path: Path) -> None:
    for name, names in (("a", ["cat", "dog"]), ("b", ["dog", "cat"])):
        parquet(tmp_path / f"{name}.parquet", {"image": IMAGE, "label": "BIGINT"},
                [(image(1), 0)], names)  # fmt: skip
    with pytest.raises(CommandError, match=r"a\.parquet and b\.parquet have different class names"):
        listed(tmp_path, "parquet")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[: len(data) // 2], r"x\.parquet is cut off: its end is missing"),
        (lambda data: b"GIF89a" + data, r"x\.parquet is not a Parquet file; it starts with b'GIF"),
        (lambda _: b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
        (lambda data: data[:-12] + bytes(8) + data[-4:], r"x\.parquet is damaged or has unsupp"),
        (lambda data: data[:60] + bytes(3000) + data[3060:], r"x\.parquet is damaged or has"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, damage: Any, message: str) -> None:
    file = tmp_path / "x.parquet"
    rows = [(image(1), 0), (image(2), 1)]
    parquet(file, {"image": IMAGE, "label": "BIGINT"}, rows, ["cat", "dog"])
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(CommandError, match=message):
        listed(tmp_path, "parquet")
