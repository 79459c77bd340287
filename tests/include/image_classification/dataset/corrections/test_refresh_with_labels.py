"""Labels of users through the command refresh: corrected, new, unusable, and in conflict."""

import json

import pytest

from include.image_classification.container import CommandError
from tests.include.image_classification.dataset.corrections.label_runs import (
    GIVEN,
    ROOT,
    LabelJob,
    folder,
    label,
    sha256,
)
from tests.include.image_classification.dataset.sample_sources import photo

LATER = "2026-11-03T08:00:00+00:00"
NEW = photo(900)


def test_a_corrected_photo_changes_its_class_and_keeps_its_split(labels: LabelJob) -> None:
    labels.run()
    before = labels.images()
    changed = {path: labels.class_of(path) for path in before}
    for path, (_, split) in before.items():
        if changed[path] == "Audi" and split == "test":
            labels.give(label(file=path, **{"class": "BMW"}, note="the badge says so"))
            report = labels.run()
            assert labels.images()[path] == ("BMW", "test")
            assert labels.source_of(path) == {
                "who": "anna", "when": GIVEN, "file": "2026-11-02/anna.jsonl",
                "note": "the badge says so",
            }  # fmt: skip
            others = {name: found for name, found in labels.images().items() if name != path}
            assert others == {name: found for name, found in before.items() if name != path}
            assert report["labels"]["outcomes"] == report["labels"]["new"] == {"corrected": 1}
            return
    pytest.fail("no Audi is in the test split")


def test_an_unusable_photo_is_quarantined_with_who_and_why(labels: LabelJob) -> None:
    file = labels.upload("blurred.jpg", NEW)
    labels.give(
        label(file="Audi/0.jpg", not_usable=True, note="a photo of the seller"),
        label(file=file, not_usable=True),
    )
    report = labels.run("--quarantine-limit", "0")
    rows = {row["path"]: row for row in labels.job.rows(report, "quarantine.jsonl")}
    assert rows.keys() == {"Audi/0.jpg", file}
    row = rows["Audi/0.jpg"]
    assert row["reason"] == "not-usable"
    assert "anna says that it is not usable" in row["detail"]
    assert "a photo of the seller" in row["detail"]
    kept = folder(labels.job.output / "quarantine")
    assert kept[row["key"]] == photo(0)
    assert kept[rows[file]["key"]] == NEW
    assert labels.class_of("Audi/0.jpg") is None
    assert report["labels"]["outcomes"] == {"not usable": 2}
    assert report["counts"]["listed"] == 13


def test_the_newest_opinion_of_a_user_counts(labels: LabelJob) -> None:
    labels.give(
        label(file="Audi/0.jpg", when=LATER, **{"class": "BMW"}),
        label(file="Audi/0.jpg", not_usable=True),
        label(file="Audi/1.jpg", **{"class": "BMW"}),
        label(file="Audi/1.jpg", when=LATER, withdrawn=True),
    )
    report = labels.run()
    assert labels.class_of("Audi/0.jpg") == "BMW"
    assert labels.class_of("Audi/1.jpg") == "Audi"
    assert report["labels"]["outcomes"] == {"corrected": 1}


def test_a_conflict_keeps_the_class_until_it_is_solved(labels: LabelJob) -> None:
    file = labels.upload("new.jpg", NEW)
    labels.give(label(file="Audi/0.jpg", **{"class": "BMW"}))
    labels.run()
    both = [label(file=name, who="boris", not_usable=True) for name in ("Audi/0.jpg", file)]
    labels.give(*both, label(file=file, **{"class": "Audi"}), name="boris.jsonl")
    report = labels.run()
    assert labels.class_of("Audi/0.jpg") == "BMW", "the class of the previous version"
    assert labels.class_of(file) is None, "it stays out"
    assert report["unchanged"]
    assert report["labels"]["outcomes"] == {"conflict": 2}
    assert "anna says that the class is 'BMW'" in labels.detail("Audi/0.jpg")
    assert "boris says that it is not usable" in labels.detail("Audi/0.jpg")
    solved = label(file=file, who="chief", when=LATER, settles=True, **{"class": "Audi"})
    labels.give(
        label(file="Audi/0.jpg", who="boris", when=LATER, **{"class": "BMW"}),
        solved,
        name="solved.jsonl",
    )
    report = labels.run()
    assert labels.class_of(file) == "Audi"
    assert report["labels"]["outcomes"] == {"added": 1, "corrected": 1}


def test_a_confirmation_changes_nothing(labels: LabelJob) -> None:
    labels.give(label(file="Audi/0.jpg", **{"class": "BMW"}))
    first = labels.run()
    labels.give(
        label(file="Audi/0.jpg", when=LATER, **{"class": "BMW"}),
        label(file="Audi/0.jpg", who="boris", when=LATER, **{"class": "BMW"}),
        label(file="Audi/1.jpg", **{"class": "Audi"}),
        name="later.jsonl",
    )
    again = labels.run()
    assert again["version"] == first["version"]
    assert again["labels"]["outcomes"] == {"corrected": 1, "confirmed": 1}


