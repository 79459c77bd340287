"""Labels come back: given, merged by the refresh, and converted into a retraining's input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include.contracts.records import LabelRecord
from include.image_classification.recordio.framing import read_records
from include.image_classification.recordio.image_list import read_list
from include.image_classification.recordio.image_records import unpack_image
from include.storage.label_files import write_labels
from include.storage.layout import Layout
from include.storage.records import RecordError
from tests.dags.processing_run import inputs, run_processing
from tests.dags.refresh_tasks import RefreshTasks, refresh_tasks
from tests.dags.task_calls import BUCKET, call_task
from tests.include.image_classification.dataset.sample_sources import photo

LAYOUT = Layout(BUCKET, "merch")
CLASSES = ("cookie", "muffin")
SOON = timedelta(seconds=5)
"""The time of a label after that of an upload, which S3 gives in whole seconds."""


class Site:
    """The tasks of refresh and conversion, whose jobs run in this process."""

    def __init__(
        self, tasks: RefreshTasks, conversion: Any, base: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.tasks, self.conversion = tasks, conversion
        self.base, self.monkeypatch = base, monkeypatch
        self.jobs = 0

    def refresh(self, planned: dict[str, Any] | None = None) -> dict[str, Any]:
        """Plan (unless given), run and publish a refresh; return the pointer."""
        planned = planned or self.tasks.call("plan")
        return self.tasks.publish_job(planned, self._run(planned))

    def convert(self) -> dict[str, dict[str, int]]:
        """Convert the current version; return the labels of the records by split and image."""
        planned = self._call("plan")
        job = {"job_name": self._run(planned)}
        self._call("publish", planned["version"], planned["shards"], planned["pointer"], job)
        return {split: self._records(split) for split in ("train", "validation")}

    def _call(self, task: str, *args: Any) -> Any:
        function = self.conversion.get_task(task).python_callable
        form = {"force": False, "dataset_version": None}
        given = (self.tasks.s3, self.tasks.pipeline, form, self.monkeypatch)
        return call_task(function, *given, *args)

    def label(self, who: str, **fields: Any) -> None:
        """Give a label as a page does."""
        now = datetime.now(UTC) + SOON
        record = LabelRecord.model_validate({"who": who, "when": now.isoformat(), **fields})
        write_labels(self.tasks.s3, LAYOUT, who, [record], now)

    def upload(self, name: str, data: bytes) -> str:
        """Upload a photo to incoming/; return its ETag."""
        key = f"{LAYOUT.incoming}{name}"
        answer = self.tasks.s3.put_object(Bucket=BUCKET, Key=key, Body=data)
        return str(answer["ETag"])

    def manifest(self, version: str) -> dict[str, dict[str, Any]]:
        """Return the rows of a version's manifest by path."""
        key = LAYOUT.dataset_manifest(version)
        body = self.tasks.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return {row["path"]: row for row in map(json.loads, body.splitlines())}

    def _run(self, planned: dict[str, Any]) -> str:
        self.jobs += 1
        name = f"job-{self.jobs}"
        run_processing(self.tasks.s3, planned["request"], name, self.base, self.monkeypatch)
        return name

    def _records(self, split: str) -> dict[str, int]:
        folder = self.base / "processing" / "output"
        listed = read_list(folder / "index" / f"{split}.lst")
        labels = {entry.path: int(entry.labels[0]) for _, entry in listed}
        records = [unpack_image(record) for record in read_records(folder / split / f"{split}.rec")]
        assert [int(record.label) for record in records] == list(labels.values())
        return labels


