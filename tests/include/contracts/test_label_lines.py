"""Lines of label files: JSON lines and Ground Truth's manifests, good and bad."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from include.contracts.label_lines import LabelLine, read_label_lines

GIVEN = {"file": "incoming/a.jpg", "class": "Audi", "who": "anna", "when": "2026-11-30T08:15:00"}
METADATA: dict[str, Any] = {
    "class-name": "Audi",
    "confidence": 0.94,
    "human-annotated": "yes",
    "creation-date": "2026-11-29T10:00:00.123456",
    "type": "groundtruth/image-classification",
    "job-name": "labeling-job/cars",
}
LABELED = {"source-ref": "s3://b/cars/incoming/a.jpg", "kind": 3, "kind-metadata": METADATA}


def read(*chunks: bytes) -> list[LabelLine]:
    return list(read_label_lines(chunks))


def line(content: object) -> bytes:
    return json.dumps(content).encode() + b"\n"


def problem(content: bytes) -> str:
    (only,) = read(content)
    assert only.record is None
    return only.problem


def test_lines_are_read_with_their_numbers() -> None:
    found = read(line(GIVEN) + b"\n" + line(GIVEN | {"class": "BMW"}).rstrip())
    assert [(one.number, one.record and one.record.class_name) for one in found] == [
        (1, "Audi"),
        (3, "BMW"),
    ]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_the_size_of_chunks_does_not_matter(size: int) -> None:
    content = (line(GIVEN) * 3).replace(b"\n", b"\r\n")
    found = read(*(content[at : at + size] for at in range(0, len(content), size)))
    assert [one.number for one in found if one.record] == [1, 2, 3]


def test_a_utf_8_mark_is_skipped() -> None:
    assert read(b"\xef\xbb\xbf" + line(GIVEN))[0].record


def test_a_bad_line_does_not_hide_the_others() -> None:
    cut = line(GIVEN)[:-10]
    found = read(line(GIVEN) + b"\xff\n" + line([GIVEN]) + line(GIVEN | {"who": ""}) + cut)
    assert [bool(one.record) for one in found] == [True, False, False, False, False]
    assert [one.problem.split(":")[0] for one in found[1:]] == [
        "it is not UTF-8 (byte 0)",
        "it is not a JSON object",
        "who is ''",
        "it is not a JSON object, or is cut off (Unterminated string starting at",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("\ufeff{}".encode("utf-16-le"), "UTF-16"),
        ("\ufeff{}".encode("utf-16-be"), "UTF-16"),
        ("{}".encode("utf-16-le"), "NUL bytes"),
        (b"\x1f\x8b\x08\n\n\n", "gzip"),
        (b"PK\x03\x04\n\n\n", "zip"),
        (b"[" * 100_000, "not a JSON object"),
    ],
)
def test_a_file_of_another_kind_gives_one_problem(content: bytes, reason: str) -> None:
    assert reason in problem(content)


def test_a_line_without_end_takes_bounded_memory() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(40):
            taken += 1
            yield b"x" * 100_000

    (only,) = read_label_lines(endless())
    assert "longer than 1048576 bytes" in only.problem
    assert taken == 40


def test_a_label_of_ground_truth_is_read() -> None:
    (found,) = read(line(LABELED))
    assert found.record is not None
    assert found.record.as_json() == {
        "file": "s3://b/cars/incoming/a.jpg",
        "class": "Audi",
        "who": "ground-truth",
        "when": "2026-11-29T10:00:00.123456",
        "note": "labeling job cars",
    }


def test_the_newest_attribute_of_ground_truth_counts() -> None:
    adjusted = METADATA | {"class-name": "BMW", "creation-date": "2026-11-30T00:00:00"}
    (found,) = read(line({"kind-2": 1, "kind-2-metadata": adjusted} | LABELED))
    assert found.record is not None
    assert found.record.class_name == "BMW"


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"failure-reason": "worker timeout"}, "could not label the photo: worker timeout"),
        ({"type": "groundtruth/object-detection"}, "no label attribute"),
        ({"creation-date": "soon"}, "no time in ISO 8601"),
        ({"class-name": 7}, "a photo has one class"),
    ],
)
def test_unusable_labels_of_ground_truth_are_named(metadata: dict[str, Any], reason: str) -> None:
    assert reason in problem(line(LABELED | {"kind-metadata": METADATA | metadata}))


def test_several_classes_of_ground_truth_are_named() -> None:
    several = {name: METADATA[name] for name in METADATA if name != "class-name"}
    several |= {"class-map": {"1": "Audi", "2": "BMW"}}
    assert "has 2 classes" in problem(line(LABELED | {"kind-metadata": several}))
