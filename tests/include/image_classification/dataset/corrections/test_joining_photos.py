"""Labelled photos of incoming/ through the command refresh: they join the dataset, and stay."""

import json
from typing import Any

import pytest

from include.contracts import files
from tests.include.image_classification.dataset.corrections.label_runs import (
    GIVEN,
    ROOT,
    LabelJob,
    etag,
    folder,
    label,
    sha256,
)
from tests.include.image_classification.dataset.sample_sources import photo

LATER = "2026-11-03T08:00:00+00:00"
NEW = photo(900)


def test_a_labelled_photo_of_incoming_joins_with_its_bytes(labels: LabelJob) -> None:
    labels.run()
    before = labels.images()
    file = labels.upload("lot 7/new.jpg", NEW)
    labels.give(label(file=file, etag=etag(NEW), **{"class": "BMW"}))
    report = labels.run()
    assert labels.class_of(file) == "BMW"
    assert labels.source_of(file) == {
        "who": "anna",
        "when": GIVEN,
        "file": "2026-11-02/anna.jsonl",
    }
    key = f"{sha256(NEW)[:2]}/{sha256(NEW)}.jpg"
    assert folder(labels.job.output / "images") == {key: NEW}
    assert {name: found for name, found in labels.images().items() if name != file} == before
    assert report["labels"]["outcomes"] == {"added": 1}
    assert report["counts"]["images"] == 13
    account = report["source"]["counts"]
    assert (account["found"], account["used"], account["quarantined"]) == (12, 12, 0)


def test_a_photo_that_joined_stays_when_it_leaves_incoming(labels: LabelJob) -> None:
    file = labels.upload("new.jpg", NEW)
    labels.give(label(file=file, **{"class": "BMW"}))
    first = labels.run()
    labels.incoming.clear()
    again = labels.run()
    assert again["unchanged"], "the same labels give the same version"
    assert again["version"] == first["version"]
    assert again["labels"]["outcomes"] == {"added": 1}
    assert again["labels"]["new"] == {}
    labels.give(label(file=file, when=LATER, **{"class": "Audi"}), name="later.jsonl")
    labels.run()
    assert labels.class_of(file) == "Audi", "a label may name it by its path in the dataset"


def test_a_webp_photo_joins_and_stays(labels: LabelJob) -> None:
    data = photo(900, suffix=".webp")
    file = labels.upload("new.webp", data)
    labels.give(label(file=file, **{"class": "BMW"}))
    first = labels.run()
    labels.incoming.clear()
    again = labels.run()
    assert again["version"] == first["version"]
    assert labels.class_of(file) == "BMW"


def test_a_stored_photo_with_other_bytes_does_not_get_the_label(labels: LabelJob) -> None:
    file = labels.upload("new.jpg", NEW)
    labels.give(label(file=file, **{"class": "BMW"}))
    labels.run()
    labels.incoming.clear()
    labels.stored = dict.fromkeys(labels.stored, photo(1000))
    report = labels.run()
    assert labels.class_of(file) is None
    (row,) = labels.job.rows(report, "quarantine.jsonl")
    assert "its stored bytes are not those" in row["detail"]


def test_another_photo_under_the_same_name_does_not_get_the_label(labels: LabelJob) -> None:
    file = labels.upload("latest.jpg", NEW)
    labels.give(label(file=file, **{"class": "BMW"}))
    labels.run()
    other = photo(901)
    labels.upload("latest.jpg", other, modified=LATER)
    again = labels.run()
    assert again["unchanged"]
    assert sha256(other) not in json.dumps(labels.outcomes())
    later = "2026-11-04T00:00:00+00:00"
    labels.give(label(file=file, when=later, **{"class": "Audi"}), name="later.jsonl")
    labels.run()
    joined = f"{file} ({sha256(other)[:8]})"
    assert (labels.class_of(file), labels.class_of(joined)) == ("BMW", "Audi")
    assert labels.run()["unchanged"], "the path of the second photo stays, too"


@pytest.mark.parametrize("known", [{"etag": '"another"'}, {"sha256": "0" * 64}, {}])
def test_a_photo_that_was_replaced_before_the_refresh_is_reported(
    labels: LabelJob, known: dict[str, Any]
) -> None:
    file = labels.upload("a.jpg", NEW, modified=LATER)
    labels.give(label(file=file, **known, **{"class": "BMW"}))
    labels.run()
    assert labels.class_of(file) is None
    assert labels.kinds()[file] == "gone"


