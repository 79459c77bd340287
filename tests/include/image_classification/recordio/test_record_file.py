"""Damaged and mislabelled record files are refused before training."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.recordio.framing import MAGIC, RecordWriter, frame
from include.image_classification.recordio.image_records import IMAGE_HEADER, pack_image
from include.image_classification.recordio.record_file import RecordFile, Records
from tests.include.image_classification.training.job_data import make_png, write_records


def test_labels_and_images_are_read(tmp_path: Path) -> None:
    records = RecordFile(write_records(tmp_path / "a.rec", [2, 0, 1]), classes=3)
    assert [records.label(i) for i in range(len(records))] == [2, 0, 1]
    assert records.image(1) == make_png(0, 1)


def test_an_image_that_contains_the_magic_number_is_read(tmp_path: Path) -> None:
    content = b"1234" + 0xCED7230A.to_bytes(4, "little") + b"56789"
    with (tmp_path / "a.rec").open("wb") as file:
        RecordWriter(file).write(pack_image([1], 0, content))
    assert RecordFile(tmp_path / "a.rec", classes=2).image(0) == content


@pytest.mark.parametrize("label", [3, -1, 0.5, float("nan")])
def test_a_label_out_of_range_is_refused(tmp_path: Path, label: float) -> None:
    with (tmp_path / "train.rec").open("wb") as file:
        RecordWriter(file).write(pack_image([label], 0, b"x"))
    with pytest.raises(CommandError, match=r"train.rec: record 0 has label .* not in 0..2"):
        RecordFile(tmp_path / "train.rec", classes=3)


def test_several_labels_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "train.rec").open("wb") as file:
        RecordWriter(file).write(pack_image([0, 1], 0, b"x"))
    with pytest.raises(CommandError, match="record 0 has 2 labels"):
        RecordFile(tmp_path / "train.rec", classes=3)


@pytest.mark.parametrize("kept", [-4, -64, 4, 12])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, kept: int) -> None:
    path = write_records(tmp_path / "train.rec", [0, 1])
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CommandError, match=r"train.rec is cut off"):
        RecordFile(path, classes=3)


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "empty"), (b"no record", "not a RecordIO file")]
)
def test_a_file_that_is_not_recordio_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "train.rec"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        RecordFile(path, classes=3)


def test_a_header_that_contains_the_magic_number_is_read(tmp_path: Path) -> None:
    """The identifier may be any number, including the one that splits a record."""
    record = IMAGE_HEADER.pack(0, 2.0, int.from_bytes(MAGIC, "little"), 0) + b"content"
    (tmp_path / "a.rec").write_bytes(frame(record))
    records = RecordFile(tmp_path / "a.rec", classes=3)
    assert (records.label(0), records.image(0)) == (2, b"content")


@given(st.lists(st.lists(st.integers(0, 8), min_size=1, max_size=4), min_size=1, max_size=4))
def test_several_files_are_read_as_one(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[int]]
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    paths = [folder / f"train-{number:05}.rec" for number in range(len(files))]
    for path, labels in zip(paths, files, strict=True):
        numbered = enumerate(labels)
        contents = (pack_image([label], key, b"%d" % label) for key, label in numbered)
        path.write_bytes(b"".join(map(frame, contents)))
    records = Records.scan(paths, classes=9)
    expected = [label for labels in files for label in labels]
    assert [records.label(i) for i in range(len(records))] == expected
    assert [records.image(i) for i in range(len(records))] == [b"%d" % n for n in expected]
    last = f"{paths[-1].name}: record {len(files[-1]) - 1} (key {len(files[-1]) - 1})"
    assert records.describe(len(records) - 1) == last
    with pytest.raises(IndexError):
        records.label(len(records))


def test_a_file_that_changed_since_it_was_scanned_is_an_error(tmp_path: Path) -> None:
    path = write_records(tmp_path / "train.rec", [0, 1])
    records = RecordFile(path, classes=3)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 8)
    with pytest.raises(CommandError, match=r"train\.rec: record 1 is cut off"):
        records.image(1)


def test_the_index_takes_a_few_bytes_a_record(tmp_path: Path) -> None:
    """A million images must not need more memory than the network."""
    count = 20_000
    (tmp_path / "a.rec").write_bytes(frame(pack_image([1], 0, b"x" * 100)) * count)
    tracemalloc.start()
    try:
        records = RecordFile(tmp_path / "a.rec", classes=2)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(records) == count
    assert held < 16 * count
