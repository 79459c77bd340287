"""Lists to records: as with MXNet's tool except for pixels, and no image is skipped silently."""

import logging
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.conversion import im2rec
from include.image_classification.images.resizing import Image
from include.image_classification.mxnet_import import mx
from include.image_classification.recordio.framing import MAGIC, read_records
from include.image_classification.recordio.image_records import unpack_image
from tests.include.image_classification.conversion import mxnet_tool
from tests.include.image_classification.conversion.listed_photos import SIZES, listing, outputs
from tests.include.image_classification.dataset.sample_sources import photo


def both(
    tmp_path: Path, root: Path, *flags: str, lines: list[str] | None = None
) -> tuple[Path, Path]:
    actual = listing(tmp_path / "actual" / "set", root, lines)
    expected = listing(tmp_path / "expected" / "set", root, lines)
    im2rec.main([str(actual), str(root), *flags])
    mxnet_tool.convert(expected, root, *flags)
    return actual, expected


def images(prefix: Path) -> list[tuple[tuple[float, ...], int, Image]]:
    found = []
    for record in read_records(prefix.with_suffix(".rec")):
        image = unpack_image(record)
        pixels = cv2.imdecode(np.frombuffer(image.content, np.uint8), cv2.IMREAD_UNCHANGED)
        found.append((image.labels, image.identifier, np.asarray(pixels, np.uint8)))
    return found


def test_passed_through_files_are_identical_to_mxnets(tmp_path: Path, root: Path) -> None:
    actual, expected = both(tmp_path, root, "--pass-through")
    assert outputs(actual) == outputs(expected)


def test_several_labels_are_packed_as_by_mxnet(tmp_path: Path, root: Path) -> None:
    lines = ["3\t1.000000\t2.500000\t0.jpg", "9\t4.000000\t1.jpg"]
    for flags in (["--pass-through", "--pack-label"], ["--pass-through"]):
        actual, expected = both(tmp_path, root, *flags, lines=lines)
        assert outputs(actual) == outputs(expected)


