"""The HTTP contract: forms of answers, and errors that tell the sender what to do."""

import json
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from include.image_classification.serving import application
from include.image_classification.serving.application import make_application


class MeanColours:
    """A stand-in for a model: answers the mean of each channel."""

    shape = (3, 32, 32)

    def probabilities(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(image.mean(axis=(0, 1)), np.float32)


def encoded(suffix: str = ".png", channels: int = 3) -> bytes:
    pixels = np.full((40, 30, channels), 100, np.uint8)
    pixels[..., 0] = 0
    return cv2.imencode(suffix, pixels)[1].tobytes()


def client(*, batch: bool = False) -> TestClient:
    return TestClient(make_application(MeanColours(), batch=batch))


def post(body: bytes, kind: str = "image/png", *, batch: bool = False) -> Any:
    return client(batch=batch).post("/invocations", content=body, headers={"Content-Type": kind})


def test_ping_is_healthy() -> None:
    assert client().get("/ping").status_code == 200


def test_real_time_answers_a_bare_list_and_batch_an_object() -> None:
    assert post(encoded()).json() == [100, 100, 0]
    assert post(encoded(), batch=True).json() == {"prediction": [100, 100, 0]}


@pytest.mark.parametrize("kind", ["image/jpeg", "application/x-image", "IMAGE/PNG; q=1"])
def test_the_bytes_say_what_the_image_is_whatever_image_type_is_named(kind: str) -> None:
    assert post(encoded(), kind).status_code == 200


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_images_are_answered(channels: int) -> None:
    assert len(post(encoded(channels=channels)).json()) == 3


def test_exif_orientation_is_obeyed() -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, 40:] = 255
    jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
    tiff = (
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"  # turned by 90 degrees
    )
    exif = b"Exif\0\0" + tiff
    turned = jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]
    seen: list[tuple[int, ...]] = []

    class Watching(MeanColours):
        def probabilities(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
            seen.append(image.shape)
            return super().probabilities(image)

    answer = TestClient(make_application(Watching(), batch=False)).post(
        "/invocations", content=turned, headers={"Content-Type": "image/jpeg"}
    )
    assert answer.status_code == 200
    assert seen == [(80, 40, 3)]


def bomb() -> bytes:
    png = bytearray(encoded())
    png[16:24] = (50_000).to_bytes(4, "big") * 2
    return bytes(png)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "the body is empty"),
        (b"hello", 400, "the body is no image"),
        (b"GIF89a......", 400, "GIF"),
        (encoded(".jpg")[:-40], 400, "cut off"),
        (encoded()[:40] + bytes(60) + encoded()[100:], 400, "damaged"),
        (bomb(), 400, "50000 x 50000 pixels, more than"),
    ],
)
def test_a_bad_body_is_the_senders_error(body: bytes, status: int, message: str) -> None:
    answer = post(body)
    assert answer.status_code == status
    assert message in answer.json()["error"]


@pytest.mark.parametrize("kind", ["text/csv", "application/json", ""])
def test_other_content_types_are_refused_with_those_allowed(kind: str) -> None:
    answer = post(encoded(), kind)
    assert answer.status_code == 415
    assert "image/jpeg, image/png, application/x-image" in answer.json()["error"]


def test_a_body_without_end_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "MAX_BODY", 1000)
    assert post(bytes(1001)).status_code == 413


def test_unknown_paths_and_methods_are_json_errors_too() -> None:
    assert client().get("/nothing").json() == {"error": "Not Found"}
    assert client().get("/invocations").status_code == 405


def test_execution_parameters_stay_within_batch_transforms_limit() -> None:
    told = json.loads(client().get("/execution-parameters").text)
    assert set(told) == {"MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB"}
    assert told["MaxConcurrentTransforms"] * told["MaxPayloadInMB"] <= 100
    assert told["BatchStrategy"] == "SINGLE_RECORD"
