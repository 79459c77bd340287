"""The HTTP contract: response formats and errors."""

import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from starlette.testclient import TestClient

from include.image_classification.recordio.framing import frame
from include.image_classification.recordio.image_records import pack_image
from include.image_classification.serving import limits
from include.image_classification.serving.application import make_application
from include.image_classification.serving.limits import Limits
from tests.include.image_classification.animated import animated_png


class MeanColors:
    """A fake model that returns the mean of each channel."""

    shape = (3, 32, 32)
    names: Sequence[str] | None = ("red", "green", "blue")

    def probabilities(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        assert {image.shape for image in images} == {(32, 32, 3)}
        return np.array([image.mean(axis=(0, 1)) for image in images], np.float32)


def encode_image(suffix: str = ".png", channels: int = 3) -> bytes:
    pixels = np.full((40, 30, channels), 100, np.uint8)
    pixels[..., 0] = 0
    return cv2.imencode(suffix, pixels)[1].tobytes()


def client(*, batch: bool = False) -> TestClient:
    return TestClient(make_application(MeanColors(), Limits(batch), threads=2))


def post(body: bytes, kind: str = "image/png", *, batch: bool = False, **headers: str) -> Any:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return client(batch=batch).post(
        "/invocations", content=body, headers={"Content-Type": kind, **more}
    )


def test_ping_is_healthy() -> None:
    assert client().get("/ping").status_code == 200


def test_real_time_inference_returns_a_list_and_batch_transform_an_object() -> None:
    assert post(encode_image()).json() == [100, 100, 0]
    assert post(encode_image(), batch=True).json() == {"prediction": [100, 100, 0]}


@pytest.mark.parametrize("kind", ["image/jpeg", "application/x-image", "IMAGE/PNG; q=1"])
def test_all_image_content_types_accept_all_image_formats(kind: str) -> None:
    assert post(encode_image(), kind).status_code == 200


@pytest.mark.parametrize("channels", [1, 4])
def test_grayscale_and_transparent_images_are_accepted(channels: int) -> None:
    assert len(post(encode_image(channels=channels)).json()) == 3


def test_exif_orientation_is_applied() -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, 40:] = 255
    jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
    tiff = (
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"  # rotated by 90 degrees
    )
    rotated = with_exif(jpeg, tiff)
    means = post(rotated, "image/jpeg").json()
    assert means == pytest.approx(post(jpeg, "image/jpeg").json(), abs=2)
    assert halves(rotated) == pytest.approx([0, 255], abs=5)  # dark above, bright below
    assert halves(jpeg) == pytest.approx([127, 127], abs=5)


def with_exif(jpeg: bytes, tiff: bytes) -> bytes:
    exif = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


