"""The layout path_label: text files with a path and a class on each line, and CUB's files."""

from pathlib import Path

import pytest

from include.contracts.dataset import Box
from include.image_classification.container import CommandError
from include.image_classification.dataset.tables.options import LabelOptions
from tests.include.image_classification.dataset.tables.listing import boxes, listed, put, write

CAT_DOG = {"a.jpg": ("cat", None), "b c.jpg": ("dog", None)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a.jpg cat\nb c.jpg dog\n", None),
        ("# a comment\na.jpg\tcat\r\n\nb c.jpg\tdog\r\n", None),
        ("a.jpg 0\nb c.jpg 1\n", "cat\ndog\n"),
        ("a.jpg 1\nb c.jpg 2\n", "cat\ndog\n"),
        ("a.jpg 4\nb c.jpg 7\n", "4 cat\n7 dog\n"),
        ("a.jpg,cat\nb c.jpg,dog\n", None),
        ("./a.jpg   cat\nb c.jpg   dog\n", None),
    ],
)
def test_forms_of_path_and_label(tmp_path: Path, text: str, names: str | None) -> None:
    put(tmp_path, "a.jpg", "b c.jpg")
    write(tmp_path, {"list.txt": text, **({"classes.txt": names} if names else {})})
    assert listed(tmp_path, "path_label") == CAT_DOG


def test_class_names_may_contain_spaces_and_a_list_may_name_the_split(tmp_path: Path) -> None:
    put(tmp_path, "images/cat/1.jpg", "images/dog/1.jpg", "images/dog/2.jpg")
    write(
        tmp_path,
        {
            "train.txt": "cat/1.jpg Big Cat\ndog/1.jpg Golden Retriever 2\n",
            "test.txt": "dog/2.jpg Golden Retriever 2\n",
        },
    )
    assert listed(tmp_path, "path_label") == {
        "images/cat/1.jpg": ("Big Cat", None),
        "images/dog/1.jpg": ("Golden Retriever 2", None),
        "images/dog/2.jpg": ("Golden Retriever 2", "test"),
    }


def test_cubs_files_are_joined_by_their_numbers(tmp_path: Path) -> None:
    put(tmp_path, "CUB/images/001.Albatross/a.jpg", "CUB/images/002.Auk/b.jpg")
    write(
        tmp_path,
        {
            "CUB/images.txt": "1 001.Albatross/a.jpg\n2 002.Auk/b.jpg\n",
            "CUB/image_class_labels.txt": "1 1\n2 2\n",
            "CUB/train_test_split.txt": "1 1\n2 0\n",
            "CUB/bounding_boxes.txt": "1 3.0 4.0 20.0 10.0\n2 1.0 1.0 9.0 9.0\n",
            "CUB/classes.txt": "1 001.Albatross\n2 002.Auk\n",
            "CUB/parts/parts.txt": "1 back\n2 beak\n",
            "CUB/README": "notes",
        },
    )
    assert listed(tmp_path, "path_label") == {
        "CUB/images/001.Albatross/a.jpg": ("001.Albatross", None),
        "CUB/images/002.Auk/b.jpg": ("002.Auk", "test"),
    }
    first = boxes(tmp_path, "path_label")["CUB/images/001.Albatross/a.jpg"]
    assert first == Box(3, 4, 23, 14)


def test_several_numbers_a_line_need_a_setting(tmp_path: Path) -> None:
    """As in the list of Oxford's pets: class, species, breed."""
    put(tmp_path, "images/Abyssinian_1.jpg", "images/beagle_2.jpg")
    write(tmp_path, {"list.txt": "#Image CLASS-ID SPECIES\nAbyssinian_1 1 1\nbeagle_2 2 2\n"})
    with pytest.raises(CommandError, match=r"columns 1 \(Abyssinian_1\), 2 \(1\), 3 \(1\)"):
        listed(tmp_path, "path_label")
    assert listed(tmp_path, "path_label", options=LabelOptions(columns={"label": "2"})) == {
        "images/Abyssinian_1.jpg": ("1", None), "images/beagle_2.jpg": ("2", None),
    }  # fmt: skip


def test_annotations_of_one_photo_each_are_no_lists(tmp_path: Path) -> None:
    put(tmp_path, *(f"images/p{n}.jpg" for n in range(3)))
    write(tmp_path, {f"labels/p{n}.txt": "0 0.5 0.5 0.1 0.1\n" for n in range(3)})
    with pytest.raises(CommandError, match=r"no column of labels/p0\.txt names photos.*2 more"):
        listed(tmp_path, "path_label")
