"""Record files: identical to MXNet's, in both directions."""

import io
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
from include.image_classification.recordio.framing import (
    MAGIC,
    RecordWriter,
    frame,
    read_records,
    unframe,
)

# Payloads that probably contain the magic number, at multiples of four and elsewhere.
PAYLOADS = st.lists(
    st.sampled_from([MAGIC, b"\0", b"ab", b"abcd", MAGIC[:3]]) | st.binary(max_size=9), max_size=12
).map(b"".join)


CASES = [
    b"",
    b"x",
    b"1234",
    MAGIC,
    MAGIC * 3,
    b"1234" + MAGIC + b"5",
    b"1" + MAGIC,
    MAGIC + b"12345678",
]


def written(path: Path, records: list[bytes]) -> Path:
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for record in records:
            writer.write(record)
    return path


def written_by_mxnet(path: Path, records: list[bytes]) -> Path:
    writer = mx.recordio.MXRecordIO(str(path), "w")
    for record in records:
        writer.write(record)
    writer.close()
    return path


def test_files_are_identical_to_mxnets_and_readable_by_both(tmp_path: Path) -> None:
    records = [*CASES, os.urandom(10_001)]
    actual = written(tmp_path / "actual.rec", records)
    expected = written_by_mxnet(tmp_path / "expected.rec", records)
    assert actual.read_bytes() == expected.read_bytes()
    assert list(read_records(expected)) == records
    reader = mx.recordio.MXRecordIO(str(actual), "r")
    # MXNet reads an empty record as the end of the file: skip it.
    reader.read()
    assert [reader.read() for _ in records[1:]] == records[1:]


@given(st.lists(PAYLOADS.filter(bool), min_size=1, max_size=5))
def test_any_records_are_framed_as_by_mxnet(records: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        expected = written_by_mxnet(Path(folder) / "any.rec", records)
        assert b"".join(map(frame, records)) == expected.read_bytes()
        assert [unframe(frame(record), "a record") for record in records] == records
        assert list(read_records(expected)) == records


def test_offsets_are_valid_in_an_index_file(tmp_path: Path) -> None:
    file = io.BytesIO()
    writer = RecordWriter(file)
    offsets = [writer.write(record) for record in CASES]
    (tmp_path / "a.rec").write_bytes(file.getvalue())
    (tmp_path / "a.idx").write_text("".join(f"{i}\t{at}\n" for i, at in enumerate(offsets)))
    reader = mx.recordio.MXIndexedRecordIO(str(tmp_path / "a.idx"), str(tmp_path / "a.rec"), "r")
    assert [reader.read_idx(i) for i in range(1, len(CASES))] == CASES[1:]


@pytest.mark.parametrize("cut", [1, 4, 7, 9, 40])
def test_a_file_cut_off_anywhere_is_an_error(tmp_path: Path, cut: int) -> None:
    """MXNet's reader aborts the process on some of these and stops early on others."""
    path = written(tmp_path / "a.rec", [b"1234" + MAGIC + b"x" * 30, b"y" * 33])
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(CommandError, match=r"a\.rec is cut off: the record at byte \d+"):
        list(read_records(path))


@pytest.mark.parametrize(
    "data",
    [
        b"not a record file",
        frame(b"1234" + MAGIC)[:12],  # a first part without its last
        frame(b"1234" + MAGIC)[12:],  # a last part without its first
        frame(b"1234" + MAGIC)[:12] + MAGIC + (7 << 29).to_bytes(4, "little") + frame(b""),
    ],
)
def test_another_file_is_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.rec").write_bytes(data)
    with pytest.raises(CommandError, match=r"a\.rec is (damaged|cut off|not a RecordIO file)"):
        list(read_records(tmp_path / "a.rec"))
