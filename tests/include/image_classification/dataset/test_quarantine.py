"""The quarantine: refused photos are stored once by content, with their reasons."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset import layouts
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.contract import Source
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import class_folders, photo, tgz

CUT, TEXT, BOTH = photo(50)[:500], b"hello", photo(51)


def key(data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    return f"{sha256[:2]}/{sha256}"


def kept(job: RefreshJob) -> dict[str, bytes]:
    folder = job.output / "quarantine"
    return {name: (folder.parent / name).read_bytes() for name in job.files("quarantine")}


def fill(job: RefreshJob) -> Path:
    return class_folders(job.source, {"cat": 5, "dog": 5})


def test_quarantined_photos_are_stored_by_content_and_listed(job: RefreshJob) -> None:
    folder = fill(job)
    (folder / "cat" / "cut.jpg").write_bytes(CUT)
    (folder / "cat" / "text.jpg").write_bytes(TEXT)
    (folder / "dog" / "text.jpg").write_bytes(TEXT)
    (folder / "cat" / "both.jpg").write_bytes(BOTH)
    (folder / "dog" / "both.jpg").write_bytes(BOTH)
    report = job.run()
    assert kept(job) == {f"quarantine/{key(data)}": data for data in (CUT, TEXT, BOTH)}
    rows = {
        row["path"]: (row["reason"], row["key"]) for row in job.rows(report, "quarantine.jsonl")
    }
    assert rows == {
        "cat/both.jpg": ("conflicting-labels", key(BOTH)),
        "cat/cut.jpg": ("truncated", key(CUT)),
        "cat/text.jpg": ("not-an-image", key(TEXT)),
        "dog/both.jpg": ("conflicting-labels", key(BOTH)),
        "dog/text.jpg": ("not-an-image", key(TEXT)),
    }


def test_a_repeated_path_is_quarantined_and_the_first_counts(job: RefreshJob) -> None:
    folder = fill(job)
    tgz(folder / "cat.tgz", {"0.jpg": photo(60)})
    report = job.run()
    (row,) = job.rows(report, "quarantine.jsonl")
    assert (row["path"], row["reason"]) == ("cat/0.jpg", "listed-twice")
    (image,) = (row for row in job.version(report).images if row.path == "cat/0.jpg")
    assert image.sha256 == hashlib.sha256(photo(60)).hexdigest()
    assert kept(job).keys() == {f"quarantine/{row['key']}"}


def test_entries_that_were_not_read_are_only_listed(job: RefreshJob) -> None:
    folder = fill(job)
    tgz(folder / "evil.tgz", {"../../evil.jpg": photo(70)})
    (row,) = job.rows(job.run(), "quarantine.jsonl")
    assert (row["reason"], row["sha256"], row["key"]) == ("unsafe-member", None, None)
    assert not kept(job)


def test_files_of_the_previous_quarantine_are_not_written_again(job: RefreshJob) -> None:
    folder = fill(job)
    (folder / "cat" / "cut.jpg").write_bytes(CUT)
    job.follow(job.run())
    (folder / "cat" / "text.jpg").write_bytes(TEXT)
    (folder / "cat" / "new.jpg").write_bytes(photo(80))
    report = job.run()
    assert {row["reason"] for row in job.rows(report, "quarantine.jsonl")} == {
        "truncated", "not-an-image",
    }  # fmt: skip
    assert kept(job).keys() == {f"quarantine/{key(TEXT)}"}


def test_an_image_that_conflicts_later_is_stored_in_the_quarantine(
    job: RefreshJob,
) -> None:
    """Its bytes are stored among the images, but the quarantine must have them, too."""
    folder = fill(job)
    (folder / "cat" / "both.jpg").write_bytes(BOTH)
    job.follow(job.run())
    (folder / "dog" / "both.jpg").write_bytes(BOTH)
    report = job.run()
    assert report["counts"]["quarantined"] == 2
    assert kept(job) == {f"quarantine/{key(BOTH)}": BOTH}
    assert not job.files("images")


def test_a_new_quarantine_entry_is_reported_for_an_unchanged_version(job: RefreshJob) -> None:
    folder = fill(job)
    job.follow(job.run())
    (folder / "cat" / "cut.jpg").write_bytes(CUT)
    report = job.run()
    assert report["unchanged"]
    assert not job.files("versions", "images")
    (row,) = (job.output / "result" / "quarantine.jsonl").read_text().splitlines()
    assert json.loads(row)["path"] == "cat/cut.jpg"
    assert kept(job) == {f"quarantine/{key(CUT)}": CUT}


def test_exceeding_the_quarantine_limit_keeps_the_files_and_writes_no_version(
    job: RefreshJob,
) -> None:
    (fill(job) / "cat" / "cut.jpg").write_bytes(CUT)
    with pytest.raises(CommandError, match="1 of 11 photos are quarantined"):
        job.run("--quarantine-limit", "0.05")
    assert not job.files("versions", "result")


def test_quarantine_reasons_of_sources_are_kept(
    job: RefreshJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries that a source refuses without reading reach the manifest with their reasons."""
    reasons = ["missing-file", "missing-label", "label-out-of-range", "unlisted-file", "bad-box"]

    def entries() -> Iterator[Photo | Quarantined]:
        for number, reason in enumerate(reasons):
            yield Quarantined(f"{number}.jpg", None, reason, "so")  # type: ignore[arg-type]
        for seed in range(6):
            yield Photo(f"{seed}-good.jpg", seed % 2, photo(seed))

    opened = Source(["cat", "dog"], entries(), ["x"], Accounting(job.source))
    monkeypatch.setitem(layouts.OPENERS, "class_folders", lambda *_: opened)
    fill(job)
    rows = job.rows(job.run(), "quarantine.jsonl")
    assert [row["reason"] for row in rows] == reasons
