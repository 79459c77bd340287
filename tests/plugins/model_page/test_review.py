"""The review queue: order, labels in the user's name, undo, and photos that are gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_page import addresses
from model_page.reading.objects import ObjectReader
from model_page.reading.photos.batches import BatchLister
from tests.plugins.model_page.conftest import Site
from tests.plugins.model_page.stage import BUCKET, CLASSES

A, B, C = CLASSES


def add_uncertain(site: Site, batch: str, *names: str) -> None:
    """Add a batch with these uncertain photos."""
    layout, tags = site.stage.layout, {}
    for name in names:
        site.stage.put(f"{layout.incoming}{name}", name.encode(), "image/png")
        head = site.stage.s3.head_object(Bucket=BUCKET, Key=f"{layout.incoming}{name}")
        tags[name] = head["ETag"].strip('"')
    site.stage.put(layout.batch_record(batch), {"batch": batch, "images": tags})
    rows = "".join(f"{name},{A},0.41,{B},0.39,{C},0.2\n" for name in names)
    header = "file,label,probability,label_2,probability_2,label_3,probability_3\n"
    site.stage.put(f"{layout.batch_report(batch)}uncertain.csv", header + rows)


@pytest.fixture
def queued(site: Site) -> Site:
    site.stage.dataset()
    add_uncertain(site, "20261112T053000-aa", "one.png", "two.png", "three.png")
    return site


def labels(site: Site) -> list[dict[str, Any]]:
    listed = site.stage.s3.list_objects_v2(Bucket=BUCKET, Prefix="merch/labels/")
    keys = [item["Key"] for item in listed.get("Contents", [])]
    bodies = [site.stage.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys]
    return sorted((json.loads(body) for body in bodies), key=lambda record: record["when"])


def answer(site: Site, photo: dict[str, Any], **fields: Any) -> Any:
    form = {"file": photo["file"], "etag": photo["etag"], "answer": "class", **fields}
    return site.post("merch", "review", **form)


def shown(site: Site, **query: Any) -> Any:
    return site.json("merch", "review", **query)


def test_a_label_is_written_in_the_users_name(queued: Site) -> None:
    photo = shown(queued)["photo"]
    response = answer(queued, photo, **{"class": B})
    assert response.status_code == 303
    (record,) = labels(queued)
    assert {name: record[name] for name in ("file", "class", "who", "etag")} == {
        "file": photo["file"], "class": B, "who": "ana", "etag": photo["etag"],
    }  # fmt: skip
    queued.forget()
    following = shown(queued, after=photo["file"])
    assert following["photo"]["file"] != photo["file"]
    assert following["queue"]["value"] == {"done": 1, "total": 3}


def test_each_photo_comes_once_and_a_skipped_one_again_at_the_end(queued: Site) -> None:
    after, seen = "", []
    for _ in range(4):
        after = shown(queued, after=after)["photo"]["file"]
        seen.append(after)
    assert len(set(seen[:3])) == 3
    assert seen[3] == seen[0]


def test_undo_brings_the_photo_back(queued: Site) -> None:
    photo = shown(queued)["photo"]
    answer(queued, photo, **{"class": B})
    queued.forget()
    page = queued.get("merch", "review", after=photo["file"], undo=photo["file"])
    assert "Undo the last label" in page
    answer(queued, photo, answer="withdraw")
    queued.forget()
    assert shown(queued)["queue"]["value"] == {"done": 0, "total": 3}
    assert labels(queued)[-1]["withdrawn"] is True


def test_not_usable(queued: Site) -> None:
    answer(queued, shown(queued)["photo"], answer="not usable")
    assert labels(queued)[0]["not_usable"] is True
    assert "class" not in labels(queued)[0]


def test_two_users_do_not_get_the_same_photo(queued: Site) -> None:
    first = shown(queued)["photo"]["file"]
    queued.log_in("cora")
    for _ in range(5):
        assert shown(queued)["photo"]["file"] != first


def test_labels_of_two_users_who_got_the_same_photo_are_both_kept(queued: Site) -> None:
    """As with two processes of the API server, which do not know of each other's users."""
    photo = shown(queued)["photo"]
    answer(queued, photo, **{"class": A})
    queued.forget()
    queued.log_in("cora")
    assert answer(queued, photo, **{"class": B}).status_code == 303
    assert [(one["who"], one["class"]) for one in labels(queued)] == [("ana", A), ("cora", B)]
    assert shown(queued)["queue"]["value"] == {"done": 1, "total": 3}


