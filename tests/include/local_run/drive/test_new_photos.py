"""New photos of a local folder or the test split, and their true classes."""

from __future__ import annotations

import json
from typing import Any

from include.local_run.drive import new_photos
from include.local_run.drive.clients import AwsClients
from include.storage.layout import Layout

LAYOUT = Layout("bucket", "pets")


def _put_dataset(s3: Any, images: int) -> None:
    rows = [
        {
            "path": f"photos/{number}.JPG",  # a PNG, whatever its name says
            "key": f"aa/{number:064x}.png",
            "label": number % 2,
            "split": split,
        }
        for number, split in enumerate(["train", "test"] * images)
    ]
    for row in rows:
        s3.objects[LAYOUT.image(str(row["key"]))] = str(row["key"]).encode()
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    s3.objects[f"{LAYOUT.dataset('v1')}manifest.jsonl"] = lines
    s3.objects[f"{LAYOUT.dataset('v1')}classes.json"] = b'["cat", "dog"]'


def test_photos_of_the_test_split_are_copied_once_with_their_classes(s3: Any) -> None:
    _put_dataset(s3, 30)
    aws = AwsClients(s3, None, None, None)
    assert new_photos.copy_from_test_split(aws, LAYOUT, "v1") == new_photos.FROM_TEST_SPLIT
    assert new_photos.copy_from_test_split(aws, LAYOUT, "v1") == 0
    labels = json.loads(s3.objects["pets/truth/labels.json"])
    assert len(labels) == new_photos.FROM_TEST_SPLIT
    assert set(labels.values()) == {"dog"}, "the test images of this manifest are all dogs"
    assert all(f"pets/incoming/{name}" in s3.objects for name in labels)
    assert "photos/1.png" in labels, "the copy has the photo's name in the source"


def test_true_labels_are_added_to_earlier_ones(s3: Any) -> None:
    """Protects the labels of photos that were uploaded earlier."""
    aws = AwsClients(s3, None, None, None)
    new_photos.add_true_labels(aws, LAYOUT, {"a.jpg": "cat"})
    new_photos.add_true_labels(aws, LAYOUT, {"b.jpg": "dog"})
    assert json.loads(s3.objects["pets/truth/labels.json"]) == {"a.jpg": "cat", "b.jpg": "dog"}
