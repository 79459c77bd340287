"""The layout csv: forms of CSV files that people have, and bad ones."""

import zipfile
from pathlib import Path

import pytest

from include.contracts.dataset import Box
from include.image_classification.container import CommandError
from include.image_classification.dataset.tables.options import LabelOptions
from tests.include.image_classification.dataset.tables.listing import (
    boxes,
    left_alone,
    listed,
    opened,
    put,
    write,
)

CAT_DOG = {"a.jpg": ("cat", None), "b.jpg": ("dog", None)}


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na.jpg,cat\nb.jpg,dog\n",
        "a.jpg,cat\nb.jpg,dog\n",
        "label;file\ncat;a.jpg\ndog;b.jpg\n",
        "file\tlabel\r\na.jpg\tcat\r\nb.jpg\tdog\r\n",
        "file|label\na.jpg|cat\nb.jpg|dog",
        '"file","label"\n"a.jpg","cat"\n\n"b.jpg","dog"\n',
        "\ufefffile,label\na.jpg,cat\nb.jpg,dog\n",
        " filename , class_id, class_name \n a.jpg ,1, cat \nb.jpg,2,dog\n",
        "id,breed\na,cat\nb,dog\n",
        "a,cat\nb,dog\n",
        "image_id,width,height,species\na,40,24,cat\nb,40,24,dog\n",
        ",file,label\n0,./a.jpg,cat\n1,b.jpg,dog\n",
    ],
)
def test_forms_of_csv_are_read(tmp_path: Path, text: str) -> None:
    put(tmp_path, "a.jpg", "b.jpg")
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be"):
        write(tmp_path, {"labels.csv": text.encode(encoding)})
        assert listed(tmp_path) == CAT_DOG


def test_names_with_separators_quotes_and_line_ends_stay_whole(tmp_path: Path) -> None:
    put(tmp_path, "a, b.jpg", "é.jpg")
    write(tmp_path, {"l.csv": '"a, b.jpg","Ram C/V, ""Cargo"""\né.jpg,"dog;\nbig"\n'})
    assert listed(tmp_path) == {
        "a, b.jpg": ('Ram C/V, "Cargo"', None),
        "é.jpg": ("dog;\nbig", None),
    }


def test_jutreras_lists_have_boxes_and_numbers_from_one(tmp_path: Path) -> None:
    """As in the copy of Stanford Cars by class folders, whose lists name files alone."""
    put(tmp_path, "car_data/train/Audi/00001.jpg", "car_data/train/BMW X5, SUV 2007/00002.jpg",
        "car_data/test/Audi/00001.jpg")  # fmt: skip
    write(
        tmp_path,
        {
            "anno_train.csv": "00001.jpg,3,2,20,10,1\n00002.jpg,1,1,40,24,2\n",
            "anno_test.csv": "00001.jpg,5,6,30,20,1\n",
            "names.csv": '"Audi"\n"BMW X5, SUV 2007"\n',
        },
    )
    assert listed(tmp_path) == {
        "car_data/train/Audi/00001.jpg": ("Audi", None),
        "car_data/train/BMW X5, SUV 2007/00002.jpg": ("BMW X5, SUV 2007", None),
        "car_data/test/Audi/00001.jpg": ("Audi", "test"),
    }
    assert boxes(tmp_path)["car_data/train/Audi/00001.jpg"] == Box(2, 1, 20, 10)
    assert opened(tmp_path).files == ["anno_test.csv", "anno_train.csv", "car_data/", "names.csv"]


def test_roboflows_one_column_a_class(tmp_path: Path) -> None:
    for part in ("train", "valid", "test"):
        put(tmp_path, f"{part}/a_{part}.jpg", f"{part}/b.jpg")
        text = f"filename, Cat, Dog\na_{part}.jpg, 1, 0\nb.jpg, 0, 1\n"
        write(tmp_path, {f"{part}/_classes.csv": text, "README.dataset.txt": "x, y"})
    found = listed(tmp_path)
    assert found == {
        f"{part}/{name}": (label, split)
        for part, split in (("train", None), ("valid", "validation"), ("test", "test"))
        for name, label in ((f"a_{part}.jpg", "Cat"), ("b.jpg", "Dog"))
    }
    assert left_alone(tmp_path) == ["README.dataset.txt"]


