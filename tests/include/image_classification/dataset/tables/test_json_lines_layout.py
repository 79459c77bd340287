"""The layout json_lines: Ground Truth's manifests, augmented manifests, and metadata.jsonl."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from include.contracts.dataset import Box
from include.image_classification.container import CommandError
from include.image_classification.dataset.tables.options import LabelOptions
from tests.include.image_classification.dataset.tables.listing import boxes, listed, put, write

SOURCE = LabelOptions(source_uri="s3://bucket/pets/source/")


def lines(*rows: Mapping[str, Any] | list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def labelled(path: str, value: Any, **metadata: Any) -> dict[str, Any]:
    """Return a line of an output manifest."""
    common = {"confidence": 0.9, "human-annotated": "yes", "job-name": "labeling-job/pets",
              "type": "groundtruth/image-classification",
              "creation-date": "2026-11-01T00:00:00"}  # fmt: skip
    return {
        "source-ref": f"s3://bucket/{path}",
        "pets": value,
        "pets-metadata": {**common, **metadata},
    }


def test_ground_truths_output_manifest(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    put(tmp_path, "photos/1.jpg", "photos/2.jpg", "photos/3.jpg", "photos/4.jpg", "photos/5.jpg")
    write(
        tmp_path,
        {
            "manifests/output/output.manifest": lines(
                labelled("pets/source/photos/1.jpg", 0, **{"class-name": "cat"}),
                labelled("pets/source/photos/2.jpg", 1, **{"class-name": "dog"}),
                labelled(
                    "pets/source/photos/3.jpg", 1, confidence=0.4, **{"human-annotated": "no"}
                ),
                labelled("pets/source/photos/4.jpg", 7),
                labelled("pets/source/photos/5.jpg", None, **{"failure-reason": "expired"}),
                labelled("pets/source/photos/6.jpg", 0, **{"class-name": "cat"}),
            )
        },
    )
    assert listed(tmp_path, "json_lines", options=SOURCE) == {
        "photos/1.jpg": ("cat", None), "photos/2.jpg": ("dog", None),
        "photos/3.jpg": ("dog", None), "photos/4.jpg": ("label-out-of-range", None),
        "photos/5.jpg": ("missing-label", None), "photos/6.jpg": ("missing-file", None),
    }  # fmt: skip
    assert "1 of 6 labels are not by humans; the lowest confidence is 0.4" in caplog.text


def test_a_manifest_of_another_bucket_names_photos_by_their_file_names(tmp_path: Path) -> None:
    put(tmp_path, "x/1.jpg", "x/2.jpg")
    write(
        tmp_path,
        {
            "train.manifest": lines(
                {"source-ref": "s3://other/some/where/1.jpg", "class": "0"},
                {"source-ref": "s3://other/some/where/2.jpg", "class": "1"},
            ),
            "class_names.json": '["cat", "dog"]',
        },
    )
    assert listed(tmp_path, "json_lines", options=SOURCE) == {
        "x/1.jpg": ("cat", None), "x/2.jpg": ("dog", None),
    }  # fmt: skip


def test_names_in_a_manifest_may_have_any_characters(tmp_path: Path) -> None:
    names = ["a b.jpg", "a%20b.jpg", "what?.jpg", "#1.jpg", "a+b&c.jpg"]
    put(tmp_path, *names)
    for place in ("s3://bucket/pets/source/", "s3://other/some?/#where/"):
        rows = [{"source-ref": f"{place}{name}", "class": "0"} for name in names]
        write(tmp_path, {"train.manifest": lines(*rows), "class_names.json": '["cat", "dog"]'})
        expected = dict.fromkeys(names, ("cat", None))
        assert listed(tmp_path, "json_lines", options=SOURCE) == expected


def test_the_intermediate_manifests_of_a_labelling_job_repeat_labels(tmp_path: Path) -> None:
    put(tmp_path, "1.jpg", "2.jpg")
    rows = [
        labelled("pets/source/1.jpg", 0, **{"class-name": "cat"}),
        labelled("pets/source/2.jpg", 1, **{"class-name": "dog"}),
    ]
    write(
        tmp_path,
        {
            "job/manifests/output/output.manifest": lines(*rows),
            "job/manifests/intermediate/1/output.manifest": lines(rows[0]),
        },
    )
    found = listed(tmp_path, "json_lines", options=SOURCE)
    assert found == {"1.jpg": ("cat", None), "2.jpg": ("dog", None)}


def test_boxes_of_one_object_and_labels_of_several(tmp_path: Path) -> None:
    put(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    box = {"class_id": 0, "left": 3, "top": 2, "width": 10, "height": 8}
    class_map = {"class-map": {"0": "cat", "1": "dog"}, "objects": [{"confidence": 0.5}]}
    write(
        tmp_path,
        {
            "output.manifest": lines(
                labelled("pets/source/1.jpg", {"annotations": [box]}, **class_map),
                labelled(
                    "pets/source/2.jpg", {"annotations": [box, {**box, "class_id": 1}]}, **class_map
                ),
                labelled(
                    "pets/source/3.jpg", {"annotations": [{**box, "class_id": 1}]}, **class_map
                ),
            )
        },
    )
    assert listed(tmp_path, "json_lines") == {
        "1.jpg": ("cat", None), "2.jpg": ("conflicting-labels", None), "3.jpg": ("dog", None),
    }  # fmt: skip
    assert boxes(tmp_path, "json_lines")["1.jpg"] == Box(3, 2, 13, 10)


def test_imagefolder_with_metadata(tmp_path: Path) -> None:
    put(tmp_path, "train/1.jpg", "train/2.jpg", "test/1.jpg")
    write(
        tmp_path,
        {
            "train/metadata.jsonl": lines(
                {"file_name": "1.jpg", "label": "cat"}, {"file_name": "2.jpg", "label": "dog"}
            ),
            "test/metadata.jsonl": lines({"file_name": "1.jpg", "label": "dog", "extra": [1]}),
        },
    )
    assert listed(tmp_path, "json_lines") == {
        "train/1.jpg": ("cat", None), "train/2.jpg": ("dog", None), "test/1.jpg": ("dog", "test"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"file_name": "1.jpg", "label": "cat"}\n{"file_na', r"x\.manifest line 2 is not JSON"),
        ('[{"prefix": "s3://b/"}, "1.jpg"]', r"line 1 is an S3 manifest, a list of keys without"),
        (
            lines({"file_name": "1.jpg", "age": 3, "site": "x"}),
            r"has the columns file_name, age, site; which of them has the labels is not clear",
        ),
        (
            lines(
                {"source-ref": "1.jpg", "a": 0, "a-metadata": {}, "b": 0, "b-metadata": {}},
            ),
            r"has the columns source-ref, a, b; which of them has the labels",
        ),
    ],
)
def test_an_error_names_the_line_or_the_columns(tmp_path: Path, text: str, message: str) -> None:
    put(tmp_path, "1.jpg")
    write(tmp_path, {"x.manifest": text})
    with pytest.raises(CommandError, match=message):
        listed(tmp_path, "json_lines")


def test_a_setting_chooses_one_of_two_label_attributes(tmp_path: Path) -> None:
    put(tmp_path, "1.jpg", "2.jpg")
    rows = [
        {
            "source-ref": f"s3://b/{name}.jpg",
            "kind": 0,
            "kind-metadata": {"class-name": "x"},
            "pet": number,
            "pet-metadata": {"class-name": pet},
        }
        for name, number, pet in ((1, 0, "cat"), (2, 1, "dog"))
    ]
    write(tmp_path, {"output.manifest": lines(*rows)})
    options = LabelOptions(columns={"label": "pet"})
    assert listed(tmp_path, "json_lines", options=options) == {
        "1.jpg": ("cat", None), "2.jpg": ("dog", None),
    }  # fmt: skip
