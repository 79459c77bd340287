"""A damaged or mislabelled record file must fail before training, not train something else."""

from pathlib import Path

import pytest

from include.image_classification.container import ProgramError
from include.image_classification.conversion.recordio import RecordWriter, pack_image
from include.image_classification.training.records import RecordFile
from tests.include.image_classification.training.making import picture, write_records


def test_labels_and_images_come_back(tmp_path: Path) -> None:
    records = RecordFile(write_records(tmp_path / "a.rec", [2, 0, 1]), classes=3)
    assert [records.label(i) for i in range(len(records))] == [2, 0, 1]
    assert records.image(1) == picture(0, 1)


def test_an_image_that_holds_the_magic_number_comes_back_whole(tmp_path: Path) -> None:
    content = b"1234" + 0xCED7230A.to_bytes(4, "little") + b"56789"
    with (tmp_path / "a.rec").open("wb") as file:
        RecordWriter(file).write(pack_image([1], 0, content))
    assert RecordFile(tmp_path / "a.rec", classes=2).image(0) == content


@pytest.mark.parametrize("label", [3, -1, 0.5, float("nan")])
def test_a_label_that_is_no_class_is_refused(tmp_path: Path, label: float) -> None:
    with (tmp_path / "train.rec").open("wb") as file:
        RecordWriter(file).write(pack_image([label], 0, b"x"))
    with pytest.raises(ProgramError, match=r"train.rec: record 0 has label .* not in 0..2"):
        RecordFile(tmp_path / "train.rec", classes=3)


def test_several_labels_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "train.rec").open("wb") as file:
        RecordWriter(file).write(pack_image([0, 1], 0, b"x"))
    with pytest.raises(ProgramError, match="record 0 has 2 labels"):
        RecordFile(tmp_path / "train.rec", classes=3)


@pytest.mark.parametrize("kept", [-4, -64, 4, 12])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, kept: int) -> None:
    path = write_records(tmp_path / "train.rec", [0, 1])
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ProgramError, match=r"train.rec is cut off"):
        RecordFile(path, classes=3)


@pytest.mark.parametrize(("content", "message"), [(b"", "empty"), (b"no record", "no RecordIO")])
def test_another_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "train.rec"
    path.write_bytes(content)
    with pytest.raises(ProgramError, match=message):
        RecordFile(path, classes=3)