@pytest.fixture
def site(dag_bag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with refresh_tasks(dag_bag, monkeypatch) as tasks:
        tasks.set(classes=None)
        for number, name in enumerate(CLASSES):
            for index in range(10):
                tasks.put(f"source/{name}/{index}.jpg", photo(100 * number + index))
        yield Site(tasks, dag_bag.dags["merch__im2rec_conversion"], tmp_path / "job", monkeypatch)


def test_a_label_reaches_the_next_training(site: Site) -> None:
    first = site.refresh()
    site.convert()
    before = site.manifest(first["version"])
    corrected = next(row for row in before.values() if row["split"] == "train" and not row["label"])
    for index in range(40):
        site.upload(f"camera/{index}.jpg", photo(900 + index))
    with pytest.raises(AirflowSkipException, match="unchanged"):
        site.tasks.call("plan")
    site.label("anna", file=corrected["path"], sha256=corrected["sha256"], **{"class": "muffin"})
    site.label("anna", file="cookie/9.jpg", not_usable=True, note="a hand")
    for index in range(6):
        site.label("boris", file=f"incoming/camera/{index}.jpg", **{"class": "cookie"})
    planned = site.tasks.call("plan")
    second = site.refresh(planned)

    listing = json.loads((site.base / "processing/input/label_plan/photos.manifest").read_text())
    assert listing[1:] == [f"incoming/camera/{index}.jpg" for index in range(6)]
    rows = site.manifest(second["version"])
    row = rows[corrected["path"]]
    assert (row["label"], row["split"]) == (1, "train")
    assert row["label_source"]["who"] == "anna"
    assert row["label_source"]["file"].endswith(".jsonl")
    joined = [rows[f"incoming/camera/{index}.jpg"] for index in range(6)]
    assert {row["label"] for row in joined} == {0}
    assert {row["label_source"]["who"] for row in joined} == {"boris"}
    assert "cookie/9.jpg" not in rows
    assert second["labels"]["new"] == {"added": 6, "corrected": 1, "not usable": 1}

    records = site.convert()
    assert records["train"][corrected["key"]] == 1, "also if its record was reused"
    converted = [row for row in joined if row["split"] != "test"]
    assert converted
    assert all(records[row["split"]][row["key"]] == 0 for row in converted)
    with pytest.raises(AirflowSkipException, match="unchanged"):
        site.tasks.call("plan")


def test_a_photo_that_joined_is_read_from_the_stored_images(site: Site) -> None:
    etag = site.upload("a.jpg", photo(900))
    site.label("anna", file="incoming/a.jpg", etag=etag, **{"class": "cookie"})
    first = site.refresh()
    site.tasks.s3.delete_object(Bucket=BUCKET, Key=f"{LAYOUT.incoming}a.jpg")
    site.tasks.put("source/cookie/more.jpg", photo(50))
    planned = site.tasks.call("plan")
    second = site.refresh(planned)
    key = site.manifest(first["version"])["incoming/a.jpg"]["key"]
    listing = json.loads((site.base / "processing/input/label_plan/photos.manifest").read_text())
    assert listing == [{"prefix": f"s3://{BUCKET}/merch/"}, f"images/{key}"]
    assert site.manifest(second["version"])["incoming/a.jpg"]["key"] == key
    site.tasks.s3.delete_object(Bucket=BUCKET, Key=LAYOUT.image(key))
    lost = site.refresh()
    assert "incoming/a.jpg" not in site.manifest(lost["version"]), "its only copy was deleted"
    assert lost["labels"]["outcomes"] == {"gone": 1}


def test_labels_of_photos_that_are_gone_do_not_stop_a_refresh(site: Site) -> None:
    site.label("anna", file="incoming/never.jpg", **{"class": "cookie"})
    site.tasks.put("labels/notes/readme.jsonl", b"no label\n")
    planned = site.tasks.call("plan")
    assert "labelled" not in inputs(planned["request"]), "a job rejects an empty manifest"
    assert site.refresh(planned)["labels"]["outcomes"] == {"gone": 1, "bad line": 1}


def test_labels_that_change_while_the_job_runs_are_merged_by_the_next_run(site: Site) -> None:
    site.label("anna", file="cookie/0.jpg", **{"class": "muffin"})
    planned = site.tasks.call("plan")
    site.label("anna", file="cookie/1.jpg", **{"class": "muffin"})
    assert site.refresh(planned)["changed_while_read"] is True
    again = site.refresh()
    assert again["changed_while_read"] is False
    assert again["labels"]["outcomes"] == {"corrected": 2}
    with pytest.raises(AirflowSkipException):
        site.tasks.call("plan")


def test_without_its_label_ledger_no_refresh_is_planned(site: Site) -> None:
    site.upload("a.jpg", photo(900))
    site.label("anna", file="incoming/a.jpg", **{"class": "cookie"})
    job = site.refresh()["job"]
    key = LAYOUT.label_ledger_file(job)
    site.tasks.put("source/cookie/more.jpg", photo(50))
    content = site.tasks.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    site.tasks.put(key.removeprefix("merch/"), content[:-12])
    with pytest.raises(RecordError, match=r"label ledger .* is damaged"):
        site.tasks.call("plan")
    site.tasks.s3.delete_object(Bucket=BUCKET, Key=key)
    with pytest.raises(RecordError, match=r"label ledger .* is missing"):
        site.tasks.call("plan")


def test_removed_labels_have_no_effect_any_more(site: Site) -> None:
    site.label("anna", file="cookie/0.jpg", **{"class": "muffin"})
    site.refresh()
    key = site.tasks.s3.list_objects_v2(Bucket=BUCKET, Prefix=LAYOUT.labels)["Contents"][0]["Key"]
    site.tasks.s3.delete_object(Bucket=BUCKET, Key=key)
    planned = site.tasks.call("plan")
    assert "labels" not in inputs(planned["request"])
    row = site.manifest(site.refresh(planned)["version"])["cookie/0.jpg"]
    assert (row["label"], "label_source" in row) == (0, False)
