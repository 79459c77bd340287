"""What may be asked for, and the forms of the answers."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.serving.answers import Answers, Wish, WishError, read_wish

ROW = np.array([0.25, 0.5, 0.25], np.float32)
NAMES = ("Audi", "BMW", "Fiat")


def written(wish: Wish, *, batch: bool = False, several: bool = False, rows: int = 1) -> bytes:
    return Answers(NAMES, batch=batch).write([ROW] * rows, wish, several=several)


@pytest.mark.parametrize(
    ("accept", "attributes", "wish"),
    [
        ("", "", Wish()),
        ("*/*", "", Wish()),
        ("text/html, application/json;q=0.9", "", Wish()),
        ("application/jsonlines", "", Wish("application/jsonlines")),
        ("Application/JSON; Top_K=5; labels", "", Wish(top_k=5, labels=True)),
        ("application/json", "top_k=2;labels", Wish(top_k=2, labels=True)),
        ("application/json;top_k=5", "top_k=2; trace-id=4711", Wish(top_k=2)),
        ("application/json;labels=false", "", Wish()),
        ("application/json;charset=utf-8", "a client's own text", Wish()),
    ],
)
def test_both_headers_say_what_is_wanted(accept: str, attributes: str, wish: Wish) -> None:
    assert read_wish(accept, attributes) == wish


@pytest.mark.parametrize(
    ("accept", "attributes", "status"),
    [
        ("text/csv", "", 406),
        ("application/json;topk=5", "", 406),
        ("", "top_k=0", 400),
        ("application/json;top_k=many", "", 400),
    ],
)
def test_other_wishes_are_refused_with_what_is_allowed(
    accept: str, attributes: str, status: int
) -> None:
    with pytest.raises(WishError) as refused:
        read_wish(accept, attributes)
    assert refused.value.status == status


def test_real_time_answers_a_list_and_batch_an_object() -> None:
    assert json.loads(written(Wish())) == ROW.tolist()
    assert json.loads(written(Wish(), batch=True)) == {"prediction": ROW.tolist()}


def test_several_images_are_answered_as_a_list_even_if_it_is_only_one() -> None:
    assert json.loads(written(Wish(), several=True)) == [ROW.tolist()]
    several = json.loads(written(Wish(), batch=True, several=True, rows=2))
    assert several == [{"prediction": ROW.tolist()}] * 2


def test_json_lines_are_the_built_ins_one_object_a_line() -> None:
    lines = written(Wish("application/jsonlines"), several=True, rows=3)
    assert lines.endswith(b"\n")
    assert [json.loads(line) for line in lines.splitlines()] == [{"prediction": ROW.tolist()}] * 3


def test_the_best_classes_come_first_and_by_name_where_wanted() -> None:
    assert json.loads(written(Wish(top_k=2))) == [
        {"label": 1, "probability": 0.5},
        {"label": 0, "probability": 0.25},
    ]
    assert json.loads(written(Wish(top_k=1, labels=True), batch=True)) == {
        "prediction": [{"label": 1, "name": "BMW", "probability": 0.5}]
    }


def test_labels_of_a_model_without_names_are_refused() -> None:
    with pytest.raises(WishError, match=r"without classes\.json"):
        Answers(None, batch=False).check(Wish(labels=True))


def test_more_classes_than_there_are_is_all_of_them() -> None:
    assert len(json.loads(written(Wish(top_k=99)))) == 3


@given(st.text(), st.text())
def test_headers_of_any_text_are_read_or_refused(accept: str, attributes: str) -> None:
    with contextlib.suppress(WishError):
        assert read_wish(accept, attributes).form in ("application/json", "application/jsonlines")
