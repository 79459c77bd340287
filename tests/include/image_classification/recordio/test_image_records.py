"""Headers of image records: identical to MXNet's."""

import pytest

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
from include.image_classification.recordio.image_records import pack_image, unpack_image


@pytest.mark.filterwarnings("ignore:tostring:DeprecationWarning:mxnet")
@pytest.mark.parametrize(("labels", "header_label"), [([7.0], 7.0), ([1.0, 2.5, 3.0], [1, 2.5, 3])])
def test_image_headers_are_identical_to_mxnets(labels: list[float], header_label: object) -> None:
    header = mx.recordio.IRHeader(0, header_label, 12, 0)
    expected = mx.recordio.pack(header, b"content")
    assert pack_image(labels, 12, b"content") == expected
    record = unpack_image(expected)
    assert (list(record.labels), record.identifier, record.content) == (labels, 12, b"content")
    assert record.label == labels[0]


@pytest.mark.parametrize("record", [b"short", pack_image([1, 2, 3], 0, b"")[:-1]])
def test_a_record_too_short_for_an_image_is_an_error(record: bytes) -> None:
    with pytest.raises(CommandError, match="too short"):
        unpack_image(record)
