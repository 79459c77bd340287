"""Requested response formats, and written responses."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.serving.answers import (
    AnswerFormat,
    AnswerFormatError,
    AnswerWriter,
    parse_answer_format,
)

ROW = np.array([0.25, 0.5, 0.25], np.float32)
NAMES = ("Audi", "BMW", "Fiat")


def write(
    wish: AnswerFormat, *, batch: bool = False, several: bool = False, rows: int = 1
) -> bytes:
    return AnswerWriter(NAMES, batch=batch).write([ROW] * rows, wish, several=several)


@pytest.mark.parametrize(
    ("accept", "attributes", "expected"),
    [
        ("", "", AnswerFormat()),
        ("*/*", "", AnswerFormat()),
        ("text/html, application/json;q=0.9", "", AnswerFormat()),
        ("application/jsonlines", "", AnswerFormat("application/jsonlines")),
        ("Application/JSON; Top_K=5; labels", "", AnswerFormat(top_k=5, labels=True)),
        ("application/json", "top_k=2;labels", AnswerFormat(top_k=2, labels=True)),
        ("application/json;top_k=5", "top_k=2; trace-id=4711", AnswerFormat(top_k=2)),
        ("application/json;labels=false", "", AnswerFormat()),
        ("application/json;labels=False", "", AnswerFormat()),
        ("application/jsonlines;q=0.1, application/json", "", AnswerFormat()),
        ("*/*;q=0.1, application/jsonlines;q=x", "", AnswerFormat("application/jsonlines")),
        ("application/json;charset=utf-8", "a client's own text", AnswerFormat()),
    ],
)
def test_both_headers_select_the_format(
    accept: str, attributes: str, expected: AnswerFormat
) -> None:
    assert parse_answer_format(accept, attributes) == expected


@pytest.mark.parametrize(
    ("accept", "attributes", "status"),
    [
        ("text/csv", "", 406),
        ("application/json;topk=5", "", 406),
        ("", "top_k=0", 400),
        ("application/json;top_k=many", "", 400),
        ("", f"top_k={'9' * 5000}", 400),
    ],
)
def test_unsupported_formats_are_rejected(accept: str, attributes: str, status: int) -> None:
    with pytest.raises(AnswerFormatError) as raised:
        parse_answer_format(accept, attributes)
    assert raised.value.status == status


def test_real_time_inference_returns_a_list_and_batch_transform_an_object() -> None:
    assert json.loads(write(AnswerFormat())) == ROW.tolist()
    assert json.loads(write(AnswerFormat(), batch=True)) == {"prediction": ROW.tolist()}


def test_the_response_to_several_images_is_a_list_even_for_one_image() -> None:
    assert json.loads(write(AnswerFormat(), several=True)) == [ROW.tolist()]
    several = json.loads(write(AnswerFormat(), batch=True, several=True, rows=2))
    assert several == [{"prediction": ROW.tolist()}] * 2


def test_json_lines_have_an_object_per_line_as_in_the_built_in_algorithm() -> None:
    lines = write(AnswerFormat("application/jsonlines"), several=True, rows=3)
    assert lines.endswith(b"\n")
    assert [json.loads(line) for line in lines.splitlines()] == [{"prediction": ROW.tolist()}] * 3


def test_the_best_classes_come_first_with_names_on_request() -> None:
    assert json.loads(write(AnswerFormat(top_k=2))) == [
        {"label": 1, "probability": 0.5},
        {"label": 0, "probability": 0.25},
    ]
    assert json.loads(write(AnswerFormat(top_k=1, labels=True), batch=True)) == {
        "prediction": [{"label": 1, "name": "BMW", "probability": 0.5}]
    }


def test_labels_of_a_model_without_names_are_rejected() -> None:
    with pytest.raises(AnswerFormatError, match=r"has no classes\.json"):
        AnswerWriter(None, batch=False).check(AnswerFormat(labels=True))


def test_a_top_k_above_the_number_of_classes_returns_all_classes() -> None:
    assert len(json.loads(write(AnswerFormat(top_k=99)))) == 3


@given(st.text(), st.text())
def test_any_header_is_parsed_or_rejected(accept: str, attributes: str) -> None:
    with contextlib.suppress(AnswerFormatError):
        media_type = parse_answer_format(accept, attributes).media_type
        assert media_type in ("application/json", "application/jsonlines")
