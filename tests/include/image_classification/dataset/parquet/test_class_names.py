"""Class names beside Parquet files that have only numbers."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.local_run.run_plan.source_files import inspect_folder
from tests.include.image_classification.dataset.parquet.files import IMAGE, card, image, parquet
from tests.include.image_classification.dataset.tables.listing import (
    left_alone,
    listed,
    opened,
    write,
)

NAMES = ["AM General Hummer SUV 2000", "Ram C/V: Cargo Van Minivan 2012", "dog's"]

SECOND = """- config_name: other
  features:
  - name: label
    dtype:
      class_label:
        names:
          '0': other
  splits:"""
"""A second configuration of a card, with other class names."""


def _files(folder: Path, *labels: int, names: Sequence[str] | None = None) -> None:
    columns = {"image": IMAGE, "label": "BIGINT"}
    rows = [(image(number), label) for number, label in enumerate(labels)]
    parquet(folder / "data" / "train-00000-of-00001.parquet", columns, rows, names)


def _classes(folder: Path) -> list[str]:
    assert [name for name, _ in listed(folder, "parquet").values()] == [
        opened(folder, "parquet").classes[number] for number in (2, 0, 1)
    ]
    return list(opened(folder, "parquet").classes)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("README.md", card(NAMES)),
        ("dataset_infos.json", json.dumps({"all": {"features": {"label": {"names": NAMES}}}})),
        ("classes.txt", "\n".join(NAMES)),
        ("data/id2label.json", json.dumps(dict(enumerate(NAMES)))),
    ],
)
def test_numbers_have_the_names_of_a_file_beside_them(
    tmp_path: Path, file: str, content: str
) -> None:
    _files(tmp_path, 2, 0, 1)
    write(tmp_path, {file: content, "notes.md": ""})
    assert _classes(tmp_path) == NAMES
    assert left_alone(tmp_path, "parquet") == ["notes.md"]
    files = inspect_folder(tmp_path)
    assert file in files.upload
    assert f"class names in {file}" in files.explanation()


def test_names_may_be_numbered_from_1(tmp_path: Path) -> None:
    _files(tmp_path, 3, 1, 2)
    write(tmp_path, {"classes.txt": "\n".join(NAMES)})
    assert _classes(tmp_path) == NAMES


def test_the_metadata_of_the_files_counts_before_acard(tmp_path: Path) -> None:
    _files(tmp_path, 2, 0, 1, names=["a", "b", "c"])
    write(tmp_path, {"README.md": card(NAMES)})
    assert _classes(tmp_path) == ["a", "b", "c"]
    assert left_alone(tmp_path, "parquet") == ["README.md"]


@pytest.mark.parametrize(
    "text",
    [
        "# Cars\n\nnames:\n  '0': no\n",
        card(NAMES, feature="coarse_label"),
        card(NAMES).replace("'1': ", "'7': "),
        card(NAMES).replace("  splits:", SECOND),
    ],
    ids=["no YAML", "another column", "a gap", "different names"],
)  # fmt: skip
def test_a_card_without_clear_names_leaves_the_numbers(tmp_path: Path, text: str) -> None:
    _files(tmp_path, 2, 0, 1)
    write(tmp_path, {"README.md": text})
    assert _classes(tmp_path) == ["0", "1", "2"]
    assert any("numbers without names" in note for note in inspect_folder(tmp_path).notes)


def test_a_class_without_a_name_in_the_file_is_quarantined(tmp_path: Path) -> None:
    _files(tmp_path, 3, 5, 0)
    write(tmp_path, {"names.json": '{"0": "cat", "3": "dog"}'})
    assert list(listed(tmp_path, "parquet").values()) == [
        ("dog", None), ("label-out-of-range", None), ("cat", None),
    ]  # fmt: skip


def test_an_unclear_file_of_names_is_an_error(tmp_path: Path) -> None:
    _files(tmp_path, 1, 2)
    write(tmp_path, {"classes.txt": "\n".join(NAMES)})
    with pytest.raises(CommandError, match="whether they are numbered from 0 or 1 is not clear"):
        opened(tmp_path, "parquet")
