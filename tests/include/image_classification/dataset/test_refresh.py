"""The command refresh: outputs, successive versions and failures."""

import hashlib
import json
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from tests.include.image_classification.dataset.refresh_job import (
    make_previous,
    output,
    run,
    source,
    stored,
    written,
)
from tests.include.image_classification.dataset.sample_sources import (
    class_folders,
    devkit,
    photo,
    stanford,
    tgz,
)


def test_the_first_version_stores_all_images_and_writes_a_report(base: Path) -> None:
    stanford(source(base), per_class=10)
    report = run(base, "--source-uri", "s3://b/source", "--source-fingerprint", "f1")
    version = written(base, report)
    assert report["counts"] == {
        "listed": 20, "images": 20, "quarantined": 0, "deduplicated": 0, "classes": 2,
        "train": 16, "validation": 2, "test": 2,
    }  # fmt: skip
    assert (report["previous"], report["unchanged"]) == (None, False)
    assert report["source"] == {
        "uri": "s3://b/source", "fingerprint": "f1", "layout": "stanford_cars",
        "files": ["cars_train.tgz", "car_devkit.tgz"], "left_alone": [],
        "notes": [
            "layout stanford_cars, as configured; it is also detected, because there is"
            " car_devkit.tgz",
            "photos: cars_train in cars_train.tgz, labelled by cars_train_annos.mat in"
            " car_devkit.tgz",
        ],
        "counts": {
            "found": 21, "used": 20, "quarantined": 0, "label_files": 1, "left_alone": 0,
        },
    }  # fmt: skip
    assert [image.path for image in version.images] == [
        f"cars_train/{number:05}.jpg" for number in range(1, 21)
    ]
    assert stored(base) == {image.key for image in version.images}
    for image in version.images:
        data = (output(base) / "images" / image.key).read_bytes()
        assert hashlib.sha256(data).hexdigest() == image.sha256
        assert len(data) == image.size