@pytest.mark.parametrize(
    "flags",
    [
        [], ["--resize", "20"], ["--resize", "100"], ["--center-crop"],
        ["--center-crop", "--resize", "32"], ["--resize", "25", "--quality", "80"],
        ["--color", "0", "--resize", "20"], ["--color", "-1"],
        ["--encoding", ".png", "--quality", "3", "--resize", "20"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_flags_have_mxnets_meaning(tmp_path: Path, root: Path, flags: list[str]) -> None:
    """Labels, identifiers, sizes and channels are equal; pixels differ by the interpolation."""
    pairs = zip(*map(images, both(tmp_path, root, *flags)), strict=True)
    for (labels, number, pixels), (expected_labels, expected_number, expected) in pairs:
        assert (labels, number, pixels.shape) == (expected_labels, expected_number, expected.shape)
        assert np.abs(pixels.astype(int) - expected).mean() < 2.5


def test_mxnet_reads_the_records_by_key(tmp_path: Path, root: Path) -> None:
    prefix = listing(tmp_path / "actual" / "set", root)
    im2rec.main([str(prefix), str(root), "--resize", "20"])
    records = mx.recordio.MXIndexedRecordIO(f"{prefix}.idx", f"{prefix}.rec", "r")
    header, image = mx.recordio.unpack_img(records.read_idx(12))
    assert (header.id, header.label) == (12, 2.0)
    assert image.shape == (20, 20, 3)


def test_a_payload_with_the_magic_number_is_compatible_with_mxnet(
    tmp_path: Path, root: Path
) -> None:
    """A record that contains the number at a multiple of four is split there."""
    payload = MAGIC * 3 + b"x" * 4 + MAGIC + b"tail"
    (root / "magic.jpg").write_bytes(payload)
    actual, expected = both(tmp_path, root, "--pass-through")
    assert outputs(actual) == outputs(expected)
    assert unpack_image(list(read_records(expected.with_suffix(".rec")))[-1]).content == payload
    reader = mx.recordio.MXRecordIO(f"{actual}.rec", "r")
    read = [mx.recordio.unpack(reader.read())[1] for _ in range(len(SIZES) + 1)]
    assert read[-1] == payload


def test_the_number_of_threads_does_not_change_the_records(tmp_path: Path, root: Path) -> None:
    prefix = listing(
        tmp_path / "actual" / "set", root, [f"{i}\t0\t{i % 5}.jpg" for i in range(200)]
    )
    made = set()
    for threads in ("1", "2", "7"):
        im2rec.main(
            [str(prefix), str(root), "--resize", "9", "--num-thread", threads, "--no-reuse"]
        )
        made.add(outputs(prefix))
    assert len(made) == 1


def test_squash_gives_a_square_of_the_whole_photo(tmp_path: Path, root: Path) -> None:
    prefix = listing(tmp_path / "actual" / "set", root)
    im2rec.main([str(prefix), str(root), "--resize", "16", "--fit", "squash"])
    assert {pixels.shape for _, _, pixels in images(prefix)} == {(16, 16, 3)}


def test_all_lists_with_the_prefix_are_converted(tmp_path: Path, root: Path) -> None:
    for name in ("set_train", "set_val", "other"):
        listing(tmp_path / "actual" / name, root)
    im2rec.main([str(tmp_path / "actual" / "set"), str(root)])
    made = {path.name for path in (tmp_path / "actual").glob("*.rec")}
    assert made == {"set_train.rec", "set_val.rec"}
    im2rec.main([str(tmp_path / "actual"), str(root)])
    assert (tmp_path / "actual" / "other.rec").exists()


def damage(root: Path) -> None:
    whole = photo(5, 64, 64)
    (root / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "text.jpg").write_text("no image")
    middle = len(whole) // 2
    (root / "holed.jpg").write_bytes(whole[:middle] + b"\xff\xd5" * 40 + whole[middle + 80 :])


def test_unreadable_images_are_an_error_and_the_earlier_files_stay(
    tmp_path: Path, root: Path
) -> None:
    """MXNet skips them with a message, and stores a truncated photo half gray."""
    prefix = listing(tmp_path / "actual" / "set", root)
    im2rec.main([str(prefix), str(root)])
    former = outputs(prefix)
    damage(root)
    listing(prefix, root, [*prefix.with_suffix(".lst").read_text().splitlines(), "9\t0\tgone.jpg",
                           "20\t0\tcut.jpg", "21\t1\ttext.jpg", "22\t1\tholed.jpg"])  # fmt: skip
    with pytest.raises(CommandError, match=r"4 images of set\.lst cannot be read \(gone\.jpg: "):
        im2rec.main([str(prefix), str(root)])
    assert outputs(prefix) == former
    assert not list(prefix.parent.glob("*.part"))


def test_skipped_images_are_listed_with_their_lines(
    tmp_path: Path, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(root)
    lines = ["20\t0.000000\tcut.jpg", "21\t1.000000\ttext.jpg", "22\t1.000000\tholed.jpg"]
    prefix = listing(tmp_path / "actual" / "set", root, ["1\t2.000000\t0.jpg", *lines])
    with caplog.at_level(logging.WARNING):
        im2rec.main([str(prefix), str(root), "--skip-unreadable"])
    assert [number for _, number, _ in images(prefix)] == [1]
    assert prefix.with_suffix(".skipped.lst").read_text().splitlines() == lines
    assert "cut.jpg: it is cut off" in caplog.text
    assert "text.jpg: it cannot be decoded" in caplog.text
    assert "holed.jpg: " in caplog.text


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["prefix"], "ROOT is missing after prefix"),
        (["--list"], "--list needs PREFIX and ROOT"),
        (["prefix", "root", "--center-crop", "--fit", "squash"], "contradict each other"),
        (["prefix", "root", "--fit", "squash"], "needs --resize"),
        (["prefix", "root", "--quality", "0"], "argument --quality"),
        (["prefix", "root", "--color", "2"], "argument --color"),
        (["prefix", "root", "--num-thread", "0"], "argument --num-thread"),
        (["p", "r", "--list", "--train-ratio", "0.8", "--test-ratio", "0.5"], "more than 1"),
        (["nowhere/set", "root"], r"no list matches .*nowhere/set\*\.lst"),
    ],
)
def test_an_invalid_command_line_is_an_error(flags: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        im2rec.main(flags)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_the_earlier_files(
    tmp_path: Path, root: Path, ending: signal.Signals
) -> None:
    prefix = listing(tmp_path / "actual" / "set", root)
    im2rec.main([str(prefix), str(root)])
    former = outputs(prefix)
    (root / "large.png").write_bytes(photo(1, 600, 600, ".png"))
    listing(prefix, root, [f"{i}\t0\tlarge.png" for i in range(3000)])
    command = [
        sys.executable,
        "-m",
        "include.image_classification",
        "im2rec",
        str(prefix),
        str(root),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part = prefix.with_name("set.rec.part")
    while not part.exists() or not part.stat().st_size:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(ending)
    assert process.wait(60) != 0
    assert outputs(prefix) == former
    assert part.exists() == (ending == signal.SIGKILL)
    listing(prefix, root, ["0\t0\t0.jpg"])
    im2rec.main([str(prefix), str(root)])
    assert not list(prefix.parent.glob("*.part"))
