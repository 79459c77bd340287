"""DataProcessing, with the examples of SageMaker's documentation."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.local_aws.errors import ApiError, JobFailure
from include.local_aws.jobs.transforms.data_processing import DataProcessing
from include.local_aws.jobs.transforms.jsonpath import JsonPath, NotFound

_DOCUMENT = {"id": 7, "features": [1, 2, 3], "more": {"a": {"b": [4, 5]}, "c d": 6}}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", _DOCUMENT),
        ("$.features", [1, 2, 3]),
        ("$['id']", 7),
        ("$.more.a.b[-1]", 5),
        ("$.more['a'].b[0]", 4),
        ("$.more.['c d']", 6),
        ("$['id','features']", {"id": 7, "features": [1, 2, 3]}),
        ("$.features[1:]", [2, 3]),
        ("$.features[:-1]", [1, 2]),
        ("$.features[0,2]", [1, 3]),
        ("$.features[0, 1:3]", [1, 2, 3]),
        ("$.features[*]", [1, 2, 3]),
        ("$.more.*.b", [[4, 5]]),
    ],
)
def test_a_path_finds_one_value_or_several(path: str, found: Any) -> None:
    document = {**_DOCUMENT, "more": {"a": {"b": [4, 5]}}} if path == "$.more.*.b" else _DOCUMENT
    assert JsonPath(path).find(document) == found


@pytest.mark.parametrize(
    "path", ["$.gone", "$.id.gone", "$.features[3]", "$.features[4:]", "$.features[:4]", "$[0]"]
)
def test_a_missing_element_is_an_error(path: str) -> None:
    with pytest.raises(NotFound):
        JsonPath(path).find(_DOCUMENT)


@pytest.mark.parametrize(
    "path",
    ["", "features", "$features", "$..id", "$.a b", "$[", "$[?(@.a)]", "$['a'", "$['a',0]", "$[]"],
)
def test_an_invalid_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no JSONPath"):
        JsonPath(path)


@settings(deadline=None)  # other tests may use the processors
@given(st.text(alphabet="$.[]'*,:0-1ab?@ ", max_size=12))
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    try:
        path = JsonPath("$" + text)
    except ValueError:
        return
    for document in (_DOCUMENT, [1, [2]], 3, None):
        try:
            path.find(document)
        except NotFound:
            continue


def test_csv_is_filtered_and_joined_row_by_row() -> None:
    """The documentation's example: an ID that is not sent to the model, joined with the answer."""
    processing = _processing(
        "text/csv", InputFilter="$[1:]", JoinSource="Input", OutputFilter="$[0,-1]"
    )
    body = b'"id, 1",0.5,"a ""b"""\nid2,0.25,c\n'
    assert processing.request(body) == b'0.5,"a ""b"""\n0.25,c\n'
    assert processing.answer(body, b"0.9\n0.8\n") == b'"id, 1",0.9\nid2,0.8\n'


def test_json_records_get_the_answer_as_an_attribute() -> None:
    processing = _processing("application/jsonlines", InputFilter="$.x", JoinSource="Input")
    body = b'{"id":1,"x":[1,2]}\n{"id":2,"x":[3]}'
    assert processing.request(body) == b"[1,2]\n[3]"
    assert [
        json.loads(line) for line in processing.answer(body, b'{"p":1}\n{"p":2}\n').splitlines()
    ] == [
        {"id": 1, "x": [1, 2], "SageMakerOutput": {"p": 1}},
        {"id": 2, "x": [3], "SageMakerOutput": {"p": 2}},
    ]
    joined = json.loads(_processing("application/json", JoinSource="Input").answer(b"[1]", b"0.5"))
    assert joined == {"SageMakerInput": [1], "SageMakerOutput": 0.5}


def test_without_filters_bytes_are_not_changed() -> None:
    processing = _processing("image/jpeg")
    assert not processing.is_needed
    assert processing.request(b"\xff\xd8") == b"\xff\xd8"
    assert processing.answer(b"\xff\xd8", b" [1] ") == b" [1] "


@pytest.mark.parametrize(
    ("content_type", "body", "answer", "message"),
    [
        ("text/csv", b"a,b\n", b"1\n2\n", "answered 1 records with 2"),
        ("application/json", b'{"a":1}\n{"a":2}', b"1", "cannot read application/json"),
        ("application/jsonlines", b"\xff", b"1", "cannot read application/jsonlines"),
        ("text/csv", b"a\n", b"1\n", r"OutputFilter \$\[0,5\] does not fit a record"),
    ],
)
def test_records_that_do_not_match_fail_with_the_reason(
    content_type: str, body: bytes, answer: bytes, message: str
) -> None:
    with pytest.raises(JobFailure, match=message):
        _processing(content_type, JoinSource="Input", OutputFilter="$[0,5]").answer(body, answer)


def test_only_csv_and_json_are_processed() -> None:
    with pytest.raises(ApiError, match="needs a ContentType and an Accept that are the same"):
        _processing("image/jpeg", JoinSource="Input")
    with pytest.raises(ApiError, match="'application/json'"):
        _processing("text/csv", accept="application/json", JoinSource="Input")
    with pytest.raises(ApiError, match=r"DataProcessing\.InputFilter: 'features' is no JSONPath"):
        _processing("text/csv", InputFilter="features")


def _processing(content_type: str, *, accept: str = "", **wanted: str) -> DataProcessing:
    output = {"Accept": accept} if accept else {}
    return DataProcessing.of(
        {
            "TransformInput": {"ContentType": content_type},
            "TransformOutput": output,
            "DataProcessing": wanted,
        }
    )