def test_no_class_and_two_classes_of_one_column_a_class_are_quarantined(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    write(tmp_path, {"x.csv": "image,MEL,NV\na,1.0,0.0\nb,0.0,1.0\nc,0.0,0.0\nd,1.0,1.0\n"})
    assert listed(tmp_path) == {
        "a.jpg": ("MEL", None), "b.jpg": ("NV", None),
        "c.jpg": ("missing-label", None), "d.jpg": ("conflicting-labels", None),
    }  # fmt: skip


def test_a_kaggle_competition_in_one_archive(tmp_path: Path) -> None:
    """Identifiers without suffix; photos without labels are left alone by name."""
    put(tmp_path / "raw", "train/0a.jpg", "train/0b.jpg", "train/0c.jpg", "test/9a.jpg")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        for path in sorted((tmp_path / "raw").rglob("*.jpg")):
            archive.write(path, path.relative_to(tmp_path / "raw").as_posix())
            path.unlink()
        archive.writestr("train_labels.csv", "id,label\n0a,1\n0b,0\n0z,1\n")
        archive.writestr("sample_submission.csv", "id,label\n9a,0\n")
    assert listed(tmp_path) == {
        "archive/train/0a.jpg": ("1", None), "archive/train/0b.jpg": ("0", None),
        "archive/train/0c.jpg": ("unlisted-file", None), "0z": ("missing-file", None),
    }  # fmt: skip
    source = opened(tmp_path)
    assert source.files == ["archive.zip"]
    assert left_alone(tmp_path) == ["archive.zip/sample_submission.csv", "archive.zip/test/"]


def test_imagefolder_with_metadata_in_each_split(tmp_path: Path) -> None:
    put(tmp_path, "train/1.png", "train/sub/2.png", "validation/1.png")
    write(
        tmp_path,
        {
            "train/metadata.csv": "file_name,label\n1.png,cat\nsub/2.png,dog\n",
            "validation/metadata.csv": "file_name,label\n1.png,dog\n",
        },
    )
    assert listed(tmp_path) == {
        "train/1.png": ("cat", None), "train/sub/2.png": ("dog", None),
        "validation/1.png": ("dog", "validation"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("column", "values", "splits"),
    [
        ("split", ("train", "Testing", "val"), (None, "test", "validation")),
        ("is_test", ("0", "1", "0"), (None, "test", None)),
        ("is_training_image", ("1", "0", "1"), (None, "test", None)),
    ],
)
def test_a_column_may_name_the_split(
    tmp_path: Path, column: str, values: tuple[str, ...], splits: tuple[str | None, ...]
) -> None:
    put(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    rows = [f"{name}.jpg,{value},x{name}\n" for name, value in zip("abc", values, strict=True)]
    write(tmp_path, {"l.csv": "".join([f"file,{column},label\n", *rows])})
    assert [split for _, split in listed(tmp_path).values()] == [*splits]


def test_a_photo_with_two_classes_and_one_listed_twice(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    write(
        tmp_path, {"l.csv": "file,label\na.jpg,cat\na.jpg,dog\nb.jpg,cat\nc.jpg,dog\nc.jpg,dog\n"}
    )
    entries = list(opened(tmp_path).entries)
    details = [entry.detail for entry in entries if hasattr(entry, "detail")]
    assert details == ["l.csv line 2 says class 'cat' and l.csv line 3 says class 'dog'"] * 2 + [
        "l.csv line 6 repeats it"
    ]
    assert listed(tmp_path)["c.jpg"] == ("dog", None)


def test_unsafe_paths_are_refused_and_backslashes_are_folders(tmp_path: Path) -> None:
    put(tmp_path, "cats/a.jpg", "dogs/b.jpg")
    rows = ["cats\\a.jpg,cat", "dogs\\b.jpg,dog", "../x.jpg,cat", "/etc/y.jpg,cat", "C:\\z.jpg,cat"]
    write(tmp_path, {"l.csv": "\n".join(["file,label", *rows])})
    assert listed(tmp_path) == {
        "cats/a.jpg": ("cat", None), "dogs/b.jpg": ("dog", None),
        "../x.jpg": ("unsafe-member", None), "/etc/y.jpg": ("unsafe-member", None),
        "C:/z.jpg": ("unsafe-member", None),
    }  # fmt: skip


def test_rows_that_cannot_be_used_are_quarantined(tmp_path: Path) -> None:
    put(tmp_path, *(f"{name}.jpg" for name in "abcdef"))
    write(
        tmp_path,
        {
            "l.csv": "file,x1,y1,x2,y2,label\na.jpg,1,1,9,9,cat\nb.jpg,1,1,9,9,\n"
            "c.jpg,9,1,1,9,cat\nd.jpg,1,1,9,9,a,b\ne.jpg,,,,,dog\nf.jpg,0.1,0.1,0.9,0.9,cat\n"
        },
    )
    assert listed(tmp_path) == {
        "a.jpg": ("cat", None), "b.jpg": ("missing-label", None), "c.jpg": ("bad-box", None),
        "d.jpg": ("bad-annotation", None), "e.jpg": ("dog", None), "f.jpg": ("bad-box", None),
    }  # fmt: skip


def test_numbers_out_of_the_names_are_quarantined(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    write(tmp_path, {"l.csv": "a.jpg,0\nb.jpg,1\nc.jpg,2\n", "classes.txt": "cat\ndog\n"})
    assert listed(tmp_path) == {**CAT_DOG, "c.jpg": ("label-out-of-range", None)}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"l.csv": "file,age,site\na.jpg,3,x\nb.jpg,4,y\n"},
            r"l\.csv has the columns file, age, site; which of them has the labels is not clear.*"
            r"source\.columns \(--columns\), for example label=site",
        ),
        (
            {"l.csv": "a.jpg,3,x\nb.jpg,4,y\n"},
            r"no header, and the columns 1 \(a\.jpg\), 2 \(3\), 3 \(x\).*label=3",
        ),
        ({"l.csv": "name,label\nz,cat\n"}, r"no column of l\.csv names photos of the source"),
        ({"l.csv": b"file,label\na.jpg,caf\xe9\n"}, r"l\.csv is neither UTF-8 nor UTF-16.*0xe9"),
        ({"l.csv": b"version https://git-lfs.github.com/spec/v1\n"}, "Git LFS pointer"),
        ({"l.csv": "file\na.jpg\n"}, r"l\.csv has no rows with a file and a class"),
        (
            {"l.csv": "a.jpg,1\nb.jpg,2\n", "names.txt": "w\nx\ny\n"},
            r"the labels are 1 to 2, and names\.txt has 3 names: whether they are numbered",
        ),
        (
            {"l.csv": "a.jpg,cat\nb.jpg,dog\n", "m.csv": "a.jpg,red\nb.jpg,blue\n"},
            r"l\.csv and m\.csv label the same photos differently; .*label_files \(--label-f",
        ),
        ({}, r"the source has no \.csv or \.tsv file with labels"),
    ],
)  # fmt: skip
def test_an_error_names_file_columns_and_setting(
    tmp_path: Path, files: dict[str, str | bytes], message: str
) -> None:
    put(tmp_path, "a.jpg", "b.jpg")
    write(tmp_path, files)
    with pytest.raises(CommandError, match=message):
        listed(tmp_path)


def test_settings_decide_columns_and_files(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg")
    write(
        tmp_path, {"l.csv": "photo id,age,site\na,cat,1\nb,dog,2\n", "m.csv": "a.jpg,1\nb.jpg,2\n"}
    )
    options = LabelOptions(("l.csv",), {"file": "photo id", "label": "age"})
    assert listed(tmp_path, options=options) == CAT_DOG
    numbered = LabelOptions(("l.csv",), {"label": "2"})
    assert listed(tmp_path, options=numbered) == CAT_DOG
    with pytest.raises(CommandError, match=r"l\.csv has no column 'kind' for label: the columns"):
        listed(tmp_path, options=LabelOptions(("l.csv",), {"label": "kind"}))
    with pytest.raises(CommandError, match=r"names 'x\.csv', but the source has no such label"):
        listed(tmp_path, options=LabelOptions(("x.csv",)))


def test_a_path_of_two_photos_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, "x/a.jpg", "y/a.jpg", "x/b.jpg")
    write(tmp_path, {"l.csv": "a.jpg,cat\nb.jpg,dog\n"})
    with pytest.raises(CommandError, match=r"a\.jpg, which may be x/a\.jpg or y/a\.jpg"):
        listed(tmp_path)


def test_labels_of_a_missing_test_part_do_not_label_training_photos(tmp_path: Path) -> None:
    put(tmp_path, "train/1.jpg", "train/2.jpg")
    write(tmp_path, {"train.csv": "1.jpg,cat\n2.jpg,dog\n", "test.csv": "1.jpg,dog\n2.jpg,cat\n"})
    with pytest.raises(CommandError, match=r"no photo that test\.csv names is in the source"):
        listed(tmp_path)


def test_folders_in_front_of_all_paths_that_the_source_lacks_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "data/cat/1.jpg", "data/dog/1.jpg")
    write(tmp_path, {"l.csv": "kaggle/input/cat/1.jpg,cat\nkaggle/input/dog/1.jpg,dog\n"})
    assert listed(tmp_path) == {"data/cat/1.jpg": ("cat", None), "data/dog/1.jpg": ("dog", None)}


def test_a_file_that_repeats_another_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg")
    write(tmp_path, {"all.csv": "a.jpg,cat\nb.jpg,dog\n", "part.csv": "a.jpg,cat\n"})
    assert listed(tmp_path) == CAT_DOG
    assert left_alone(tmp_path) == ["part.csv"]


def test_a_hundred_thousand_lines_without_their_photos(tmp_path: Path) -> None:
    put(tmp_path, "0.jpg", "1.jpg")
    write(tmp_path, {"l.csv": "".join(f"{n}.jpg,{n % 2}\n" for n in range(100_000))})
    found = listed(tmp_path)
    assert len(found) == 100_000
    assert found["0.jpg"] == ("0", None)
    assert found["99999.jpg"] == ("missing-file", None)
