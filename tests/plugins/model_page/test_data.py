"""Dataset versions and batches: lists, pages in a sandbox, downloads, and what is gone."""

from __future__ import annotations

from typing import Any

import pytest

from model_page import addresses
from model_page.reading import lineage
from tests.plugins.model_page.conftest import Site


def add_batch(site: Site, name: str, **report: Any) -> None:
    layout = site.stage.layout
    counts = {"images": 3, "unreadable": 1, "uncertain": 1}
    record = {"batch": name, "counts": counts, "unreadable": {"b<i>.jpg": "truncated"},
              "package": "arn:aws:sagemaker:us-east-1:1:model-package/merch/4",
              "created": "2026-11-12T06:00:00+00:00"}  # fmt: skip
    site.stage.put(layout.batch_record(name), record)
    found = {"batch": name, "images": 3, "uncertain": 1, "classes": {"Muffin": 2, "Donut": 1}}
    site.stage.put(layout.batch_summary(name), {**found, **report})
    folder = layout.batch_report(name)
    table = 'file,label,probability,label_2,probability_2\n"a ""1"".jpg",Muffin,0.41,Donut,0.39\n'
    site.stage.put(f"{folder}uncertain.csv", table)
    site.stage.put(f"{folder}predictions.csv", table)
    site.stage.put(f"{folder}gallery.html", "<script>document.title</script>", "text/html")


def test_a_dataset_version_with_changes_and_quarantine(site: Site) -> None:
    site.stage.dataset("d0", created="2026-11-01T00:00:00+00:00")
    site.stage.dataset("d1", previous="d0", changes={"added": 120, "removed": 3}, leaks=39)
    rows = '{"path": "x<b>.jpg", "reason": "truncated", "detail": "cut after 12 bytes"}\n'
    site.stage.put(f"{site.stage.layout.dataset('d1')}quarantine.jsonl", rows)
    page = site.get("merch", "data")
    for text in ("120", "39 test photos", "cut after 12 bytes", "x&lt;b&gt;.jpg", "d0"):
        assert text in page, text
    assert "This is the first version" in site.get("merch", "data", "d0")


def test_no_dataset_yet_and_unknown_versions(site: Site) -> None:
    assert "There is no dataset version yet" in site.get("merch", "data")
    for version in ("nothing", "..%2f..%2fx", "a b"):
        path = f"{addresses.PREFIX}/merch/data/{version}"
        assert site.client.get(path).status_code == 404
        assert site.client.get(f"{path}/page").status_code == 404


def test_pages_of_jobs_are_sandboxed(site: Site) -> None:
    site.stage.dataset()
    site.stage.put(site.stage.layout.dataset_page("d1"), "<p>", "text/html")
    add_batch(site, "20261112T053000-aa")
    for parts in (("data", "d1", "page"), ("batches", "20261112T053000-aa", "gallery")):
        answer = site.client.get(addresses.page("merch", *parts))
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("sandbox allow-scripts;")
        assert "allow-same-origin" not in policy
    assert 'sandbox="allow-scripts"' in site.get("merch", "data")


def test_batches_are_paged_newest_first_with_few_calls(site: Site) -> None:
    for number in range(60):
        site.stage.put(
            site.stage.layout.batch_summary(f"20261101T0000{number:02}-x"), {"images": 1}
        )
    site.stage.calls.clear()
    found: Any = site.json("merch", "batches")
    assert [row["name"][9:15] for row in found["rows"]] == [f"0000{n}" for n in range(59, 34, -1)]
    assert site.stage.calls["ListObjectsV2"] == 1
    assert site.stage.calls.total() <= 30
    older: Any = site.json("merch", "batches", start=50)
    assert [row["name"][-4:] for row in older["rows"]][-1] == "00-x"


