"""Writing labels: one new object, in the user's own name."""

from datetime import UTC, datetime
from typing import Any

import pytest

from include.contracts.label_files import label_lines
from include.contracts.records import LabelRecord
from include.storage import label_files
from include.storage.layout import Layout

LAYOUT = Layout("some-bucket", "stanford_cars")
NOW = datetime(2026, 11, 30, 8, 15, tzinfo=UTC)
RECORD = LabelRecord(file="incoming/a.jpg", class_name="Audi", who="anna", when=NOW.isoformat())


def test_labels_are_one_new_object(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: "0f" * size)
    key = "stanford_cars/labels/2026-11-30/anna-081500000000-f1673053b18fde7al0f0f0f0f.jsonl"
    s3.answer(
        "put_object",
        {},
        Bucket="some-bucket",
        Key=key,
        Body=label_lines([RECORD]),
        ContentType="application/jsonl",
        IfNoneMatch="*",
    )
    assert label_files.write_labels(s3.client, LAYOUT, "anna", [RECORD], NOW) == key


def test_nobody_writes_in_the_name_of_others(s3: Any) -> None:
    with pytest.raises(ValueError, match="boris cannot write labels in the name of anna"):
        label_files.write_labels(s3.client, LAYOUT, "boris", [RECORD], NOW)
    with pytest.raises(ValueError, match="at least one"):
        label_files.write_labels(s3.client, LAYOUT, "anna", [], NOW)