def test_a_photo_that_is_gone_gets_no_label(queued: Site) -> None:
    photo = shown(queued)["photo"]
    queued.stage.s3.delete_object(Bucket=BUCKET, Key=f"merch/{photo['file']}")
    response = answer(queued, photo, **{"class": B})
    assert (response.status_code, labels(queued)) == (409, [])
    assert "is gone: no label was written" in response.text


def test_another_photo_under_the_same_name_gets_no_label(queued: Site) -> None:
    photo = shown(queued)["photo"]
    queued.stage.put(f"merch/{photo['file']}", b"another")
    response = answer(queued, photo, **{"class": B})
    assert (response.status_code, labels(queued)) == (409, [])


@pytest.mark.parametrize(
    "fields",
    [
        {"class": "no such class"},
        {"class": ""},
        {"answer": "perhaps"},
        {"file": "dataset/current.json", "class": B},
        {"file": "incoming/../dataset/current.json", "class": B},
        {"file": "", "class": B},
    ],
)
def test_labels_that_are_refused(queued: Site, fields: dict[str, str]) -> None:
    response = answer(queued, shown(queued)["photo"], **fields)
    assert (response.status_code, labels(queued)) == (400, [])


def test_label_suspects_are_named_by_their_content(site: Site) -> None:
    site.stage.dataset()
    keys = site.stage.photos("merch-train-1", [(A, B, 0.97), (A, B, 0.5), (B, B, 0.99)])
    site.stage.put(site.stage.layout.image(keys[0]), b"png", "image/png")
    site.stage.serve(site.stage.package("merch-train-1"))
    found = shown(site)
    photo = found["photo"]
    assert (photo["file"], photo["kind"], photo["label"]) == (f"images/{keys[0]}", "suspect", A)
    assert found["queue"]["value"] == {"done": 0, "total": 1}
    answer(site, photo, **{"class": B})
    (record,) = labels(site)
    assert record["sha256"] == keys[0].rpartition("/")[2].removesuffix(".png")


def test_a_user_who_may_only_read_sees_the_photo_and_cannot_label(queued: Site) -> None:
    queued.log_in("ben")
    page = queued.get("merch", "review")
    assert "may not label photos" in page
    assert answer(queued, shown(queued)["photo"], **{"class": B}).status_code == 403


def test_an_empty_queue(site: Site) -> None:
    assert "No photo waits for a label" in site.get("merch", "review")


def test_labels_are_read_once(queued: Site) -> None:
    answer(queued, shown(queued)["photo"], **{"class": B})
    shown(queued)
    queued.stage.calls.clear()
    shown(queued)
    assert queued.stage.calls.total() <= 14, queued.stage.calls


def test_labels_of_the_page_are_counted_by_their_names(queued: Site) -> None:
    for _ in range(2):
        answer(queued, shown(queued)["photo"], **{"class": B})
    queued.forget()
    queued.stage.calls.clear()
    assert shown(queued)["queue"]["value"] == {"done": 2, "total": 3}
    assert queued.stage.calls["GetObject"] <= 4, queued.stage.calls


def test_old_batches_are_not_listed_if_the_last_days_have_enough(site: Site) -> None:
    layout, now = site.stage.layout, datetime.now(UTC)
    names = [f"{now - timedelta(days=days):%Y%m%dT%H%M%S}-aa" for days in (1, 2, 3, 200, 300)]
    for name in names:
        site.stage.put(layout.batch_record(name), {"batch": name})
    lister = BatchLister(ObjectReader(site.stage.s3, BUCKET))
    site.stage.calls.clear()
    assert lister.newest(layout, 3) == names[:3]
    assert site.stage.calls["ListObjectsV2"] == 1
    assert lister.newest(layout, 4) == names[:4]
    assert lister.newest(layout, 9) == names


def test_labels_of_other_programs_are_read(queued: Site) -> None:
    photo = shown(queued)["photo"]
    record = {"file": photo["file"], "class": B, "who": "ben", "when": "2026-11-30T08:15:00Z"}
    queued.stage.put(
        f"{queued.stage.layout.labels}{datetime.now(UTC):%Y-%m-%d}/by_hand.jsonl", record
    )
    queued.forget()
    assert shown(queued)["queue"]["value"] == {"done": 1, "total": 3}


def test_a_photo_of_the_queue_has_an_address(queued: Site) -> None:
    found = shown(queued)
    assert found["address"].startswith(addresses.page("merch", "incoming-photo"))
    assert queued.client.get(found["address"]).status_code == 200