def test_a_photo_that_joined_stays_in_a_conflict(labels: LabelJob) -> None:
    file = labels.upload("new.jpg", NEW)
    labels.give(label(file=file, **{"class": "BMW"}))
    labels.run()
    labels.give(label(sha256=sha256(NEW), who="boris", **{"class": "Audi"}), name="boris.jsonl")
    report = labels.run()
    assert report["unchanged"]
    assert labels.class_of(file) == "BMW"
    assert labels.kinds()[file] == "conflict"


def test_a_damaged_photo_stays_quarantined_for_its_damage(labels: LabelJob) -> None:
    file = labels.upload("cut.jpg", NEW[:200])
    labels.give(label(file=file, **{"class": "BMW"}))
    report = labels.run()
    assert report["labels"]["outcomes"] == {"refused": 1}
    assert "truncated" in labels.detail(file)
    assert report["counts"]["quarantined"] == 1


def test_a_label_that_came_after_the_plan_waits_for_the_next_refresh(labels: LabelJob) -> None:
    labels.give(label(file="incoming/later.jpg", **{"class": "BMW"}))
    labels._named = list  # type: ignore[method-assign]
    report = labels.run()
    assert report["labels"]["outcomes"] == {"pending": 1}


def test_a_manifest_of_ground_truth_adds_photos(labels: LabelJob) -> None:
    file = labels.upload("new.jpg", NEW)
    metadata = {
        "class-name": "BMW",
        "type": "groundtruth/image-classification",
        "creation-date": "2026-11-02T08:00:00.000000",
        "job-name": "labeling-job/cars",
    }
    line = {"source-ref": f"{ROOT}{file}", "kind": 1, "kind-metadata": metadata}
    labels.give(json.dumps(line).encode(), name="cars/manifests/output/output.manifest")
    labels.run()
    assert labels.class_of(file) == "BMW"
    source = labels.source_of(file)
    assert source is not None
    assert (source["who"], source["note"]) == ("ground-truth", "labeling job cars")


@pytest.mark.parametrize("known", [{"etag": etag(NEW)}, {}])
def test_a_photo_that_was_replaced_after_the_plan_does_not_get_the_label(
    labels: LabelJob, known: dict[str, str]
) -> None:
    """The bytes that the job gets may be those of another photo than the plan has seen."""
    file = labels.upload("latest.jpg", NEW)
    labels.give(label(file=file, **known, **{"class": "BMW"}))
    planned = labels._located(file)
    labels.upload("latest.jpg", photo(901))
    labels._located = lambda file: planned  # type: ignore[method-assign]
    report = labels.run()
    assert labels.class_of(file) is None
    assert report["labels"]["outcomes"] == {"pending": 1}
    assert "replaced after this refresh was planned" in labels.detail(file)


def test_a_photo_uploaded_twice_keeps_its_path(labels: LabelJob) -> None:
    """Otherwise the next refresh would make another version, which is trained."""
    first, second = labels.upload("a.jpg", NEW), labels.upload("b.jpg", NEW)
    labels.give(*(label(file=file, **{"class": "BMW"}) for file in (first, second)))
    version = labels.run()["version"]
    labels.incoming.clear()
    assert labels.run()["version"] == version
    assert labels.class_of(first) == "BMW"


def test_a_photo_stays_out_if_users_disagree_on_its_image(labels: LabelJob) -> None:
    """A label of the image, from before the photo left, may meet another one of the photo."""
    file = labels.upload("new.webp", photo(900, suffix=".webp"))
    labels.give(label(file=file, **{"class": "BMW"}))
    labels.run()
    rows = (labels.job.previous / files.MANIFEST).read_text().splitlines()
    image = next(row["sha256"] for row in map(json.loads, rows) if row["path"] == file)
    labels.give(label(file=file, when=LATER, withdrawn=True), name="later.jsonl")
    labels.run()
    assert labels.class_of(file) is None
    later = "2026-11-04T00:00:00+00:00"
    labels.give(label(file=file, when=later, **{"class": "BMW"}), name="again.jsonl")
    labels.give(label(sha256=image, who="boris", **{"class": "Audi"}), name="boris.jsonl")
    labels.run()
    assert labels.class_of(file) is None
    assert labels.kinds()[file] == "conflict"
