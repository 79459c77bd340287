"""The command `select`: each incoming image is in one batch, or listed with a reason, once."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from include.common.incoming import ListingHash
from include.image_classification.container import CommandError
from include.image_classification.selection.folder import Folder
from include.image_classification.selection.screening import photos
from include.image_classification.selection.select import main
from tests.include.image_classification.selection.selections import INCOMING, Selections, photo

NOT_AN_IMAGE = "not a .jpg, .jpeg or .png"

HOSTILE = (
    "a, \"b\"\n'c'.jpg",
    "'); DROP TABLE listed; --.jpg",
    "=1+1.jpg",
    "<script>.jpg",
    "\u202egpj.jpg",
    "%41 +&.jpg",
    "caf\u00e9/\U0001f697.JPG",
)


def test_a_batch_takes_the_first_new_images_and_counts_the_rest(runs: Selections) -> None:
    runs.upload("a.jpg", "sub/b.PNG", "c.jpg", "folder/", "d.jpg.part", "e_$folder$")
    selected = runs.select()
    assert selected["counts"] == {
        "listed": 3, "new": 3, "images": 2, "unreadable": 0, "changed": 0, "remaining": 1,
    }  # fmt: skip
    assert selected["batch"].startswith("20260101T000000-")
    plan = runs.record(f"{selected['batch']}/plan.json")
    assert list(plan["images"]) == ["a.jpg", "c.jpg"]
    assert plan["forced"] is False
    assert "package" not in plan


def test_any_character_may_be_in_the_address_of_a_folder(runs: Selections) -> None:
    runs.put("my cars?/#1/50 %20/a.jpg", photo())
    folder = Folder.at(runs.s3, "s3://some-bucket/my cars?/#1/50 %20/")
    assert folder.tag("a.jpg")
    assert folder.uri("a.jpg") == "s3://some-bucket/my cars?/#1/50 %20/a.jpg"


def test_images_are_new_until_their_batch_has_a_record(runs: Selections) -> None:
    runs.upload("a.jpg")
    first = runs.select()["batch"]
    assert runs.select()["batch"].rpartition("-")[2] == first.rpartition("-")[2]
    runs.publish(first)
    selected = runs.select()
    assert (selected["batch"], selected["counts"]["new"]) == (None, 0)
    assert selected["recorded"] == [first]
    runs.upload("a.jpg", content=photo(50))
    assert runs.predict() == ["a.jpg"]


def test_the_name_of_a_batch_depends_on_its_images(runs: Selections) -> None:
    runs.upload("a.jpg")
    one = runs.select()["batch"]
    runs.upload("b.jpg")
    assert runs.select()["batch"].rpartition("-")[2] != one.rpartition("-")[2]


def test_if_no_image_is_readable_the_batch_has_its_record_at_once(runs: Selections) -> None:
    """The reason of the skipped run names only some of them; the record has all."""
    runs.upload("a.jpg", "b.png", content=b"no image")
    runs.upload("c.gif", "d/")
    selected = runs.select(screening="decode")
    record = runs.record(f"{selected['batch']}/batch.json")
    reason = "is neither JPEG nor PNG"
    assert record["unreadable"] == {"a.jpg": reason, "b.png": reason, "c.gif": NOT_AN_IMAGE}
    assert record["counts"] == {"images": 0, "unreadable": 3}
    assert selected["examples"] == record["unreadable"]
    assert runs.select(screening="decode")["batch"] is None
    runs.upload("a.jpg")
    assert runs.predict(screening="decode") == ["a.jpg"]


def test_all_screened_images_are_listed(runs: Selections) -> None:
    """Unreadable images before the first readable one neither block it nor are read again."""
    runs.upload("a.jpg", "b.jpg", "c.jpg", content=b"no image")
    runs.upload("d.jpg", "e.jpg")
    selected = runs.select(screening="decode")
    plan = runs.record(f"{selected['batch']}/plan.json")
    assert list(plan["unreadable"]) == ["a.jpg", "b.jpg", "c.jpg"]
    assert list(plan["images"]) == ["d.jpg"]
    assert selected["counts"]["remaining"] == 1


def test_forced_runs_take_the_images_predicted_longest_ago(runs: Selections) -> None:
    """Otherwise images after the first `max_images` would never be predicted again."""
    runs.upload("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    assert runs.predict() == ["a.jpg", "b.jpg"]
    assert runs.predict() == ["c.jpg", "d.jpg"]
    assert runs.predict() == ["e.jpg"]
    assert runs.predict(images="all") == ["a.jpg", "b.jpg"]
    assert runs.predict(images="all") == ["c.jpg", "d.jpg"]
    runs.upload("z.jpg")
    assert runs.predict(images="all") == ["z.jpg", "e.jpg"]
    assert runs.select(images="all")["forced"] is True


def test_names_alone_are_screened_for_the_custom_image(
    runs: Selections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server answers an unreadable photo with an error record: no photo is read."""
    monkeypatch.setattr(photos, "_read", pytest.fail)
    runs.upload("a.jpg", content=b"no image")
    runs.upload("b.gif")
    runs.upload("c.jpg", content=bytes(2000))
    selected = runs.select(screening="names", most=5, limit=1000)
    plan = runs.record(f"{selected['batch']}/plan.json")
    assert list(plan["images"]) == ["a.jpg"]
    assert plan["unreadable"] == {
        "b.gif": NOT_AN_IMAGE,
        "c.jpg": "has 2000 bytes, and a request allows 1000",
    }


