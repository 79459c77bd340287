"""The quarantine: refused photos are stored once by content, with their reasons."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.image_classification.container import ProgramError
from include.image_classification.dataset import layouts
from include.image_classification.dataset.source.contract import Source
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo
from tests.include.image_classification.dataset.making import class_folders, photo, tgz
from tests.include.image_classification.dataset.running import Refresh

CUT, TEXT, BOTH = photo(50)[:500], b"hello", photo(51)


def key(data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    return f"{sha256[:2]}/{sha256}"


def kept(program: Refresh) -> dict[str, bytes]:
    folder = program.output / "quarantine"
    return {name: (folder.parent / name).read_bytes() for name in program.files("quarantine")}


def fill(program: Refresh) -> Path:
    return class_folders(program.source, {"cat": 5, "dog": 5})


def test_quarantined_photos_are_stored_by_content_and_listed(program: Refresh) -> None:
    folder = fill(program)
    (folder / "cat" / "cut.jpg").write_bytes(CUT)
    (folder / "cat" / "text.jpg").write_bytes(TEXT)
    (folder / "dog" / "text.jpg").write_bytes(TEXT)
    (folder / "cat" / "both.jpg").write_bytes(BOTH)
    (folder / "dog" / "both.jpg").write_bytes(BOTH)
    report = program.run()
    assert kept(program) == {f"quarantine/{key(data)}": data for data in (CUT, TEXT, BOTH)}
    rows = {
        row["path"]: (row["reason"], row["key"]) for row in program.rows(report, "quarantine.jsonl")
    }
    assert rows == {
        "cat/both.jpg": ("conflicting-labels", key(BOTH)),
        "cat/cut.jpg": ("truncated", key(CUT)),
        "cat/text.jpg": ("not-an-image", key(TEXT)),
        "dog/both.jpg": ("conflicting-labels", key(BOTH)),
        "dog/text.jpg": ("not-an-image", key(TEXT)),
    }


def test_a_repeated_path_is_quarantined_and_the_first_counts(program: Refresh) -> None:
    folder = fill(program)
    tgz(folder / "cat.tgz", {"0.jpg": photo(60)})
    report = program.run()
    (row,) = program.rows(report, "quarantine.jsonl")
    assert (row["path"], row["reason"]) == ("cat/0.jpg", "listed-twice")
    (image,) = (row for row in program.version(report).images if row.path == "cat/0.jpg")
    assert image.sha256 == hashlib.sha256(photo(60)).hexdigest()
    assert kept(program).keys() == {f"quarantine/{row['key']}"}


def test_entries_that_were_not_read_are_only_listed(program: Refresh) -> None:
    folder = fill(program)
    tgz(folder / "evil.tgz", {"../../evil.jpg": photo(70)})
    (row,) = program.rows(program.run(), "quarantine.jsonl")
    assert (row["reason"], row["sha256"], row["key"]) == ("unsafe-member", None, None)
    assert not kept(program)


def test_files_of_the_previous_quarantine_are_not_written_again(program: Refresh) -> None:
    folder = fill(program)
    (folder / "cat" / "cut.jpg").write_bytes(CUT)
    program.follow(program.run())
    (folder / "cat" / "text.jpg").write_bytes(TEXT)
    (folder / "cat" / "new.jpg").write_bytes(photo(80))
    report = program.run()
    assert {row["reason"] for row in program.rows(report, "quarantine.jsonl")} == {
        "truncated", "not-an-image",
    }  # fmt: skip
    assert kept(program).keys() == {f"quarantine/{key(TEXT)}"}


def test_an_image_that_conflicts_later_is_stored_in_the_quarantine(
    program: Refresh,
) -> None:
    """Its bytes are stored among the images, but the quarantine must have them, too."""
    folder = fill(program)
    (folder / "cat" / "both.jpg").write_bytes(BOTH)
    program.follow(program.run())
    (folder / "dog" / "both.jpg").write_bytes(BOTH)
    report = program.run()
    assert report["counts"]["quarantined"] == 2
    assert kept(program) == {f"quarantine/{key(BOTH)}": BOTH}
    assert not program.files("images")


def test_a_new_quarantine_entry_is_reported_for_an_unchanged_version(program: Refresh) -> None:
    folder = fill(program)
    program.follow(program.run())
    (folder / "cat" / "cut.jpg").write_bytes(CUT)
    report = program.run()
    assert report["unchanged"]
    assert not program.files("versions", "images")
    (row,) = (program.output / "result" / "quarantine.jsonl").read_text().splitlines()
    assert json.loads(row)["path"] == "cat/cut.jpg"
    assert kept(program) == {f"quarantine/{key(CUT)}": CUT}


def test_exceeding_the_quarantine_limit_keeps_the_files_and_writes_no_version(
    program: Refresh,
) -> None:
    (fill(program) / "cat" / "cut.jpg").write_bytes(CUT)
    with pytest.raises(ProgramError, match="1 of 11 photos are quarantined"):
        program.run("--quarantine-limit", "0.05")
    assert not program.files("versions", "result")


def test_quarantine_reasons_of_sources_are_kept(
    program: Refresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries that a source refuses without reading reach the manifest with their reasons."""
    reasons = ["missing-file", "missing-label", "label-out-of-range", "unlisted-file", "bad-box"]

    def entries() -> Iterator[Photo | Quarantined]:
        for number, reason in enumerate(reasons):
            yield Quarantined(f"{number}.jpg", None, reason, "so")  # type: ignore[arg-type]
        for seed in range(6):
            yield Photo(f"{seed}-good.jpg", seed % 2, photo(seed))

    opened = Source(["cat", "dog"], entries(), ["x"], [])
    monkeypatch.setitem(layouts.OPENERS, "class_folders", lambda *_: opened)
    fill(program)
    rows = program.rows(program.run(), "quarantine.jsonl")
    assert [row["reason"] for row in rows] == reasons
