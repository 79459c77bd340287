"""The command refresh on lists, devkits, archives and unusual names."""

import hashlib
import json
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives import member
from tests.include.image_classification.dataset.refresh_job import (
    output,
    run,
    source,
    written,
)
from tests.include.image_classification.dataset.sample_sources import (
    annotations,
    class_folders,
    devkit,
    photo,
    stanford,
    tgz,
)


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
        CommandError, match="--devkit is only for layout stanford_cars, not for list"
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
        CommandError, match=r"100000 of 100010 photos are quarantined.*not-an-image"
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
    with pytest.raises(CommandError, match=rf"more\.zip .*{reason}"):
        run(base, layout="class_folders")
    assert not (output(base) / "versions").exists()


@pytest.mark.parametrize("layout", ["class_folders", "auto"])
def test_photos_without_boxes_are_not_silently_kept_whole(base: Path, layout: str) -> None:
    class_folders(source(base), {"cat": 4, "dog": 4})
    with pytest.raises(
        CommandError, match=r"--boxes crop needs boxes, but no photo .* class_folder"
    ):
        run(base, "--boxes", "crop", layout=layout)
