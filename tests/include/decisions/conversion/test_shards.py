"""Tests of the check of a conversion by several instances."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.decisions.conversion.plan import complete_conversion
from include.storage.layout import Layout
from include.storage.records import RecordError, read_record

BUCKET = "some-bucket"
EXPECTED = {"train": 5, "validation": 2}
SHARDS = {
    "algo-1": {"train": [0, 3], "validation": []},
    "algo-2": {"train": [2], "validation": [0, 1]},
    "algo-3": {"train": [1, 4], "validation": []},
}
LAYOUT = Layout(BUCKET, "cars")
FILES = "cars/recordio/r1/of-3/"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a client of a bucket with a dataset version and its three complete shards."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        # Records are numbered in the order of the hashes, which is not the order of the paths.
        rows = [
            {"path": f"{9 - n}.jpg", "sha256": f"{n}f", "key": f"{n}/{n}f.jpg", "split": split}
            for split, count in EXPECTED.items()
            for n in reversed(range(count))
        ]
        put(client, "cars/dataset/versions/d1/manifest.jsonl", "\n".join(map(json.dumps, rows)))
        for host in SHARDS:
            report(client, host)
        for name in ("train/train-00000", "train/train-00001", "train/train-00002"):
            put(client, f"{FILES}{name}.rec", "records")
        put(client, f"{FILES}validation/validation-00001.rec", "records")
        yield client


def put(client: Any, key: str, text: str) -> None:
    client.put_object(Bucket=BUCKET, Key=key, Body=text.encode())


def report(client: Any, host: str, **changes: Any) -> None:
    """Write a host's report of its shard."""
    content = {
        "stage": "im2rec",
        "host": host,
        "hosts": 3,
        "version": "r1",
        "dataset_version": "d1",
        "settings": {"side": 64},
        "counts": {split: len(found) for split, found in SHARDS[host].items()} | {"classes": 4},
        "expected": EXPECTED,
        "identifiers": SHARDS[host],
        "reused": 2,
        "bytes": 100,
        "seconds": float(host[-1]),
        "created": "2026-01-01T00:00:00+00:00",
    }
    put(client, f"{FILES}shards/{host}.json", json.dumps(content | changes))


def complete(client: Any) -> Any:
    return complete_conversion(client, LAYOUT, "r1", 3)


def assert_rejected(client: Any, message: str) -> None:
    """Assert that completing fails with this message and writes no recordio.json."""
    with pytest.raises(RecordError, match=message):
        complete(client)
    assert read_record(client, BUCKET, LAYOUT.recordio_report("r1")) is None


def test_complete_shards_are_merged_into_one_record(s3: Any) -> None:
    record = complete(s3).as_json()
    assert record == read_record(s3, BUCKET, LAYOUT.recordio_report("r1"))
    assert record.pop("created") > "2026-01-01"
    assert record == {
        "stage": "im2rec",
        "version": "r1",
        "dataset_version": "d1",
        "settings": {"side": 64},
        "counts": {"train": 5, "validation": 2, "classes": 4},
        "shards": 3,
        "reused": 6,
        "bytes": 300,
        "seconds": 3.0,
    }


def test_missing_images_are_named_by_key_and_path(s3: Any) -> None:
    report(s3, "algo-3", identifiers={"train": [4], "validation": []})
    assert_rejected(
        s3, r"1 train images are in no shard \(1/1f.jpg \(8.jpg\)\): check .* in s3://.*: run "
    )


def test_many_missing_images_are_counted_and_the_first_three_named(s3: Any) -> None:
    for host in SHARDS:
        report(s3, host, identifiers={"train": [], "validation": []})
    assert_rejected(
        s3, r"5 train images .*\(0/0f.jpg \(9.jpg\), 1/.*, 2/2f.jpg \(7.jpg\), \.\.\.\)"
    )


def test_an_image_in_two_shards_is_named(s3: Any) -> None:
    report(s3, "algo-3", identifiers={"train": [1, 3, 4], "validation": []})
    assert_rejected(s3, r"in more than one shard \(3/3f.jpg .*must be ShardedByS3Key")


def test_a_record_number_beyond_the_split_is_rejected(s3: Any) -> None:
    report(s3, "algo-3", identifiers={"train": [1, 4, 5], "validation": []})
    assert_rejected(s3, "contain record 5, but dataset d1 has only 5 images")


def test_a_missing_report_is_rejected(s3: Any) -> None:
    s3.delete_object(Bucket=BUCKET, Key=f"{FILES}shards/algo-2.json")
    assert_rejected(s3, r"2 of 3 instances .* \(algo-1, algo-3\): convert again")


@pytest.mark.parametrize(
    ("field", "value"),
    [("version", "r0"), ("settings", {"side": 32}), ("hosts", 2), ("expected", {"train": 4})],
)
def test_reports_of_different_conversions_are_rejected(s3: Any, field: str, value: Any) -> None:
    report(s3, "algo-2", **{field: value})
    assert_rejected(s3, f"do not belong together: algo-1 and algo-2 differ in {field}")


def test_reports_of_another_version_are_rejected(s3: Any) -> None:
    for host in SHARDS:
        report(s3, host, version="r0")
    assert_rejected(s3, "report of algo-1 is not of a conversion to RecordIO r1 by 3 instances")


def test_a_further_report_is_rejected(s3: Any) -> None:
    first = read_record(s3, BUCKET, f"{FILES}shards/algo-1.json") or {}
    put(s3, f"{FILES}shards/algo-4.json", json.dumps(first | {"host": "algo-4"}))
    assert_rejected(s3, "do not belong together: there are 4, but the job had 3 instances")


def test_a_record_file_of_an_earlier_attempt_is_rejected(s3: Any) -> None:
    put(s3, f"{FILES}validation/validation-00002.rec", "stale")
    assert_rejected(s3, "validation-00002.rec is none of this conversion's files: delete it")


def test_a_missing_record_file_is_rejected(s3: Any) -> None:
    s3.delete_object(Bucket=BUCKET, Key=f"{FILES}train/train-00001.rec")
    assert_rejected(s3, "train-00001.rec is missing")


def test_files_of_conversions_with_other_instance_counts_are_ignored(s3: Any) -> None:
    """Training must not read the files of two conversions of one version."""
    put(s3, LAYOUT.recordio_part("r1", "train") + "train.rec", "of a single run")
    put(s3, LAYOUT.recordio_part("r1", "train", 2) + "train-00000.rec", "of two")
    assert complete(s3).shards == 3