def test_labels_survive_a_source_that_is_uploaded_again(labels: LabelJob) -> None:
    labels.run()
    labels.give(label(file="Audi/0.jpg", **{"class": "BMW"}))
    labels.run()
    (labels.job.source / "Audi/0.jpg").rename(labels.job.source / "Audi/renamed.jpg")
    labels.put_source("Audi/0.jpg", photo(77))
    report = labels.run()
    assert labels.class_of("Audi/renamed.jpg") == "BMW"
    assert labels.class_of("Audi/0.jpg") == "Audi", "another photo under the old name"
    assert report["labels"]["outcomes"] == {"corrected": 1}
    (labels.job.source / "Audi/renamed.jpg").unlink()
    labels.run()
    assert labels.kinds() == {"Audi/0.jpg": "gone"}


def test_a_label_solves_a_conflict_of_the_source(labels: LabelJob) -> None:
    labels.put_source("Audi/twin.jpg", NEW)
    labels.put_source("BMW/twin.jpg", NEW)
    report = labels.run()
    assert report["counts"]["quarantined"] == 2
    labels.give(label(file="BMW/twin.jpg", **{"class": "BMW"}))
    report = labels.run()
    assert (report["counts"]["quarantined"], report["counts"]["deduplicated"]) == (0, 1)
    assert labels.class_of("Audi/twin.jpg") == "BMW"


def test_unknown_classes_have_no_effect_and_get_a_hint(labels: LabelJob) -> None:
    file = labels.upload("new.jpg", NEW)
    labels.give(
        label(file=file, **{"class": "Bmw"}),
        label(file="Audi/0.jpg", **{"class": "Lada"}),
        label(file="Audi/1.jpg", **{"class": " BMW "}),
    )
    report = labels.run()
    assert report["labels"]["outcomes"] == {"corrected": 1, "unknown class": 2}
    assert labels.detail(file) == "'Bmw' is no class of the dataset; did the user mean 'BMW'?"
    assert labels.detail("Audi/0.jpg") == "'Lada' is no class of the dataset"
    assert labels.class_of("Audi/0.jpg") == "Audi"
    assert report["counts"]["classes"] == 2
    report = labels.run("--new-classes", "create")
    assert (labels.class_of(file), labels.class_of("Audi/0.jpg")) == ("Bmw", "Lada")
    assert report["counts"]["classes"] == 4


def test_a_new_class_without_photos_is_not_created(labels: LabelJob) -> None:
    file = labels.upload("new.jpg", NEW)
    labels.give(label(sha256="0" * 64, **{"class": "Lada"}), label(file=file, **{"class": "Skoda"}))
    report = labels.run("--new-classes", "create")
    assert report["counts"]["classes"] == 3
    assert labels.class_of(file) == "Skoda"


def test_labels_by_hash_by_stored_image_and_by_uri_name_the_same_photo(labels: LabelJob) -> None:
    source = f"{ROOT}source/"
    file = labels.upload("new.jpg", NEW)
    first, second = photo(0), photo(1)
    labels.give(
        label(sha256=sha256(first).upper(), **{"class": "BMW"}),
        label(file=f"images/{sha256(second)[:2]}/{sha256(second)}.jpg", **{"class": "BMW"}),
        label(file=f"{source}Audi/2.jpg", **{"class": "BMW"}),
        label(file=f"{ROOT}{file}", **{"class": "BMW"}),
        label(file="s3://elsewhere/a.jpg", **{"class": "BMW"}),
    )
    labels.run("--source-uri", source)
    assert [labels.class_of(f"Audi/{number}.jpg") for number in range(4)] == [
        "BMW",
        "BMW",
        "BMW",
        "Audi",
    ]
    assert labels.class_of(file) == "BMW"
    assert labels.kinds()["s3://elsewhere/a.jpg"] == "gone"


def test_bad_lines_and_files_are_counted_and_the_rest_counts(labels: LabelJob) -> None:
    labels.give(
        label(file="Audi/0.jpg", **{"class": "BMW"}),
        b"\xff\xfe not text",
        json.dumps(label(file="Audi/1.jpg", **{"class": "BMW"})).encode()[:-9],
    )
    labels.give(b"{}", name="photos/a.jpg")
    labels.give(label(file="Audi/2.jpg", when="2062-01-01", **{"class": "BMW"}), name="b.jsonl")
    report = labels.run()
    assert report["labels"]["lines"] == 4
    assert report["labels"]["outcomes"] == {"corrected": 1, "bad line": 4}
    assert "is in the future" in labels.detail("b.jsonl")


def test_labels_that_empty_a_class_are_named(labels: LabelJob) -> None:
    labels.give(*(label(file=f"Audi/{number}.jpg", **{"class": "BMW"}) for number in range(6)))
    with pytest.raises(CommandError, match=r"class 'Audi' has no images .*labels/ moved 6 out"):
        labels.run()


def test_without_labels_versions_are_as_before(labels: LabelJob) -> None:
    report = labels.run()
    assert "labels" not in report
    assert not (labels.job.output / "ledger" / "labels.jsonl.gz").exists()
    assert "label_source" not in (labels.job.previous / "manifest.jsonl").read_text()


def test_the_page_shows_what_labels_did(labels: LabelJob) -> None:
    file = labels.upload("<b>new.jpg", NEW)
    labels.give(label(file=file, note="<script>", **{"class": "BMW"}), b"{")
    report = labels.run()
    page = (labels.job.folder(report) / "report.html").read_text()
    assert "Labels of users" in page
    assert "incoming/&lt;b&gt;new.jpg" in page
    assert "<script>" not in page
    assert "not a JSON object" in page
