"""Image records from a stream: complete records are read, incomplete ones rejected."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.recordio.framing import MAGIC, frame
from include.image_classification.recordio.image_records import pack_image
from include.image_classification.recordio.labels import Labelling
from include.image_classification.recordio.record_stream import stream_samples


@given(
    st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=9) | st.just(MAGIC * 2)), max_size=9)
)
def test_written_records_are_read_from_a_stream(images: list[tuple[int, bytes]]) -> None:
    written = b"".join(frame(pack_image([label], 0, content)) for label, content in images)
    found = stream_samples(io.BytesIO(written), "s", Labelling(3))
    assert [(sample.label, sample.content) for sample in found] == images


@given(st.integers(1, 60))
def test_a_stream_that_is_cut_off_is_rejected(kept: int) -> None:
    whole = frame(pack_image([1], 0, MAGIC * 3 + b"content")) + frame(pack_image([1], 1, b"1234"))
    stream = io.BytesIO(whole[: len(whole) - kept])
    if kept == len(frame(pack_image([1], 1, b"1234"))):
        assert len(list(stream_samples(stream, "s", Labelling(3)))) == 1  # between two records
        return
    with pytest.raises(CommandError, match="s is cut off"):
        list(stream_samples(stream, "s", Labelling(3)))
