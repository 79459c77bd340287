"""Label records: one opinion on one photo, by file or by hash."""

from datetime import UTC, datetime
from typing import Any

import pytest

from include.contracts.records import LabelRecord, RecordProblem, parse_record

GIVEN: dict[str, Any] = {
    "file": "incoming/lot 7/car.jpg",
    "class": "Audi",
    "who": "anna",
    "when": "2026-11-30T08:15:00+00:00",
}


def test_a_record_is_returned_as_it_was_written() -> None:
    record = parse_record(LabelRecord, GIVEN)
    assert record.class_name == "Audi"
    assert record.as_json() == GIVEN


def test_programs_may_use_the_fields_names() -> None:
    record = LabelRecord(sha256="A" * 64, class_name="Audi", who="anna", when="2026-11-30")
    assert record.as_json() == {
        "sha256": "a" * 64,
        "class": "Audi",
        "who": "anna",
        "when": "2026-11-30",
    }


def test_a_time_without_zone_is_utc() -> None:
    record = parse_record(LabelRecord, GIVEN | {"when": "2026-11-30T08:15:00"})
    assert record.moment == datetime(2026, 11, 30, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"file": None}, "no photo is named: give file or sha256"),
        ({"class": None}, "exactly one of class, not_usable: true and withdrawn: true"),
        ({"not_usable": True}, "exactly one of class"),
        ({"withdrawn": True}, "exactly one of class"),
        ({"class": ""}, "class is ''"),
        ({"class": 7}, "class is 7"),
        ({"who": ""}, "who is ''"),
        ({"when": "yesterday"}, "'yesterday' is no time in ISO 8601"),
        ({"sha256": "abc"}, "64 hex digits"),
        ({"file": "incoming/../models/m.jpg"}, "empty, '.' or '..'"),
        ({"file": "/etc/passwd"}, "empty, '.' or '..'"),
        ({"file": "incoming//a.jpg"}, "empty, '.' or '..'"),
        ({"file": "incoming/a\nb.jpg"}, "control characters"),
        ({"file": "incoming/\ud800.jpg"}, "a unicode string"),
        ({"file": "incoming/" + "é" * 600}, "more than the 1024"),
        ({"file": "incoming/" + "é" * 200}, "more than 255"),
    ],
)
def test_an_invalid_record_names_the_field(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(RecordProblem) as caught:
        parse_record(LabelRecord, GIVEN | change)
    assert problem in str(caught.value)
