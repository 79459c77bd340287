"""Detection of layouts: what each is recognised by, and what is ambiguous."""

import logging
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.detection import AmbiguousLayoutError, detect_layout
from include.image_classification.dataset.source.survey import survey
from include.image_classification.dataset.tables.options import LabelOptions
from include.local_run.errors import RunError
from include.local_run.run_plan.source_files import inspect_folder
from tests.include.image_classification.dataset.parquet.files import (
    IMAGE,
    image,
    parquet,
)
from tests.include.image_classification.dataset.refresh_job import run, source
from tests.include.image_classification.dataset.sample_sources import photo, tgz
from tests.include.image_classification.dataset.tables.listing import put, write

NO_OPTIONS = LabelOptions()


def detected(folder: Path, options: LabelOptions = NO_OPTIONS) -> tuple[str, str]:
    found = detect_layout(survey(folder), options)
    return found.layout, found.reason


@pytest.mark.parametrize(
    ("files", "layout", "reason"),
    [
        ({"l.csv": "file,label\na.jpg,cat\nb.jpg,dog\n"}, "csv", "l.csv names photos and classes"),
        ({"m.jsonl": '{"file_name": "a.jpg", "label": "cat"}\n'}, "json_lines", "m.jsonl names"),
        ({"t.txt": "a.jpg 0\nb.jpg 1\n"}, "path_label", "t.txt names photos and classes"),
        ({"split_x.json": '{"train": [["a.jpg", 0, "cat"]]}'}, "split_json", "split_x.json names"),
        ({"a.lst": "0\t0\ta.jpg\n"}, "list", "there is a.lst"),
        ({"notes.txt": "hello world\n", "x.csv": "k,v\n1,2\n"}, "class_folders", "no label files"),
        (
            {"l.csv": "file,label\na.jpg,cat\nb.jpg,dog\n", "sizes.csv": "file,bytes\na.jpg,9\n"},
            "csv", "l.csv names photos and classes (file file, label label)",
        ),
    ],
)  # fmt: skip
def test_a_layout_is_detected_by_its_files(
    tmp_path: Path, files: dict[str, str | bytes], layout: str, reason: str
) -> None:
    put(tmp_path, "a.jpg", "b.jpg")
    write(tmp_path, files)
    found, why = detected(tmp_path)
    assert (found, why.startswith(reason)) == (layout, True), why


def test_parquet_files_with_photos_and_with_labels_alone(tmp_path: Path) -> None:
    file = tmp_path / "train.parquet"
    parquet(file, {"image": IMAGE, "label": "BIGINT"}, [(image(1), 0), (image(2), 1)], ["a", "b"])
    assert detected(tmp_path) == ("parquet", "train.parquet has photos in it")
    put(tmp_path, "1.jpg", "2.jpg")
    columns = {"file_name": "VARCHAR", "label": "BIGINT"}
    parquet(file, columns, [("1.jpg", 0), ("2.jpg", 1)], ["a", "b"])
    assert detected(tmp_path)[0] == "parquet"


