"""Training, conversion and serving must see the same pixels of the same photo."""

import cv2
import numpy as np
import pytest

from include.image_classification.conversion.encoding import Encoding, encode
from include.image_classification.images.network_input import decode_for_network
from include.image_classification.images.resizing import squash


@pytest.mark.parametrize("size", [(90, 140), (20, 30), (20, 140)])
def test_serving_and_conversion_squash_alike(size: tuple[int, int]) -> None:
    ramp = np.linspace(0, 255, size[0] * size[1]).reshape(size).astype(np.uint8)
    photo = cv2.imencode(".png", np.dstack([ramp, ramp[::-1], ramp[:, ::-1]]))[1].tobytes()
    converted = decode_for_network(encode(photo, Encoding(64, "squash", 100)), 3)
    image = decode_for_network(photo, 3)
    assert image is not None
    assert converted is not None
    difference = squash(image, 64, 64).astype(int) - converted
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize("channels", [1, 3])
def test_gray_and_transparent_images_decode_to_the_requested_channels(channels: int) -> None:
    for shape in [(9, 7), (9, 7, 3), (9, 7, 4)]:
        encoded = cv2.imencode(".png", np.full(shape, 200, np.uint8))[1].tobytes()
        image = decode_for_network(encoded, channels)
        assert image is not None
        assert image.shape == (9, 7, channels)
        assert (image == 200).all()


def test_other_bytes_decode_to_none() -> None:
    assert decode_for_network(b"", 3) is None
    assert decode_for_network(b"hello", 3) is None
