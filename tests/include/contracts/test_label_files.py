"""Label files: their names, and their lines as a program writes them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from include.contracts.label_files import (
    label_file_name,
    label_identifier,
    label_lines,
    parse_marked_name,
    photo_mark,
)
from include.contracts.records import LabelRecord

NOW = datetime(2026, 11, 30, 8, 15, 2, 70_000, tzinfo=UTC)


def test_a_name_has_date_user_time_and_identifier() -> None:
    assert label_file_name("anna", NOW, "0a1b") == "2026-11-30/anna-081502070000-0a1b.jsonl"


def test_the_date_is_that_of_utc() -> None:
    tokyo = datetime(2026, 12, 1, 3, 0, tzinfo=timezone(timedelta(hours=9)))
    assert label_file_name("anna", tokyo, "x").startswith("2026-11-30/anna-180000")


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("anna@example.com", "anna@example.com"),
        ("../../models", "_.._models"),
        ("..", "_"),
        ("", "_"),
        ("Åsa / ops", "_sa_ops"),
        ("a" * 100, "a" * 40),
    ],
)
def test_a_hostile_user_stays_within_one_part_of_the_key(user: str, name: str) -> None:
    assert label_file_name(user, NOW, "x") == f"2026-11-30/{name}-081502070000-x.jsonl"


def test_lines_are_json_objects_in_utf_8() -> None:
    record = LabelRecord(
        file="incoming/é\u2028.jpg", not_usable=True, who="anna", when="2026-11-30"
    )
    body = label_lines([record, record])
    assert body.endswith(b"\n")
    assert [json.loads(line) for line in body.decode().split("\n")[:-1]] == [record.as_json()] * 2


def test_the_name_of_a_single_label_says_which_photo_it_means() -> None:
    given = LabelRecord(file="incoming/a.jpg", class_name="Audi", who="anna", when=NOW.isoformat())
    withdrawn = LabelRecord(file="incoming/a.jpg", withdrawn=True, who="anna", when=NOW.isoformat())
    for record in (given, withdrawn):
        name = label_file_name("anna-b", NOW, label_identifier([record], "0a1b2c3d"))
        marked = parse_marked_name(name)
        assert marked
        assert marked.moment == NOW
        assert marked.mark == photo_mark("incoming/a.jpg") != photo_mark("incoming/b.jpg")
        assert marked.withdrawn == record.withdrawn


@pytest.mark.parametrize(
    "name",
    [
        label_file_name("anna", NOW, "0a1b2c3d"),
        "2026-13-41/anna-081502070000-00112233445566770l0a1b2c3d.jsonl",
        "2026-11-30/anna-991502070000-0011223344556677l0a1b2c3d.jsonl",
        "output.manifest",
    ],
)
def test_other_names_say_nothing(name: str) -> None:
    assert parse_marked_name(name) is None


def test_the_name_of_several_labels_marks_no_photo() -> None:
    records = [
        LabelRecord(file=file, not_usable=True, who="anna", when=NOW.isoformat())
        for file in ("incoming/a.jpg", "incoming/b.jpg")
    ]
    assert label_identifier(records, "0a1b") == "0a1b"
