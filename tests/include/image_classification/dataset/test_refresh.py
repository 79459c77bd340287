"""The command refresh: outputs, successive versions and failures."""

import hashlib
import json
import shutil
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from include.image_classification.container import ProgramError
from include.image_classification.dataset import refresh
from include.image_classification.dataset.archives import member
from include.image_classification.dataset.version.manifest import Version, read_version
from tests.include.image_classification.dataset.making import (
    annotations,
    class_folders,
    devkit,
    photo,
    stanford,
    tgz,
)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    source(tmp_path).mkdir(parents=True)
    return tmp_path


def source(base: Path) -> Path:
    return base / "processing" / "input" / "source"


def output(base: Path) -> Path:
    return base / "processing" / "output"


def run(base: Path, *flags: str, layout: str = "stanford_cars") -> dict[str, Any]:
    """Run the command with an empty output and return its report."""
    shutil.rmtree(output(base), ignore_errors=True)
    refresh.main(["--layout", layout, "--threads", "1", *flags])
    report: dict[str, Any] = json.loads((output(base) / "result" / "dataset.json").read_text())
    counts = report["counts"]
    assert counts["listed"] == counts["images"] + counts["quarantined"] + counts["deduplicated"]
    return report


def stored(base: Path) -> set[str]:
    folder = output(base) / "images"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def written(base: Path, report: dict[str, Any]) -> Version:
    return read_version(output(base) / "versions" / report["version"])


def make_previous(base: Path, report: dict[str, Any]) -> None:
    folder = base / "processing" / "input" / "previous"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(output(base) / "versions" / report["version"], folder)


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
    with pytest.raises(ProgramError) as caught:
        run(base, layout="class_folders")
    message = str(caught.value)
    assert "1 of 11 photos are quarantined, more than the limit of 5.0%" in message
    assert "1 truncated; cat/cut.jpg" in message
    assert "--quarantine-limit" in message


def test_a_class_whose_photos_are_all_quarantined_is_an_error(base: Path) -> None:
    folder = class_folders(source(base), {"cat": 5, "dog": 1})
    (folder / "dog" / "0.jpg").write_bytes(b"")
    with pytest.raises(ProgramError, match="class 'dog' has no images"):
        run(base, "--quarantine-limit", "1", layout="class_folders")


def test_a_class_of_the_devkit_without_photos_is_an_error(base: Path) -> None:
    stanford(source(base))
    devkit(source(base), [("00001.jpg", 1)], ["Audi", "BMW", "Chevrolet"])
    with pytest.raises(ProgramError, match="'BMW' and 1 other classes have no images"):
        run(base, "--quarantine-limit", "1")


def test_a_cut_off_archive_writes_no_version(base: Path) -> None:
    stanford(source(base))
    archive = source(base) / "cars_train.tgz"
    archive.write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(ProgramError, match=r"cars_train\.tgz is cut off"):
        run(base)
    assert not (output(base) / "versions").exists()


@pytest.mark.parametrize("layout", ["stanford_cars", "class_folders"])
def test_an_empty_source_is_named(base: Path, layout: str) -> None:
    with pytest.raises(ProgramError, match="s3://b/source is empty"):
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
        with pytest.raises(ProgramError, match="15 of 15 photos are quarantined"):
            run(base, *flags)


def test_lists_become_a_version(base: Path) -> None:
    tgz(source(base) / "images.tgz", {f"a/{seed}.jpg": photo(seed) for seed in range(12)})
    rows = [f"{seed}\t{seed % 2}.000000\ta/{seed}.jpg\n" for seed in range(12)]
    (source(base) / "pets.lst").write_text("".join(rows))
    (source(base) / "classes.txt").write_text("cat\ndog\n")
    report = run(base, layout="list")
    assert written(base, report).classes == ["cat", "dog"]
    assert report["counts"]["images"] == 12
    assert report["source"]["files"] == ["images.tgz", "pets.lst", "classes.txt"]


def test_the_sources_own_test_set_is_used_if_configured(base: Path) -> None:
    stanford(source(base), per_class=10)
    tgz(source(base) / "cars_test.tgz", {f"{seed}.jpg": photo(seed) for seed in (100, 101)})
    labels = annotations([("100.jpg", 1), ("101.jpg", 2)])
    (source(base) / "cars_test_annos_withlabels.mat").write_bytes(labels)
    version = written(base, run(base, "--split", "source"))
    assert [image.path for image in version.split("test")] == [
        "cars_test/100.jpg", "cars_test/101.jpg",
    ]  # fmt: skip


