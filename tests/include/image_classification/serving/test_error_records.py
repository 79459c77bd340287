"""Error records: batch transform continues after an unreadable photo."""

import json

import pytest

from include.image_classification.recordio.framing import frame
from include.image_classification.recordio.image_records import pack_image
from tests.include.image_classification.serving.test_application import (
    damaged_jpeg,
    decompression_bomb,
    encode_image,
    post,
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
