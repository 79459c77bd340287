"""Reuse of earlier records: only unchanged images with the same settings."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from include.image_classification.conversion import convert, im2rec
from include.image_classification.conversion import encoding as encoding_module
from include.image_classification.conversion.encoding import Encoding
from tests.include.image_classification.conversion.listed_photos import (
    SIZES,
    listing,
    outputs,
    settle,
)
from tests.include.image_classification.dataset.sample_sources import photo


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The photos that have been decoded and encoded."""
    seen: list[bytes] = []

    def recording(data: bytes, encoding: Encoding) -> bytes:
        seen.append(data)
        return encoding_module.encode(data, encoding)

    monkeypatch.setattr(convert, "encode", recording)
    return seen


def test_an_unchanged_image_is_not_decoded_again(
    tmp_path: Path, root: Path, encoded: list[bytes]
) -> None:
    """Also with another name, label or index; the files are the same as without reuse."""
    prefix = listing(tmp_path / "actual" / "set", root)
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


def test_no_reuse_leaves_no_notes(tmp_path: Path, root: Path, encoded: list[bytes]) -> None:
    """The same files as MXNet's tool; old notes would not match the new records."""
    prefix = listing(tmp_path / "actual" / "set", root)
    run = [str(prefix), str(root), "--resize", "20"]
    im2rec.main(run)
    im2rec.main([*run, "--no-reuse"])
    assert sorted(path.suffix for path in prefix.parent.iterdir()) == [".idx", ".lst", ".rec"]
    encoded.clear()
    im2rec.main(run)
    assert len(encoded) == len(SIZES)


def test_an_unchanged_file_is_not_read(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(root)
    prefix = listing(tmp_path / "actual" / "set", root)
    im2rec.main([str(prefix), str(root)])
    first = outputs(prefix)
    read: list[str] = []

    def hashed(data: bytes = b"") -> object:
        read.append("a photo")
        raise AssertionError(data[:9])

    monkeypatch.setattr(hashlib, "sha256", hashed)
    im2rec.main([str(prefix), str(root)])
    assert (outputs(prefix), read) == (first, [])


def test_a_changed_file_with_the_same_size_and_time_is_detected(
    tmp_path: Path, root: Path, encoded: list[bytes]
) -> None:
    """As after `cp --preserve`: only the change time differs."""
    settle(root)
    prefix = listing(tmp_path / "actual" / "set", root)
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
def test_damaged_earlier_records_are_encoded_again(
    tmp_path: Path, root: Path, spoil: Spoil, encoded: list[bytes]
) -> None:
    prefix = listing(tmp_path / "actual" / "set", root)
    im2rec.main([str(prefix), str(root)])
    whole = outputs(prefix)
    spoil(prefix)
    encoded.clear()
    im2rec.main([str(prefix), str(root)])
    assert outputs(prefix) == whole
    assert len(encoded) == len(SIZES)


def test_other_settings_reuse_no_records(tmp_path: Path, root: Path, encoded: list[bytes]) -> None:
    prefix = listing(tmp_path / "actual" / "set", root)
    im2rec.main([str(prefix), str(root), "--resize", "20"])
    encoded.clear()
    im2rec.main([str(prefix), str(root), "--resize", "20", "--quality", "90"])
    assert len(encoded) == len(SIZES)


def test_notes_keep_the_keys_of_earlier_versions(tmp_path: Path, root: Path) -> None:
    """Protects the records of earlier versions from being encoded again after an update."""
    prefix = listing(tmp_path / "set", root)
    im2rec.main([str(prefix), str(root), "--resize", "20"])
    with np.load(prefix.with_suffix(".reuse.npz")) as notes:
        assert sorted(notes) == ["made_by", "rows", "size"]
        settings = json.loads(str(notes["made_by"]))
    del settings["opencv"]
    assert settings == {
        "encoder": 2, "resize": 20, "fit": "keep", "quality": 95, "color": 1, "format": ".jpg",
        "pass_through": False,
    }  # fmt: skip