def test_a_flag_selects_one_of_two_devkits(base: Path) -> None:
    stanford(source(base))
    (source(base) / "car_devkit.tgz").rename(source(base) / "a_devkit.tgz")
    devkit(source(base), [("00001.jpg", 1), ("00002.jpg", 2)], ["Kia", "Fiat"])
    report = run(base, "--devkit", "a_devkit.tgz")
    assert written(base, report).classes == ["Audi", "BMW"]
    assert report["settings"]["devkit"] == "a_devkit.tgz"
    assert report["source"]["left_alone"] == ["car_devkit.tgz"]
    with pytest.raises(
        ProgramError, match="--devkit is only for layout stanford_cars, not for list"
    ):
        run(base, "--devkit", "a_devkit.tgz", layout="list")


def test_a_repeated_row_keeps_its_photo(base: Path) -> None:
    """Only the repetition is refused."""
    stanford(source(base))
    rows = [(f"{number:05}.jpg", (number - 1) % 2 + 1) for number in range(1, 11)]
    devkit(source(base), [*rows, rows[0]], ["Audi", "BMW"])
    report = run(base, "--quarantine-limit", "0.5")
    assert (report["counts"]["images"], report["counts"]["quarantined"]) == (10, 1)


def test_archives_inside_an_archive_are_reported(base: Path) -> None:
    folder = class_folders(source(base), {"cat": 5, "dog": 5})
    tgz(folder / "more.tgz", {"cat/9.jpg": photo(90), "cat/deep.zip": b"x"})
    assert run(base, layout="class_folders")["source"]["left_alone"] == ["more.tgz/cat/deep.zip"]


def test_names_that_are_not_utf8_reach_the_manifest_and_the_log(base: Path) -> None:
    folder = class_folders(source(base), {"cat": 5, "dog": 5})
    (folder / "cat" / "caf\udce9.jpg").write_bytes(photo(90))
    (folder / "dog" / "caf\udce9.jpg").write_bytes(b"none")
    report = run(base, "--quarantine-limit", "0.5", layout="class_folders")
    assert "cat/caf\\xe9.jpg" in [image.path for image in written(base, report).images]
    rows = (output(base) / "versions" / report["version"] / "quarantine.jsonl").read_text()
    assert json.loads(rows)["path"] == "dog/caf\\xe9.jpg"


def test_100000_empty_photos_are_one_clear_error(base: Path) -> None:
    class_folders(source(base), {"cat": 5, "dog": 5})
    path = source(base) / "cat.tgz"
    with tarfile.open(path, "w:gz", compresslevel=1, format=tarfile.USTAR_FORMAT) as tar:
        for index in range(100_000):
            tar.addfile(tarfile.TarInfo(f"cat/more/{index}.jpg"))
            tar.members.clear()  # type: ignore[attr-defined]
    started = time.monotonic()
    with pytest.raises(
        ProgramError, match=r"100000 of 100010 photos are quarantined.*not-an-image"
    ):
        run(base, layout="class_folders")
    assert time.monotonic() - started < 120


def test_a_name_twice_in_one_archive_keeps_the_first_and_lists_the_other(base: Path) -> None:
    class_folders(source(base), {"cat": 5, "dog": 5})
    with zipfile.ZipFile(source(base) / "more.zip", "w") as archive:
        archive.writestr("cat/9.jpg", photo(90))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("cat/9.jpg", photo(91))
    report = run(base, "--quarantine-limit", "0.5", layout="class_folders")
    folder = output(base) / "versions" / report["version"]
    row = json.loads((folder / "quarantine.jsonl").read_text())
    assert (row["path"], row["reason"]) == ("more/cat/9.jpg", "listed-twice")
    assert row["sha256"] == hashlib.sha256(photo(91)).hexdigest()
    kept = {image.path: image.sha256 for image in written(base, report).images}
    assert kept["more/cat/9.jpg"] == hashlib.sha256(photo(90)).hexdigest()


@pytest.mark.parametrize("reason", ["encrypted", "a decompression bomb", "cut off"])
def test_an_archive_that_cannot_be_read_writes_no_version(
    base: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    class_folders(source(base), {"cat": 5, "dog": 5})
    path = source(base) / "more.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cat/9.jpg", bytes(1 << 20))
    data = bytearray(path.read_bytes())
    if reason == "encrypted":
        data[data.index(b"PK\x01\x02") + 8] |= 1
    elif reason == "cut off":
        data = data[:-30]
    else:
        monkeypatch.setattr(member, "ALWAYS_UNPACKED", 1 << 19)
    path.write_bytes(data)
    with pytest.raises(ProgramError, match=rf"more\.zip .*{reason}"):
        run(base, layout="class_folders")
    assert not (output(base) / "versions").exists()
