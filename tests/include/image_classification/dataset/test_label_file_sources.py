"""Refreshes of sources with labels in files: crops, accounts, and photos in Parquet files."""

from pathlib import Path

from tests.include.image_classification.dataset.parquet.files import (
    IMAGE,
    image,
    parquet,
)
from tests.include.image_classification.dataset.refresh_job import run, source, written
from tests.include.image_classification.dataset.sample_sources import photo
from tests.include.image_classification.dataset.tables.listing import put, write


def test_photos_are_cropped_to_the_boxes_of_a_csv_file(base: Path) -> None:
    put(source(base), *(f"train/{n}.jpg" for n in range(6)), *(f"test/{n}.jpg" for n in range(2)))
    train = "".join(f"{n}.jpg,3,2,30,20,{n % 2 + 1}\n" for n in range(6))
    test = "".join(f"{n}.jpg,1,1,40,24,{n % 2 + 1}\n" for n in range(2))
    names = "Audi A4\nBMW X5\n"
    write(source(base), {"anno_train.csv": train, "anno_test.csv": test, "names.csv": names})
    report = run(base, "--boxes", "crop", "--split", "source", layout="auto")
    version = written(base, report)
    assert list(version.classes) == ["Audi A4", "BMW X5"]
    for one in version.images:
        held_out = one.path.startswith("test/")
        assert (one.width, one.height) == ((40, 24) if held_out else (28, 19))
        assert (one.split == "test") >= held_out
    assert report["source"]["counts"]["label_files"] == 3


def test_rows_of_parquet_files_are_accounted_for(base: Path) -> None:
    rows = [(image(n), n % 2) for n in range(8)] + [(image(0), 0), (image(0), 1), (None, 1)]
    columns = {"image": IMAGE, "label": "BIGINT"}
    rows[9] = ({"bytes": b"no photo", "path": None}, 1)
    parquet(source(base) / "data/train-00000-of-00001.parquet", columns, rows, ["cat", "dog"])
    write(source(base), {"README.md": "card", "data/extra.jpg": photo(99)})
    report = run(base, "--quarantine-limit", "0.3", layout="auto")
    assert report["source"]["layout"] == "parquet"
    assert report["counts"]["images"] == 8
    assert report["source"]["counts"] == {
        "found": 13, "used": 9, "quarantined": 2, "label_files": 0, "left_alone": 2,
    }  # fmt: skip
    assert report["source"]["left_alone"] == ["README.md", "data/extra.jpg"]
