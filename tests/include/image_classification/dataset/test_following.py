"""Versions after the first: images are not decoded again, written again or moved."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from include.contracts.dataset import Box, Split
from include.image_classification.conversion import im2rec
from include.image_classification.dataset import layouts
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.contract import Source
from include.image_classification.dataset.version import photo_check as photo_check
from include.image_classification.dataset.version import pictures
from include.image_classification.dataset.version.photo_check import Photo
from include.image_classification.images import strict_decoding as photo_decoding
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import class_folders, photo


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes of decoded photos."""
    names: list[str] = []
    decode = photo_decoding.decode_small

    def counting(data: bytes, header: object) -> object:
        names.append(hashlib.sha256(data).hexdigest())
        return decode(data, header)  # type: ignore[arg-type]

    monkeypatch.setattr(photo_check, "decode_small", counting)
    return names


def give(
    monkeypatch: pytest.MonkeyPatch, photos: Sequence[tuple[str, bytes, Box | None, Split | None]]
) -> None:
    """Let the source have these photos, alternately cats and dogs, in any order."""

    def opened(folder: Path, classes: str | None) -> Source:
        def entries() -> Iterator[Photo]:
            for name, data, box, split in photos:
                yield Photo(name, int(name.split("-")[0]) % 2, data, box, split)

        return Source(["cat", "dog"], entries(), ["x"], Accounting(folder))

    monkeypatch.setitem(layouts.OPENERS, "class_folders", opened)


def test_only_new_photos_are_decoded(job: RefreshJob, decoded: list[str]) -> None:
    folder = class_folders(job.source, {"cat": 5, "dog": 5})
    first = job.run()
    assert len(decoded) == 10
    job.follow(first)
    new = photo(99)
    (folder / "cat" / "new.jpg").write_bytes(new)
    decoded.clear()
    second = job.run()
    assert decoded == [hashlib.sha256(new).hexdigest()]
    assert {row["sha256"] for row in job.rows(second, "hashes.jsonl")} == {
        image.sha256 for image in job.version(second).images
    }


@pytest.mark.parametrize("content", [None, "", "{", '{"sha256": "x"}\n'])
def test_without_the_hashes_photos_are_decoded_again(
    job: RefreshJob, decoded: list[str], content: str | None
) -> None:
    """For an old version without hashes, or a damaged file."""
    class_folders(job.source, {"cat": 5, "dog": 5})
    first = job.run()
    job.follow(first)
    hashes = job.previous / "hashes.jsonl"
    hashes.unlink() if content is None else hashes.write_text(content)
    decoded.clear()
    assert job.run()["unchanged"]
    assert len(decoded) == 10


def test_hashes_and_pages_do_not_change_a_versions_name(job: RefreshJob) -> None:
    class_folders(job.source, {"cat": 5, "dog": 5})
    first = job.run()
    job.follow(first)
    (job.previous / "hashes.jsonl").write_text("")
    assert job.run()["version"] == first["version"]