@pytest.mark.parametrize("content", [photo(99), b"", None], ids=["replaced", "emptied", "deleted"])
def test_an_image_that_changes_during_the_job_waits_for_the_next_run(
    runs: Selections, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """Its listed ETag must not be recorded for another content."""
    runs.upload("a.jpg", "b.jpg")
    read = photos._read

    def change(folder: Folder, image: Any) -> bytes:
        if image.key == "a.jpg":
            if content is None:
                runs.s3.delete_object(Bucket=folder.bucket, Key=f"{INCOMING}a.jpg")
            else:
                runs.upload("a.jpg", content=content)
        return read(folder, image)

    monkeypatch.setattr(photos, "_read", change)
    selected = runs.select(screening="decode")
    assert list(runs.record(f"{selected['batch']}/plan.json")["images"]) == ["b.jpg"]
    assert (selected["counts"]["changed"], selected["counts"]["remaining"]) == (1, 1)
    runs.publish(selected["batch"])
    monkeypatch.undo()
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(runs.base))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    after = runs.select(screening="decode")
    assert after["counts"]["new"] == (0 if content is None else 1)
    assert after["counts"]["unreadable"] == (content == b"")


def test_an_image_that_may_not_be_read_is_no_change(
    runs: Selections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a missing permission would look like an empty folder."""
    runs.upload("a.jpg")
    error: Any = {"Error": {"Code": "AccessDenied", "Message": "not allowed"}}
    client = boto3.client("s3")

    def denied(**_: Any) -> Any:
        raise ClientError(error, "GetObject")

    monkeypatch.setattr(client, "get_object", denied)
    monkeypatch.setattr("include.image_classification.selection.select.s3_client", lambda: client)
    with pytest.raises(CommandError, match="AccessDenied"):
        runs.select(screening="decode")


def test_if_all_images_change_there_is_no_batch(
    runs: Selections, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.upload("a.jpg")

    def changed(*_: Any) -> bytes:
        raise photos._ChangedError

    monkeypatch.setattr(photos, "_read", changed)
    selected = runs.select(screening="decode")
    assert selected["batch"] is None
    assert selected["counts"]["remaining"] == 1


def test_hostile_names_are_listed_predicted_and_remembered(runs: Selections) -> None:
    runs.upload(*HOSTILE)
    assert sorted(runs.predict(most=100)) == sorted(HOSTILE)
    assert runs.select()["counts"] == {
        "listed": len(HOSTILE), "new": 0, "images": 0, "unreadable": 0, "changed": 0,
        "remaining": 0,
    }  # fmt: skip


def test_the_listing_has_the_hash_that_the_plan_compares(runs: Selections) -> None:
    runs.upload("b.jpg", "a.jpg", "folder/")
    tags = {e["Key"]: e["ETag"] for e in runs.s3.list_objects_v2(Bucket="some-bucket")["Contents"]}
    expected = ListingHash()
    for key in ("a.jpg", "b.jpg"):
        expected.add(key, tags[f"{INCOMING}{key}"])
    assert runs.select()["listing"] == expected.hexdigest()


def test_all_pages_of_the_listing_are_read(
    runs: Selections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.image_classification.selection.listing.PAGE", 2)
    runs.upload(*(f"{number}.jpg" for number in range(5)))
    selected = runs.select(most=9)
    assert list(runs.record(f"{selected['batch']}/plan.json")["images"])[-1] == "4.jpg"
    assert selected["counts"]["listed"] == 5


def test_a_denied_call_names_the_policy(runs: Selections, monkeypatch: pytest.MonkeyPatch) -> None:
    error: Any = {"Error": {"Code": "AccessDenied", "Message": "not allowed"}}

    def denied(*_: Any, **__: Any) -> Any:
        raise ClientError(error, "ListObjectsV2")

    client = boto3.client("s3")
    monkeypatch.setattr(client, "get_paginator", denied)
    monkeypatch.setattr("include.image_classification.selection.select.s3_client", lambda: client)
    with pytest.raises(CommandError, match=r"AccessDenied.*docs/iam/jobs\.json"):
        runs.select()


@pytest.mark.parametrize("uri", ["cars/incoming/", "s3://b/incoming"])
def test_a_folder_needs_a_bucket_and_a_slash(runs: Selections, uri: str) -> None:
    with pytest.raises(CommandError, match="s3:// folder with its slash"):
        main(["--incoming", uri])
