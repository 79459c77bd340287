"""A dataset version that a user names in a form."""

from typing import Any

import pytest

from include.decisions.dataset.versions import need_dataset_version
from include.storage.layout import Layout
from include.storage.records import RecordError

LAYOUT = Layout("some-bucket", "cars")
FOLDER = "cars/dataset/versions/"


def test_a_version_that_exists_is_returned(s3: Any) -> None:
    key = f"{FOLDER}d1/dataset.json"
    s3.answer("get_object", s3.json({"version": "d1"}), Bucket="some-bucket", Key=key)
    assert need_dataset_version(s3.client, LAYOUT, "d1").version == "d1"


def test_the_error_for_an_unknown_version_has_those_that_there_are(s3: Any) -> None:
    s3.refuse("get_object", "NoSuchKey")
    prefixes = [{"Prefix": f"{FOLDER}{name}/"} for name in ("d1", "d2", "d3")]
    listing = {"Bucket": "some-bucket", "Prefix": FOLDER, "Delimiter": "/"}
    s3.answer("list_objects_v2", {"CommonPrefixes": prefixes}, **listing)
    s3.answer("get_object", s3.json({"version": "d2"}))
    expected = r"'d9' .*: no such version; there are: d2 \(the current one\), d1, d3$"
    with pytest.raises(RecordError, match=expected):
        need_dataset_version(s3.client, LAYOUT, "d9")


def test_the_error_without_any_version_names_the_refresh(s3: Any) -> None:
    s3.refuse("get_object", "NoSuchKey")
    s3.answer("list_objects_v2", {})
    s3.refuse("get_object", "NoSuchKey")
    with pytest.raises(RecordError, match="there are: none: run dataset refresh first"):
        need_dataset_version(s3.client, LAYOUT, "d9")
