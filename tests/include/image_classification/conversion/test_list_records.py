"""Lists to records as MXNet's tool makes them, but for the pixels, and with no image lost."""

import hashlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from include.image_classification.container import ProgramError
from include.image_classification.conversion import convert, im2rec
from include.image_classification.conversion import encoding as encoding_module
from include.image_classification.conversion.encoding import Encoding
from include.image_classification.images.resizing import Image
from include.image_classification.mxnet_import import mx
from include.image_classification.recordio.framing import MAGIC, read_records
from include.image_classification.recordio.image_records import unpack_image
from tests.include.image_classification.conversion import mxnet_tool
from tests.include.image_classification.dataset.making import photo

SIZES = [(60, 40), (41, 90), (30, 30), (200, 131), (17, 25)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Photos of several sizes, of smooth colours, so that two ways of shrinking look alike."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, (width, height) in enumerate(SIZES):
        across = np.linspace(0, 200, width)[None, :, None]
        down = np.linspace(0, 55, height)[:, None, None]
        image = (across + down + np.array([0, 20, 40]) * number / 4).clip(0, 255)
        cv2.imwrite(str(folder / f"{number}.jpg"), image.astype(np.uint8))
    return folder


def listing(prefix: Path, root: Path, lines: list[str] | None = None) -> Path:
    prefix.parent.mkdir(exist_ok=True)
    names = sorted(os.listdir(root))
    rows = lines or [f"{10 + i}\t{i % 3}.000000\t{name}" for i, name in enumerate(names)]
    prefix.with_suffix(".lst").write_text("".join(f"{row}\n" for row in rows))
    return prefix


def settle(root: Path) -> None:
    """Make files look as if they had been there for long: only then their stamp is trusted."""
    while any(time.time() - file.stat().st_ctime < 2.1 for file in root.iterdir()):
        time.sleep(0.1)


def outputs(prefix: Path) -> tuple[bytes, bytes]:
    return prefix.with_suffix(".rec").read_bytes(), prefix.with_suffix(".idx").read_bytes()


def both(
    tmp_path: Path, root: Path, *flags: str, lines: list[str] | None = None
) -> tuple[Path, Path]:
    ours = listing(tmp_path / "ours" / "set", root, lines)
    theirs = listing(tmp_path / "theirs" / "set", root, lines)
    im2rec.main([str(ours), str(root), *flags])
    mxnet_tool.convert(theirs, root, *flags)
    return ours, theirs


def images(prefix: Path) -> list[tuple[tuple[float, ...], int, Image]]:
    found = []
    for record in read_records(prefix.with_suffix(".rec")):
        image = unpack_image(record)
        pixels = cv2.imdecode(np.frombuffer(image.content, np.uint8), cv2.IMREAD_UNCHANGED)
        found.append((image.labels, image.identifier, np.asarray(pixels, np.uint8)))
    return found


def test_passed_through_the_files_are_the_same(tmp_path: Path, root: Path) -> None:
    ours, theirs = both(tmp_path, root, "--pass-through")
    assert outputs(ours) == outputs(theirs)


def test_several_labels_are_packed_as_mxnet_packs_them(tmp_path: Path, root: Path) -> None:
    lines = ["3\t1.000000\t2.500000\t0.jpg", "9\t4.000000\t1.jpg"]
    for flags in (["--pass-through", "--pack-label"], ["--pass-through"]):
        ours, theirs = both(tmp_path, root, *flags, lines=lines)
        assert outputs(ours) == outputs(theirs)


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
def test_flags_mean_what_they_mean_to_mxnet(tmp_path: Path, root: Path, flags: list[str]) -> None:
    """The same labels, identifiers, sizes and channels; pixels differ by the way of shrinking."""
    pairs = zip(*map(images, both(tmp_path, root, *flags)), strict=True)
    for (labels, number, mine), (their_labels, their_number, theirs) in pairs:
        assert (labels, number, mine.shape) == (their_labels, their_number, theirs.shape)
        assert np.abs(mine.astype(int) - theirs).mean() < 2.5


def test_mxnet_reads_what_we_write_by_key(tmp_path: Path, root: Path) -> None:
    prefix = listing(tmp_path / "ours" / "set", root)
    im2rec.main([str(prefix), str(root), "--resize", "20"])
    records = mx.recordio.MXIndexedRecordIO(f"{prefix}.idx", f"{prefix}.rec", "r")
    header, image = mx.recordio.unpack_img(records.read_idx(12))
    assert (header.id, header.label) == (12, 2.0)
    assert image.shape == (20, 20, 3)


def test_a_payload_with_the_magic_number_survives_both_ways(tmp_path: Path, root: Path) -> None:
    """RecordIO's readers look for it at multiples of four; so a record that holds it is split."""
    payload = MAGIC * 3 + b"x" * 4 + MAGIC + b"tail"
    (root / "magic.jpg").write_bytes(payload)
    ours, theirs = both(tmp_path, root, "--pass-through")
    assert outputs(ours) == outputs(theirs)
    assert unpack_image(list(read_records(theirs.with_suffix(".rec")))[-1]).content == payload
    reader = mx.recordio.MXRecordIO(f"{ours}.rec", "r")
    read = [mx.recordio.unpack(reader.read())[1] for _ in range(len(SIZES) + 1)]
    assert read[-1] == payload


def test_any_number_of_threads_writes_the_same(tmp_path: Path, root: Path) -> None:
    prefix = listing(tmp_path / "ours" / "set", root, [f"{i}\t0\t{i % 5}.jpg" for i in range(200)])
    made = set()
    for threads in ("1", "2", "7"):
        im2rec.main(
            [str(prefix), str(root), "--resize", "9", "--num-thread", threads, "--no-reuse"]
        )
        made.add(outputs(prefix))
    assert len(made) == 1


def test_squash_shows_all_of_the_photo(tmp_path: Path, root: Path) -> None:
    prefix = listing(tmp_path / "ours" / "set", root)
    im2rec.main([str(prefix), str(root), "--resize", "16", "--fit", "squash"])
    assert {pixels.shape for _, _, pixels in images(prefix)} == {(16, 16, 3)}


def test_every_list_of_the_prefix_is_converted(tmp_path: Path, root: Path) -> None:
    for name in ("set_train", "set_val", "other"):
        listing(tmp_path / "ours" / name, root)
    im2rec.main([str(tmp_path / "ours" / "set"), str(root)])
    made = {path.name for path in (tmp_path / "ours").glob("*.rec")}
    assert made == {"set_train.rec", "set_val.rec"}
    im2rec.main([str(tmp_path / "ours"), str(root)])
    assert (tmp_path / "ours" / "other.rec").exists()


# What cannot be read.


def damage(root: Path) -> None:
    whole = photo(5, 64, 64)
    (root / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "text.jpg").write_text("no image")
    middle = len(whole) // 2
    (root / "holed.jpg").write_bytes(whole[:middle] + b"\xff\xd5" * 40 + whole[middle + 80 :])


def test_unreadable_images_are_an_error_that_leaves_the_former_files(
    tmp_path: Path, root: Path
) -> None:
    """MXNet prints and leaves them out; a cut one is even stored, half of it grey."""
    prefix = listing(tmp_path / "ours" / "set", root)
    im2rec.main([str(prefix), str(root)])
    former = outputs(prefix)
    damage(root)
    listing(prefix, root, [*prefix.with_suffix(".lst").read_text().splitlines(), "9\t0\tgone.jpg",
                           "20\t0\tcut.jpg", "21\t1\ttext.jpg", "22\t1\tholed.jpg"])  # fmt: skip
    with pytest.raises(ProgramError, match=r"4 images of set\.lst cannot be read \(gone\.jpg: "):
        im2rec.main([str(prefix), str(root)])
    assert outputs(prefix) == former
    assert not list(prefix.parent.glob("*.part"))


def test_skipped_images_are_listed_with_their_lines(
    tmp_path: Path, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(root)
    lines = ["20\t0.000000\tcut.jpg", "21\t1.000000\ttext.jpg", "22\t1.000000\tholed.jpg"]
    prefix = listing(tmp_path / "ours" / "set", root, ["1\t2.000000\t0.jpg", *lines])
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
def test_a_wrong_command_line_is_an_error(flags: list[str], message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        im2rec.main(flags)


# What was made earlier.


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The photos that have been decoded and encoded."""
    seen: list[bytes] = []

    def watched(data: bytes, encoding: Encoding) -> bytes:
        seen.append(data)
        return encoding_module.encode(data, encoding)

    monkeypatch.setattr(convert, "encode", watched)
    return seen


def test_an_unchanged_image_is_not_decoded_again(
    tmp_path: Path, root: Path, encoded: list[bytes]
) -> None:
    """Not even when it has another name, label or index; and the files are those of a first run."""
    prefix = listing(tmp_path / "ours" / "set", root)
    run = [str(prefix), str(root), "--resize", "20"]
    im2rec.main(run)
    encoded.clear()
    (root / "1.jpg").write_bytes(photo(77))
    (root / "2.jpg").rename(root / "renamed.jpg")
    listing(prefix, root, [f"{50 - i}\t{i}\t{name}" for i, name in enumerate(os.listdir(root))])
    im2rec.main(run)
    assert encoded == [photo(77)]
    again = outputs(prefix)
    im2rec.main([*run, "--no-reuse"])
    assert len(encoded) == 1 + len(SIZES)
    assert outputs(prefix) == again


def test_without_reuse_no_notes_stay_for_the_next_time(
    tmp_path: Path, root: Path, encoded: list[bytes]
) -> None:
    """As little is left as MXNet's tool leaves; notes of other records would mislead."""
    prefix = listing(tmp_path / "ours" / "set", root)
    run = [str(prefix), str(root), "--resize", "20"]
    im2rec.main(run)
    im2rec.main([*run, "--no-reuse"])
    assert sorted(path.suffix for path in prefix.parent.iterdir()) == [".idx", ".lst", ".rec"]
    encoded.clear()
    im2rec.main(run)
    assert len(encoded) == len(SIZES)


def test_an_unchanged_file_is_not_even_read(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(root)
    prefix = listing(tmp_path / "ours" / "set", root)
    im2rec.main([str(prefix), str(root)])
    first = outputs(prefix)
    read: list[str] = []

    def hashed(data: bytes = b"") -> object:
        read.append("a photo")
        raise AssertionError(data[:9])

    monkeypatch.setattr(hashlib, "sha256", hashed)
    im2rec.main([str(prefix), str(root)])
    assert (outputs(prefix), read) == (first, [])


def test_a_file_of_the_same_size_and_time_but_other_bytes_is_seen(
    tmp_path: Path, root: Path, encoded: list[bytes]
) -> None:
    """As after `cp --preserve`; only the time of the change gives it away."""
    settle(root)
    prefix = listing(tmp_path / "ours" / "set", root)
    im2rec.main([str(prefix), str(root), "--pass-through"])
    encoded.clear()
    file = root / "3.jpg"
    before, data = file.stat(), bytearray(file.read_bytes())
    data[-30] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    im2rec.main([str(prefix), str(root), "--pass-through"])
    assert encoded == [bytes(data)]


Spoil = Callable[[Path], object]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda prefix: os.truncate(prefix.with_suffix(".rec"), 1000),
        lambda prefix: prefix.with_suffix(".rec").write_bytes(
            bytes(prefix.with_suffix(".rec").stat().st_size)
        ),
        lambda prefix: prefix.with_suffix(".rec").unlink(),
        lambda prefix: os.truncate(prefix.with_suffix(".reuse.npz"), 100),
        lambda prefix: prefix.with_suffix(".reuse.npz").write_bytes(b""),
        lambda prefix: prefix.with_suffix(".reuse.npz").unlink(),
    ],
    ids=["cut", "zeros", "gone", "notes cut", "notes empty", "notes gone"],
)
def test_damaged_earlier_records_are_made_again(
    tmp_path: Path, root: Path, spoil: Spoil, encoded: list[bytes]
) -> None:
    prefix = listing(tmp_path / "ours" / "set", root)
    im2rec.main([str(prefix), str(root)])
    whole = outputs(prefix)
    spoil(prefix)
    encoded.clear()
    im2rec.main([str(prefix), str(root)])
    assert outputs(prefix) == whole
    assert len(encoded) == len(SIZES)


def test_other_settings_take_nothing_over(tmp_path: Path, root: Path, encoded: list[bytes]) -> None:
    prefix = listing(tmp_path / "ours" / "set", root)
    im2rec.main([str(prefix), str(root), "--resize", "20"])
    encoded.clear()
    im2rec.main([str(prefix), str(root), "--resize", "20", "--quality", "90"])
    assert len(encoded) == len(SIZES)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_the_former_files(
    tmp_path: Path, root: Path, ending: signal.Signals
) -> None:
    prefix = listing(tmp_path / "ours" / "set", root)
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