def test_an_unchanged_source_gives_the_same_version_and_stores_nothing(
    base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    folder = class_folders(source(base), {"cat": 5, "dog": 5})
    (folder / "cat" / "cut.jpg").write_bytes(photo(50)[:500])
    first = run(base, "--quarantine-limit", "0.5", layout="class_folders")
    make_previous(base, first)
    second = run(base, "--quarantine-limit", "0.5", layout="class_folders")
    assert second["unchanged"]
    assert second["version"] == second["previous"] == first["version"]
    assert second["counts"] == first["counts"]
    files = {path.relative_to(output(base)) for path in output(base).rglob("*") if path.is_file()}
    assert files == {Path("result/dataset.json"), Path("ledger/splits.jsonl.gz")}
    assert "unchanged: nothing is written" in caplog.text


def test_a_version_has_a_manifest_of_the_images_to_convert(base: Path) -> None:
    stanford(source(base))
    report = run(base, "--images-uri", "s3://bucket/cars/images/")
    listing = output(base) / "versions" / report["version"] / "conversion.manifest"
    head, *keys = json.loads(listing.read_text())
    assert head == {"prefix": "s3://bucket/cars/images/"}
    images = written(base, report).images
    assert keys == sorted(image.key for image in images if image.split != "test")


def test_the_number_of_threads_does_not_change_the_version(base: Path) -> None:
    stanford(source(base))
    assert run(base)["version"] == run(base, "--threads", "2")["version"]


def test_new_photos_do_not_change_the_split_of_earlier_ones(base: Path) -> None:
    class_folders(source(base), {"cat": 6, "dog": 6})
    first = run(base, layout="class_folders")
    before = {image.sha256: image.split for image in written(base, first).images}
    make_previous(base, first)
    for seed in range(100, 110):
        (source(base) / "cat" / f"{seed}.jpg").write_bytes(photo(seed))
    (source(base) / "dog" / "0.jpg").unlink()
    second = run(base, layout="class_folders")
    after = {image.sha256: image.split for image in written(base, second).images}
    assert second["previous"] == first["version"] != second["version"]
    assert second["counts"]["images"] == 21
    assert {sha: after[sha] for sha in before if sha in after} == {
        sha: split for sha, split in before.items() if sha in after
    }
    assert len(stored(base)) == 10


def test_quarantined_photos_are_not_stored_as_images(base: Path) -> None:
    folder = class_folders(source(base), {"cat": 5, "dog": 5})
    (folder / "cat" / "cut.jpg").write_bytes(photo(50)[:500])
    (folder / "cat" / "text.jpg").write_bytes(b"hello")
    (folder / "cat" / "both.jpg").write_bytes(photo(51))
    (folder / "dog" / "both.jpg").write_bytes(photo(51))
    (folder / "dog" / "again.jpg").write_bytes(photo(6))
    report = run(base, "--quarantine-limit", "0.5", layout="class_folders")
    folder = output(base) / "versions" / report["version"]
    rows = [json.loads(line) for line in (folder / "quarantine.jsonl").read_text().splitlines()]
    assert [(row["path"], row["reason"]) for row in rows] == [
        ("cat/both.jpg", "conflicting-labels"),
        ("cat/cut.jpg", "truncated"),
        ("cat/text.jpg", "not-an-image"),
        ("dog/both.jpg", "conflicting-labels"),
    ]
    duplicate = json.loads((folder / "duplicates.jsonl").read_text())
    assert (duplicate["path"], duplicate["kept"]) == ("dog/again.jpg", "dog/0.jpg")
    assert (
        report["counts"] | {"images": 10, "quarantined": 4, "deduplicated": 1} == report["counts"]
    )
    assert len(stored(base)) == 10


def test_a_name_that_occurs_twice_in_an_archive_counts_twice(base: Path) -> None:
    class_folders(source(base), {"cat": 5, "dog": 5})
    tgz(source(base) / "cat.tgz", {"0.jpg": photo(60)})
    report = run(base, "--quarantine-limit", "0.5", layout="class_folders")
    assert report["counts"]["listed"] == 11
    assert report["counts"]["quarantined"] == 1


def test_exceeding_the_quarantine_limit_fails_with_counts_an_example_and_the_flag(
    base: Path,
) -> None:
    folder = class_folders(source(base), {"cat": 5, "dog": 5})
    (folder / "cat" / "cut.jpg").write_bytes(photo(50)[:500])
    with pytest.raises(CommandError) as caught:
        run(base, layout="class_folders")
    message = str(caught.value)
    assert "1 of 11 photos are quarantined, more than the limit of 5.0%" in message
    assert "1 truncated; cat/cut.jpg" in message
    assert "--quarantine-limit" in message


def test_a_class_whose_photos_are_all_quarantined_is_an_error(base: Path) -> None:
    folder = class_folders(source(base), {"cat": 5, "dog": 1})
    (folder / "dog" / "0.jpg").write_bytes(b"")
    with pytest.raises(CommandError, match="class 'dog' has no images"):
        run(base, "--quarantine-limit", "1", layout="class_folders")


def test_a_class_of_the_devkit_without_photos_is_an_error(base: Path) -> None:
    stanford(source(base))
    devkit(source(base), [("00001.jpg", 1)], ["Audi", "BMW", "Chevrolet"])
    with pytest.raises(CommandError, match="'BMW' and 1 other classes have no images"):
        run(base, "--quarantine-limit", "1")


def test_a_cut_off_archive_writes_no_version(base: Path) -> None:
    stanford(source(base))
    archive = source(base) / "cars_train.tgz"
    archive.write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(CommandError, match=r"cars_train\.tgz is cut off"):
        run(base)
    assert not (output(base) / "versions").exists()


@pytest.mark.parametrize("layout", ["stanford_cars", "class_folders"])
def test_an_empty_source_is_named(base: Path, layout: str) -> None:
    with pytest.raises(CommandError, match="s3://b/source is empty"):
        run(base, "--source-uri", "s3://b/source", layout=layout)


def test_hostile_members_are_quarantined_and_write_nothing_outside_the_output(base: Path) -> None:
    folder = class_folders(source(base), {"cat": 5, "dog": 5})
    tgz(folder / "evil.tgz", {"../../../evil.jpg": photo(70), "/tmp/evil.jpg": photo(71)})
    before = {path for path in base.rglob("*") if output(base) not in path.parents}
    report = run(base, "--quarantine-limit", "0.5", layout="class_folders")
    assert report["counts"]["quarantined"] == 2
    after = {path for path in base.rglob("*") if output(base) not in path.parents}
    assert after - before <= {output(base)}


def test_flags_take_effect(base: Path) -> None:
    stanford(source(base), classes=("Audi", "BMW", "Chevrolet"))
    report = run(base, "--classes", "Chevrolet,1", "--train-ratio", "0.5", "--min-side", "24")
    assert report["counts"]["listed"] == 10
    assert written(base, report).classes == ["Audi", "Chevrolet"]
    assert report["counts"]["train"] == 4
    assert report["settings"]["classes"] == "Chevrolet,1"
    for flags in (["--min-side", "25"], ["--max-pixels", "959"]):
        with pytest.raises(CommandError, match="15 of 15 photos are quarantined"):
            run(base, *flags)