def test_class_folders_with_the_same_classes_leave_the_label_file(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.jpg", "dog/2.jpg")
    write(tmp_path, {"l.csv": "file,label\ncat/1.jpg,cat\ndog/2.jpg,dog\n"})
    assert detected(tmp_path)[0] == "csv"
    write(tmp_path, {"l.csv": "cat/1.jpg,0\ndog/2.jpg,1\n"})
    assert detected(tmp_path) == (
        "class_folders", "its folders have the classes that l.csv numbers",
    )  # fmt: skip


@pytest.mark.parametrize("folders", [("images_001", "images_002"), ("train", "test"), ("a1", "a2")])
def test_folders_that_are_no_classes_do_not_count(tmp_path: Path, folders: tuple[str, str]) -> None:
    put(tmp_path, f"{folders[0]}/1.jpg", f"{folders[0]}/2.jpg", f"{folders[1]}/3.jpg")
    write(tmp_path, {"l.csv": "id,label\n1,cat\n2,dog\n3,cat\n"})
    assert detected(tmp_path)[0] == "csv"


def test_several_layouts_are_listed_with_the_setting_that_decides(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.jpg", "cat/2.jpg", "dog/3.jpg")
    write(tmp_path, {"l.csv": "file,label\n1.jpg,red\n2.jpg,blue\n3.jpg,red\n"})
    with pytest.raises(AmbiguousLayoutError) as error:
        detected(tmp_path)
    assert [one.layout for one in error.value.candidates] == ["csv", "class_folders"]
    assert "name the right one in source.layout" in str(error.value)
    write(tmp_path, {"m.jsonl": '{"file_name": "1.jpg", "label": "red"}\n', "l.csv": "1.jpg,red\n"})
    with pytest.raises(CommandError, match=r"csv, because l\.csv .*; json_lines, because m\.jsonl"):
        detected(tmp_path)
    assert detected(tmp_path, LabelOptions(("m.jsonl",)))[0] == "json_lines"


def test_settings_are_part_of_the_detection(tmp_path: Path) -> None:
    put(tmp_path, "1.jpg", "2.jpg")
    write(tmp_path, {"l.csv": "file,age,site\n1.jpg,3,x\n2.jpg,4,y\n"})
    assert detected(tmp_path)[0] == "class_folders"
    assert detected(tmp_path, LabelOptions(columns={"label": "site"}))[0] == "csv"
    with pytest.raises(CommandError, match=r"l\.csv has no column 'kind' for label"):
        detected(tmp_path, LabelOptions(columns={"label": "kind"}))


def test_tfrecords_are_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, {"cars196/2.1.0/cars196-train.tfrecord-00000-of-00008": b"x"})
    with pytest.raises(CommandError, match=r"cars196-train\.tfrecord-00000-of-00008 is a TFRecord"):
        detected(tmp_path)


def test_arrow_files_are_refused_with_the_call_that_writes_parquet(tmp_path: Path) -> None:
    """Hugging Face's library stores a dataset so, in its cache and by save_to_disk."""
    state = {"train/state.json": "{}", "train/dataset_info.json": "{}", "dataset_dict.json": "{}"}
    write(tmp_path, {"train/data-00000-of-00001.arrow": b"x", **state})
    call = (
        r'from_file\("train/data-00000-of-00001\.arrow"\)'
        r'\.to_parquet\("train/data-00000-of-00001\.parquet"\)'
    )
    with pytest.raises(CommandError, match=rf"data-00000-of-00001\.arrow is an Arrow file.*{call}"):
        detected(tmp_path)
    with pytest.raises(RunError, match=call):
        inspect_folder(tmp_path)


def test_parquet_files_beside_arrow_files_are_read(tmp_path: Path) -> None:
    write(tmp_path, {"train/data-00000-of-00001.arrow": b"x"})
    rows = [(image(1), 0), (image(2), 1)]
    parquet(tmp_path / "train/data-00000-of-00001.parquet", {"image": IMAGE, "label": "BIGINT"},
            rows, ["cat", "dog"])  # fmt: skip
    assert detected(tmp_path)[0] == "parquet"


def test_labels_in_an_archive_are_detected(tmp_path: Path) -> None:
    tgz(tmp_path / "archive.tgz", {"train/1.jpg": photo(1), "train/2.jpg": photo(2),
                                   "train.csv": b"1.jpg,cat\n2.jpg,dog\n"})  # fmt: skip
    assert detected(tmp_path)[0] == "csv"


def test_a_refresh_says_what_it_detects_and_why(
    base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    put(source(base), *(f"{n}.jpg" for n in range(8)))
    rows = "".join(f"{n}.jpg,{('cat', 'dog')[n % 2]}\n" for n in range(8))
    write(source(base), {"l.csv": f"file,label\n{rows}"})
    report = run(base, layout="auto")
    detection, columns = report["source"]["notes"]
    assert detection.startswith("layout csv, detected because l.csv names photos and classes")
    assert detection in caplog.text
    assert report["source"]["layout"] == "csv"
    assert report["source"]["files"] == ["./", "l.csv"]
    assert columns == "labels in l.csv: file file, label label"
    assert report["source"]["counts"] == {
        "found": 9, "used": 8, "quarantined": 0, "label_files": 1, "left_alone": 0,
    }  # fmt: skip
    configured = run(base, "--label-files", "l.csv", "--columns", "label=label", layout="csv")
    assert configured["version"] == report["version"]
    assert configured["settings"]["columns"] == {"label": "label"}
    with pytest.raises(CommandError, match="--columns names 'x=1'; write role=column with a role"):
        run(base, "--columns", "x=1", layout="csv")