def test_store_all_stores_all_images_again(
    job: RefreshJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restores removed files, both whole photos and cropped images."""
    box = Box(2, 2, 30, 20)
    give(monkeypatch, [(f"{n}-a", photo(n), box if n < 4 else None, None) for n in range(8)])
    class_folders(job.source, {"cat": 1})
    flags = ("--boxes", "crop")
    first = job.run(*flags)
    images = job.files("images")
    assert len(images) == 8
    job.follow(first)
    assert job.run(*flags)["unchanged"]
    assert not job.files("images")
    assert job.run(*flags, "--store", "all")["unchanged"]
    assert job.files("images") == images


def test_cropped_images_are_recognized_in_the_next_version(
    job: RefreshJob, monkeypatch: pytest.MonkeyPatch, decoded: list[str]
) -> None:
    monkeypatch.setattr(pictures, "SAMPLES", 2)
    photos = [(f"{n}-a", photo(n), Box(2, 2, 30, 20), None) for n in range(6)]
    # Another part of one photo, and the same part again.
    photos += [
        ("0-b", photo(0), Box(0, 0, 20, 20), None),
        ("0-c", photo(0), Box(2, 2, 30, 20), None),
    ]
    photos += [("1-far", photo(77), Box(90, 90, 99, 99), None)]
    give(monkeypatch, photos)
    class_folders(job.source, {"cat": 1})
    flags = ("--boxes", "crop", "--box-margin", "0.1")
    report = job.run(*flags)
    version = job.version(report)
    assert report["counts"] | {"images": 7, "deduplicated": 1, "quarantined": 1} == report["counts"]
    assert (report["settings"]["boxes"], report["settings"]["box_margin"]) == ("crop", 0.1)
    assert {row["reason"] for row in job.rows(report, "quarantine.jsonl")} == {"bad-box"}
    for image in version.images:
        data = (job.output / "images" / image.key).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (image.sha256, image.size)
        assert image.cut is not None
    splits = {image.split for image in version.images if image.path.startswith("0-")}
    assert len(splits) == 1, "two parts of one photo, one of which trains, would leak"
    job.follow(report)
    decoded.clear()
    assert job.run(*flags)["unchanged"]
    assert len(set(decoded)) == 4, (
        "for each class, one image is cropped again for the page, and a spare one"
    )
    wider = job.run("--boxes", "crop", "--box-margin", "0.2")
    assert not wider["unchanged"]
    before = {image.path: image.split for image in version.images}
    after = {image.path: image.split for image in job.version(wider).images}
    assert before == {path: after[path] for path in before}


def test_photos_that_are_cropped_later_keep_their_split(
    job: RefreshJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their bytes differ, but a model was trained on the same picture."""
    give(monkeypatch, [(f"{n}-a", photo(n), Box(0, 0, 24, 20), None) for n in range(30)])
    class_folders(job.source, {"cat": 1})
    whole = job.run()
    before = {image.path: image.split for image in job.version(whole).images}
    job.follow(whole)
    after = job.version(job.run("--boxes", "crop")).images
    assert {image.path: image.split for image in after} == before


@pytest.mark.parametrize("reverse", [False, True])
def test_the_sources_own_split_is_used_if_configured(
    job: RefreshJob, monkeypatch: pytest.MonkeyPatch, reverse: bool
) -> None:
    source_splits: list[Split | None] = ["test", "train", None, "validation"]
    photos = [(f"{n}-a", photo(n), None, source_splits[n // 2 % 4]) for n in range(24)]
    # In both the training and the test set of the source: it must not be trained on.
    photos += [("0-b", photo(99), None, "train"), ("0-c", photo(99), None, "test")]
    give(monkeypatch, photos[::-1] if reverse else photos)
    class_folders(job.source, {"cat": 1})
    report = job.run("--split", "source")
    splits = {image.path: image.split for image in job.version(report).images}
    expected = {0: "test", 1: "train", 2: "train", 3: "validation"}
    assert splits == {f"{n}-a": expected[n // 2 % 4] for n in range(24)} | {"0-c": "test"}
    (row,) = job.rows(report, "duplicates.jsonl")
    assert (row["path"], row["kept"]) == ("0-b", "0-c")
    assert row["note"] == "the source also has it in train; kept in test"
    by_ratio = job.run()
    assert by_ratio["counts"]["test"] == 2
    assert by_ratio["settings"]["split"] == "ratio"


def test_a_training_photo_never_becomes_a_test_photo(
    job: RefreshJob, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    photos = [(f"{n}-a", photo(n), None) for n in range(20)]
    give(monkeypatch, [(*row, None) for row in photos])
    class_folders(job.source, {"cat": 1})
    first = job.run("--split", "source")
    before = {image.path: image.split for image in job.version(first).images}
    job.follow(first)
    give(monkeypatch, [(*row, "test") for row in photos])
    second = job.run("--split", "source")
    assert second["unchanged"]
    assert "16 photos stay in train, although the source has them in test" in caplog.text
    assert set(before.values()) == {"train", "validation", "test"}


def test_a_class_without_training_images_is_named(
    job: RefreshJob, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    photos: list[tuple[str, bytes, Box | None, Split | None]] = [
        (f"{n}-a", photo(n), None, "test" if n % 2 else None) for n in range(10)
    ]
    give(monkeypatch, photos)
    class_folders(job.source, {"cat": 1})
    job.run("--split", "source")
    assert "1 classes have no train images, for example 'dog'" in caplog.text


def test_an_older_version_stays_complete_and_convertible(job: RefreshJob) -> None:
    """Also with photos that a later version no longer has."""
    folder = class_folders(job.source, {"cat": 6, "dog": 6})
    first = job.run()
    store = job.base / "processing" / "input" / "images"
    shutil.copytree(job.output / "images", store)
    job.follow(first)
    (folder / "cat" / "0.jpg").unlink()
    (folder / "dog" / "1.jpg").rename(folder / "cat" / "1-moved.jpg")
    second = job.run()
    assert second["version"] != first["version"]
    shutil.copytree(job.output / "images", store, dirs_exist_ok=True)
    shutil.copytree(job.previous, job.base / "processing" / "input" / "version")
    im2rec.main(["--resize", "16"])
    result = job.output / "result" / "recordio.json"
    assert json.loads(result.read_text())["dataset_version"] == first["version"]