def test_a_new_batch_is_found_by_listing_only_what_is_new(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model_page.reading.photos import batches

    monkeypatch.setattr(batches, "FRESH_SECONDS", -1)
    site.stage.put(site.stage.layout.batch_summary("20261101T000000-x"), {"images": 1})
    site.get("merch", "batches")
    asked: list[Any] = []
    listing = site.stage.s3.list_objects_v2

    def list_and_remember(**more: Any) -> Any:
        asked.append(more)
        return listing(**more)

    monkeypatch.setattr(site.stage.s3, "list_objects_v2", list_and_remember)
    site.stage.put(site.stage.layout.batch_summary("20261102T000000-x"), {"images": 1})
    found: Any = site.json("merch", "batches")
    assert [row["name"] for row in found["rows"]] == ["20261102T000000-x", "20261101T000000-x"]
    assert asked[0]["StartAfter"].startswith("merch/batches/20261101T000000-x/")


def test_a_batch_with_drift_unreadable_and_uncertain_photos(site: Site) -> None:
    distance = {"distance": 0.7, "p": 0.0001}
    drift = {"images": 300, "reference_images": 400, "classes": distance,
             "confidence": {**distance, "mean": 0.5, "reference_mean": 0.8}}  # fmt: skip
    add_batch(site, "20261112T053000-aa", drift=drift)
    page = site.get("merch", "batches", "20261112T053000-aa")
    for text in ("model package 4", "b&lt;i&gt;.jpg", "truncated", "0.7", "a &#34;1&#34;.jpg"):
        assert text in page, text
    assert "file=a+%221%22.jpg" in page


def test_downloads(site: Site) -> None:
    add_batch(site, "20261112T053000-aa")
    parts = ("merch", "batches", "20261112T053000-aa", "download")
    answer = site.client.get(addresses.page(*parts, "predictions.csv"))
    assert answer.text.startswith("file,label")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert site.client.get(addresses.page(*parts, "predictions.parquet")).status_code == 404
    for name in ("batch.json", "../batch.json", "gallery.html"):
        assert site.client.get(addresses.page(*parts, name)).status_code == 404


def test_a_batch_that_is_gone_and_one_that_still_runs(site: Site) -> None:
    assert site.client.get(addresses.page("merch", "batches", "20261101")).status_code == 404
    site.stage.put(site.stage.layout.batch_plan("20261101T000000-x"), {"batch": "x"})
    assert "it still runs" in site.get("merch", "batches")


def test_the_lineage_leads_from_the_endpoint_to_the_labels(site: Site) -> None:
    site.stage.dataset(source={"uri": "s3://some-bucket/merch/source/", "files": ["train.zip"]})
    site.stage.put(
        site.stage.layout.recordio_report("r1"),
        {"version": "r1", "dataset_version": "d1", "counts": {"train": 200, "classes": 3}},
    )
    site.stage.put(site.stage.layout.label_file("2026-11-12/ana.jsonl"), "{}")
    site.stage.evaluation("merch-train-1")
    site.stage.serve(site.stage.package("merch-train-1"))
    steps: Any = site.json("merch")["lineage"]["value"]
    assert [step["title"] for step in steps] == [
        "Endpoint", "Package", "Training", "RecordIO", "Dataset", "Source", "Labels",
    ]  # fmt: skip
    assert [step["detail"] for step in steps][3:] == [
        "200 records",
        "300 photos",
        "1 file",
        "1 file",
    ]
    site.stage.s3.delete_object(Bucket="some-bucket", Key=site.stage.layout.recordio_report("r1"))
    site.forget()
    assert site.json("merch")["lineage"]["value"][3]["detail"] == "its record is gone"


def test_the_lineage_says_if_there_are_more_labels_than_it_counts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage, "MAX_LABEL_FILES", 2)
    for number in range(3):
        site.stage.put(site.stage.layout.label_file(f"2026-11-12/ana-{number}.jsonl"), "{}")
    site.stage.serve(site.stage.package("merch-train-1"))
    step: Any = site.json("merch")["lineage"]["value"][-1]
    assert (step["detail"], step["moment"]) == ("more than 2 files", None)
