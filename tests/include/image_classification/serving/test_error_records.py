"""Error records: batch transform continues after an unreadable photo."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.image_classification.recordio.framing import frame
from include.image_classification.recordio.image_records import pack_image
from tests.include.image_classification.serving.test_application import (
    client,
    damaged_jpeg,
    decompression_bomb,
    encode_image,
    post,
    record,
)

INVALID = (b"", b"hello", encode_image(".jpg")[:-40], decompression_bomb(), damaged_jpeg())


@pytest.mark.parametrize("body", INVALID)
def test_batch_transform_gets_an_error_record_for_an_unreadable_photo(body: bytes) -> None:
    """Any other status than 200 would fail the whole job."""
    response = post(body, batch=True)
    assert response.status_code == 200
    assert response.json() == {"error": post(body).json()["error"]}


def test_batch_transform_gets_an_error_record_among_the_predictions_of_other_records() -> None:
    damaged = frame(pack_image([1], 7, b"GIF89a......"))
    body = record(1) + damaged + record(2)
    kind = "application/x-recordio"
    one, error, other = post(body, kind, batch=True).json()
    assert one == other == {"prediction": [100, 100, 0]}
    assert list(error) == ["error"]
    assert "GIF" in error["error"]
    lines = post(body, kind, accept="application/jsonlines", batch=True).text.splitlines()
    assert [json.loads(line) for line in lines] == [one, error, other]


FUZZ_CLIENT = client(batch=True)


@settings(deadline=None, max_examples=50)
@given(start=st.sampled_from(INVALID), cut=st.integers(0, 400), tail=st.binary(max_size=40))
def test_no_photo_fails_the_job(start: bytes, cut: int, tail: bytes) -> None:
    content = start[: max(len(start) - cut, 0)] + tail
    headers = {"Content-Type": "image/jpeg"}
    response = FUZZ_CLIENT.post("/invocations", content=content, headers=headers)
    assert response.status_code == 200
    assert list(response.json()) in (["prediction"], ["error"])