@pytest.mark.parametrize("length", range(8))
@pytest.mark.parametrize("start", [b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"])
def test_exif_that_is_cut_off_is_ignored(start: bytes, length: int) -> None:
    """The photo itself is intact."""
    jpeg = encode_image(".jpg")
    response = post(with_exif(jpeg, start[:length]), "image/jpeg")
    assert response.status_code == 200
    assert response.json() == post(jpeg, "image/jpeg").json()


def halves(body: bytes) -> list[float]:
    """Return the brightness of the upper and of the lower half of the decoded photo."""

    class Halves(MeanColors):
        def probabilities(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
            return np.array([[i[:16].mean(), i[16:].mean()] for i in images], np.float32)

    server = TestClient(make_application(Halves(), Limits(batch=False), threads=1))
    headers = {"Content-Type": "image/jpeg"}
    means: list[float] = server.post("/invocations", content=body, headers=headers).json()
    return means


def decompression_bomb() -> bytes:
    """Return a valid PNG of a few kilobytes with 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + 30_000 // 8) * 100)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def damaged_jpeg() -> bytes:
    """Return a JPEG with intact markers, which libjpeg decodes partly gray with a warning only."""
    pixels = np.random.default_rng(5).integers(0, 255, (64, 64, 3), np.uint8)
    jpeg = bytearray(cv2.imencode(".jpg", pixels)[1].tobytes())
    middle = len(jpeg) // 2
    jpeg[middle : middle + 40] = b"\x9a" * 40
    return bytes(jpeg)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "the body is empty"),
        (b"hello", 400, "the body is not an image"),
        (b"GIF89a......", 400, "GIF"),
        (encode_image(".jpg")[:-40], 400, "cut off"),
        (encode_image()[:40] + bytes(60) + encode_image()[100:], 400, "damaged"),
        (decompression_bomb(), 400, "30000 x 30000 pixels, more than"),
        (damaged_jpeg(), 400, "damaged"),
        (encode_image()[:-60] + encode_image()[-12:], 400, "cut off"),
    ],
)
def test_an_invalid_body_is_a_client_error(body: bytes, status: int, message: str) -> None:
    response = post(body)
    assert response.status_code == status
    assert message in response.json()["error"]


@pytest.mark.parametrize("kind", ["text/csv", "application/json", ""])
def test_an_unsupported_content_type_is_rejected_with_the_supported_ones(kind: str) -> None:
    response = post(encode_image(), kind)
    assert response.status_code == 415
    assert "image/jpeg, image/png, application/x-image" in response.json()["error"]


@pytest.mark.parametrize(
    ("header", "status"), [("text/csv", 406), ("application/json;top_k=none", 400)]
)
def test_an_unsupported_response_format_is_rejected(header: str, status: int) -> None:
    response = post(encode_image(), accept=header)
    assert response.status_code == status
    assert "error" in response.json()


def test_the_limit_of_real_time_inference_is_six_megabytes() -> None:
    body = encode_image() + bytes(6 * 1024 * 1024 + 1 - len(encode_image()))
    assert post(body).status_code == 413
    assert "6291456" in post(body).json()["error"]
    assert post(body[:-1], batch=False).status_code == 400  # the size is allowed, the PNG invalid
    assert "cut off" in post(body, batch=True).json()["error"]


def test_the_limit_of_batch_transform_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TRANSFORM_MB", 1)
    assert post(bytes(1024**2 + 1), batch=True).status_code == 413


def test_the_best_classes_are_returned_with_names() -> None:
    best = [{"label": 0, "name": "red", "probability": 100.0}]
    options = "top_k=1;labels"
    photo = encode_image()
    assert post(photo, x_amzn_sagemaker_custom_attributes=options).json() == best
    response = post(photo, accept=f"application/json;{options}", batch=True)
    assert response.json() == {"prediction": best}


def record(label: float, channels: int = 3) -> bytes:
    return frame(pack_image([label], 7, encode_image(channels=channels)))


def test_each_record_has_a_prediction() -> None:
    body = record(1) + record(2, channels=1) + frame(encode_image())
    response = post(body, "application/x-recordio")
    assert [len(row) for row in response.json()] == [3, 3, 3]
    assert response.json()[0] == response.json()[2] == [100, 100, 0]
    lines = post(body, "application/x-recordio", accept="application/jsonlines", batch=True)
    assert lines.headers["content-type"] == "application/jsonlines"
    assert [json.loads(line)["prediction"] for line in lines.text.splitlines()] == response.json()


def test_a_record_without_its_frame_is_accepted_as_batch_transform_sends_it() -> None:
    bare = pack_image([1], 7, encode_image())
    assert post(bare, "application/x-recordio").json() == [[100, 100, 0]]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is empty"),
        (record(1)[:-8], "cut off"),
        (record(1) + frame(pack_image([1], 7, b"hello")), "record 1: the body is not an image"),
        (frame(b"short"), "too short"),
        (b"hello", "too short"),
    ],
)
def test_an_invalid_record_is_named(body: bytes, message: str) -> None:
    response = post(body, "application/x-recordio")
    assert response.status_code == 400
    assert message in response.json()["error"]


def test_predictions_are_in_the_order_of_the_records() -> None:
    photos = [
        cv2.imencode(".png", np.full((9, 9), 2 * n, np.uint8))[1].tobytes() for n in range(99)
    ]
    response = post(b"".join(map(frame, photos)), "application/x-recordio")
    assert [row[0] for row in response.json()] == [2 * n for n in range(99)]


def test_unknown_paths_and_methods_are_json_errors() -> None:
    assert client().get("/nothing").json() == {"error": "Not Found"}
    assert client().get("/invocations").status_code == 405


@pytest.mark.parametrize("payload", [None, 1, 6, 12, 40, 100])
def test_execution_parameters_are_within_the_limits_of_batch_transform(payload: int | None) -> None:
    application = make_application(MeanColors(), Limits(batch=True, payload=payload), threads=1)
    parameters = json.loads(TestClient(application).get("/execution-parameters").text)
    assert set(parameters) == {"MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB"}
    assert parameters["MaxPayloadInMB"] == (payload or 6)
    assert 1 <= parameters["MaxConcurrentTransforms"] <= 16
    assert parameters["MaxConcurrentTransforms"] * parameters["MaxPayloadInMB"] <= 100
    assert parameters["BatchStrategy"] == "SINGLE_RECORD"


def test_a_png_with_a_huge_chunk_length_is_rejected_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OpenCV would first allocate the memory."""
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("the image was decoded"))
    body = bytearray(encode_image())
    body[33:37] = (0x7FFFFFFF).to_bytes(4, "big")  # IDAT's length
    response = post(bytes(body))
    assert response.status_code == 400
    assert "cut off" in response.json()["error"]


def test_an_animated_png_is_a_client_error_and_is_not_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OpenCV crashes on this image, so that a client could stop the server."""
    monkeypatch.setattr(cv2, "imdecode", lambda *_: None)
    error = "the image cannot be classified: it is an animated PNG; only still images are supported"
    response = post(animated_png())
    assert (response.status_code, response.json()) == (400, {"error": error})
    response = post(frame(pack_image([1], 7, animated_png())), "application/x-recordio")
    assert (response.status_code, response.json()) == (400, {"error": error})


FUZZ_CLIENT = client()
STARTS = (b"", encode_image(".jpg"), encode_image(".png"), record(1))


@settings(deadline=None)
@given(
    start=st.sampled_from(STARTS),
    cut=st.integers(0, 400),
    flips=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 255)), max_size=4),
    tail=st.binary(max_size=40),
    kind=st.sampled_from(["image/jpeg", "application/x-recordio"]),
)
def test_any_body_is_a_prediction_or_a_client_error(
    start: bytes, cut: int, flips: list[tuple[int, int]], tail: bytes, kind: str
) -> None:
    """Bodies are cut off, altered and extended."""
    body = bytearray(start[: len(start) - cut] if cut < len(start) else start)
    for position, mask in flips:
        if position < len(body):
            body[position] ^= mask
    content, headers = bytes(body) + tail, {"Content-Type": kind}
    response = FUZZ_CLIENT.post("/invocations", content=content, headers=headers)
    assert response.status_code in (200, 400)
    assert isinstance(response.json(), list if response.status_code == 200 else dict)
