"""Records in training: damage is named with record and key; sound pictures are as before."""

import logging
from pathlib import Path

import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.images.network_input import decode_for_network
from include.image_classification.recordio.framing import RecordWriter
from include.image_classification.recordio.image_records import pack_image
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.input.batches import BatchReader
from include.image_classification.training.input.record_decoder import MAX_WARNINGS, RecordDecoder
from tests.include.image_classification.conversion.test_invalid_lists import announcing
from tests.include.image_classification.dataset.sample_sources import photo

SOUND = photo(1, width=64, height=64)


def damaged() -> bytes:
    """Return a photo with another byte in the middle of its picture."""
    middle = len(SOUND) * 2 // 3
    return SOUND[:middle] + b"\xff\xd5" + SOUND[middle + 2 :]


def reader(folder: Path, encoded: bytes) -> BatchReader:
    """Return a reader of a sound record, and of this one with the key 4711."""
    with (folder / "train.rec").open("wb") as file:
        writer = RecordWriter(file)
        writer.write(pack_image([0], 17, SOUND))
        writer.write(pack_image([0], 4711, encoded))
    return BatchReader(Records.scan([folder / "train.rec"], 1), (3, 32, 32), 2, 2)


def test_a_damaged_record_is_named_once_and_trains(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged_records = reader(tmp_path, damaged())
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            (batch,) = damaged_records.validation()
    assert batch.rows == 2
    (message,) = caplog.messages
    assert message.startswith("train.rec: record 1 (key 4711) is damaged")


def test_a_record_that_cannot_be_decoded_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"train\.rec: record 1 \(key 4711\) is not an image"):
        list(reader(tmp_path, SOUND[:200]).validation())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_sound_pictures_have_the_networks_pixels(channels: int, suffix: str) -> None:
    encoded = photo(3, width=50, height=30, suffix=suffix)
    found = RecordDecoder(channels)(encoded, str)
    expected = decode_for_network(encoded, channels)
    assert expected is not None
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("encoded", [announcing(65500, 65500), announcing(65500, 65500)[:-2]])
def test_a_record_that_announces_a_huge_picture_is_an_error(encoded: bytes) -> None:
    with pytest.raises(CommandError, match="r cannot be decoded: it is too large: 65500 x 65500"):
        RecordDecoder(3)(encoded, lambda: "r")


def test_warnings_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    decoder = RecordDecoder(3)
    for number in range(MAX_WARNINGS + 5):
        decoder(damaged(), lambda number=number: f"r{number}")  # type: ignore[misc]
    assert len(caplog.messages) == MAX_WARNINGS + 1
