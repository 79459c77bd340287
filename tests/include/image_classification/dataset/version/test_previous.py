"""What a refresh reads of the previous version's files."""

import json
from pathlib import Path

import pytest

from include.image_classification.dataset.version.ledger import LEDGER, SplitLedger
from include.image_classification.dataset.version.manifest import (
    Image,
    Version,
    write_json,
    write_version,
)
from include.image_classification.dataset.version.previous import (
    HASHES,
    LEAKAGE,
    LOOK_ALIKE_PAIRS,
    PreviousVersion,
    read_previous_version,
    write_hashes,
)

IMAGES = [
    Image(f"{n}.jpg", f"{n:064x}", 1, 20, 20, 0, "train", f"00/{n:064x}.jpg") for n in range(3)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a version with hashes and similar images."""
    version = Version(IMAGES, ["cat"])
    write_version(tmp_path / "version", version, [], [])
    write_json(tmp_path / "version" / "dataset.json", {"version": version.name})
    write_hashes(tmp_path / "version", IMAGES, [7, 8, 2**64 - 1])
    pair = json.dumps({"test": "0.jpg", "train": "1.jpg", "distance": 1, "split": "train"})
    (tmp_path / "version" / LEAKAGE).write_text(f"{pair}\n" * (LOOK_ALIKE_PAIRS + 5))
    return tmp_path / "version"


def read(folder: Path) -> PreviousVersion:
    return read_previous_version(folder, folder.parent / "ledger")


def test_hashes_are_those_of_the_images_and_few_similar_images_are_read(folder: Path) -> None:
    previous = read(folder)
    assert list(previous.hashes) == [7, 8, 2**64 - 1]
    known = previous.known(without_cuts=lambda _: True)
    assert [content.perceptual_hash for content in known.values()] == [7, 8, 2**64 - 1]
    assert len(previous.look_alikes) == 2 * LOOK_ALIKE_PAIRS


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-1],
        lambda lines: lines[::-1],
        lambda lines: [*lines, lines[0]],
        lambda lines: [*lines[:-1], "{"],
        lambda lines: [*lines[:-1], lines[-1].replace("ffffffff", "x")],
        lambda lines: [*lines[:-1], lines[-1].replace("ffffffff", "fffffffff")],
    ],
)
def test_without_the_hashes_of_all_images_photos_are_decoded_again(
    folder: Path, change: object
) -> None:
    path = folder / HASHES
    assert callable(change)
    path.write_text("\n".join(change(path.read_text().splitlines())))
    assert not read(folder).known(without_cuts=lambda _: True)


def test_photos_of_the_version_are_held_once_although_the_ledger_has_them(folder: Path) -> None:
    (folder.parent / "ledger").mkdir()
    rows = {image.sha256: "validation" for image in IMAGES} | {"gone": "test"}
    SplitLedger().write(folder.parent / "ledger" / LEDGER, rows)  # type: ignore[arg-type]
    previous = read(folder)
    splits = previous.splits({*rows, "new"})
    assert splits == {**dict.fromkeys((image.sha256 for image in IMAGES), "train"), "gone": "test"}
    held = {id(image.sha256) for image in previous.images}
    assert sum(id(photo) in held for photo in splits) == len(IMAGES)


def test_images_share_the_names_of_splits(folder: Path) -> None:
    assert len({id(image.split) for image in read(folder).images}) == 1
