"""Lists and photos as people have them: numbers out of range, pipes, huge pictures, empty lists."""

import logging
import os
import re
import struct
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.conversion import im2rec
from include.image_classification.recordio.framing import read_records
from tests.include.image_classification.conversion.listed_photos import listing
from tests.include.image_classification.dataset.sample_sources import photo


def announcing(width: int, height: int) -> bytes:
    """Return a small JPEG whose header announces this size."""
    data = photo(0, width=16, height=16)
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


def convert(tmp_path: Path, root: Path, *lines: str) -> Path:
    prefix = listing(tmp_path / "lists" / "set", root, list(lines))
    im2rec.main([str(prefix), str(root)])
    return prefix


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-5\t0\t0.jpg", r"set\.lst line 1: the index -5 is out of range; .* 0 to 1844"),
        (f"{2**64}\t0\t0.jpg", f"the index {2**64} is out of range"),
        ("--1\t0\t0.jpg", "the index '--1' is not a whole number"),
        (f"{'9' * 5000}\t0\t0.jpg", "the index '9{40}' is not a whole number"),
        ("0\t1e39\t0.jpg", r"the label 1e\+39 is out of range"),
        ("0\tnan\t0.jpg", "the label nan is out of range"),
    ],
)
def test_numbers_that_a_record_cannot_hold_are_named(
    tmp_path: Path, root: Path, line: str, message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        convert(tmp_path, root, line)


def test_the_largest_index_is_packed(tmp_path: Path, root: Path) -> None:
    prefix = convert(tmp_path, root, f"{2**64 - 1}\t0\t0.jpg")
    assert len(list(read_records(prefix.with_suffix(".rec")))) == 1


@pytest.mark.timeout(20)
def test_a_named_pipe_is_not_waited_for(tmp_path: Path, root: Path) -> None:
    os.mkfifo(root / "pipe.jpg")
    with pytest.raises(CommandError, match=r"pipe\.jpg: it is not a regular file"):
        convert(tmp_path, root, "0\t0\tpipe.jpg")


@pytest.mark.parametrize("end", [0, -2], ids=["whole", "cut off"])
def test_a_huge_picture_is_refused_by_its_header(
    tmp_path: Path, root: Path, end: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = announcing(65500, 65500)
    (root / "huge.jpg").write_bytes(data[:end] if end else data)
    for decoder in ("cv2.imdecode", "simplejpeg.decode_jpeg"):
        monkeypatch.setattr(decoder, lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(CommandError, match=r"huge\.jpg: it is (too large: 65500 x 65500|cut off)"):
        convert(tmp_path, root, "0\t0\thuge.jpg")


def test_a_list_written_on_windows_is_read(tmp_path: Path, root: Path) -> None:
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "sub" / "deep" / "a.jpg").write_bytes(photo(1))
    (root / "back\\slash.jpg").write_bytes(photo(2))
    prefix = convert(tmp_path, root, "0\t0\tsub\\deep\\a.jpg", "1\t0\tback\\slash.jpg")
    assert len(list(read_records(prefix.with_suffix(".rec")))) == 2


def test_an_empty_list_is_an_error_and_no_list_is_converted(tmp_path: Path, root: Path) -> None:
    prefix = listing(tmp_path / "lists" / "set", root, ["0\t0\t0.jpg"])
    prefix.with_name("set_test.lst").write_text(" \n\n")
    with pytest.raises(CommandError, match=r"set_test\.lst lists no images"):
        im2rec.main([str(prefix), str(root)])
    assert not prefix.with_suffix(".rec").exists()


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (("--train-ratio", "0.5", "--test-ratio", "0.02"), "set_test.lst"),
        (
            (
                "--train-ratio",
                "0.05",
            ),
            "set_train.lst",
        ),
        (("--chunks", "100"), r"set_\d+.lst"),
    ],
)
def test_an_empty_list_is_written_with_a_warning(
    tmp_path: Path, root: Path, flags: tuple[str, ...], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        im2rec.main(["--list", *flags, str(tmp_path / "set"), str(root)])
    assert re.search(f"{name} is empty: 5 images are too few", caplog.text)


def test_subfolders_that_are_not_listed_are_named(
    tmp_path: Path, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "cat").mkdir()
    (root / "cat" / "a.JPG").write_bytes(photo(1))
    (root / "notes").mkdir()
    (root / "notes" / "a.txt").write_text("none")
    arguments = ["--list", str(tmp_path / "set"), str(root)]
    with caplog.at_level(logging.WARNING):
        im2rec.main(arguments)
        (warning,) = caplog.messages
        assert warning.startswith("1 subfolders of ")
        assert "for example cat; list them with --recursive" in warning
        caplog.clear()
        im2rec.main(["--recursive", *arguments])
        assert caplog.messages == []
