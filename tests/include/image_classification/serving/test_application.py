"""The HTTP contract: forms of answers, and errors that tell the sender what to do."""

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


class MeanColours:
    """A stand-in for a model: answers the mean of each channel."""

    shape = (3, 32, 32)
    names: Sequence[str] | None = ("red", "green", "blue")

    def probabilities(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        assert {image.shape for image in images} == {(32, 32, 3)}
        return np.array([image.mean(axis=(0, 1)) for image in images], np.float32)


def encoded(suffix: str = ".png", channels: int = 3) -> bytes:
    pixels = np.full((40, 30, channels), 100, np.uint8)
    pixels[..., 0] = 0
    return cv2.imencode(suffix, pixels)[1].tobytes()


def client(*, batch: bool = False) -> TestClient:
    return TestClient(make_application(MeanColours(), Limits(batch), threads=2))


def post(body: bytes, kind: str = "image/png", *, batch: bool = False, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client(batch=batch).post(
        "/invocations", content=body, headers={"Content-Type": kind, **named}
    )


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
    turned = with_exif(jpeg, tiff)
    upper, lower = (post(turned, "image/jpeg", batch=False).json(), post(jpeg, "image/jpeg").json())
    assert upper == pytest.approx(lower, abs=2)
    assert halves(turned) == pytest.approx([0, 255], abs=5)  # dark above, bright below
    assert halves(jpeg) == pytest.approx([127, 127], abs=5)


def with_exif(jpeg: bytes, tiff: bytes) -> bytes:
    exif = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


@pytest.mark.parametrize("length", range(8))
@pytest.mark.parametrize("start", [b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"])
def test_exif_that_ends_early_turns_nothing(start: bytes, length: int) -> None:
    """Protects an answer, and im2rec, from a photo whose EXIF alone is cut off."""
    jpeg = encoded(".jpg")
    answer = post(with_exif(jpeg, start[:length]), "image/jpeg")
    assert answer.status_code == 200
    assert answer.json() == post(jpeg, "image/jpeg").json()


def halves(body: bytes) -> list[float]:
    """The brightness of the upper and of the lower half, as a model sees the photo."""

    class Halves(MeanColours):
        def probabilities(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
            return np.array([[i[:16].mean(), i[16:].mean()] for i in images], np.float32)

    answering = TestClient(make_application(Halves(), Limits(batch=False), threads=1))
    headers = {"Content-Type": "image/jpeg"}
    answer: list[float] = answering.post("/invocations", content=body, headers=headers).json()
    return answer


def bomb() -> bytes:
    """A PNG of a few kilobytes, whole and valid, that claims 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + 30_000 // 8) * 100)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def damaged_jpeg() -> bytes:
    """Whole by its markers, but libjpeg only warns and leaves a part of the picture grey."""
    pixels = np.random.default_rng(5).integers(0, 255, (64, 64, 3), np.uint8)
    jpeg = bytearray(cv2.imencode(".jpg", pixels)[1].tobytes())
    middle = len(jpeg) // 2
    jpeg[middle : middle + 40] = b"\x9a" * 40
    return bytes(jpeg)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "the body is empty"),
        (b"hello", 400, "the body is no image"),
        (b"GIF89a......", 400, "GIF"),
        (encoded(".jpg")[:-40], 400, "cut off"),
        (encoded()[:40] + bytes(60) + encoded()[100:], 400, "damaged"),
        (bomb(), 400, "30000 x 30000 pixels, more than"),
        (damaged_jpeg(), 400, "damaged"),
        (encoded()[:-60] + encoded()[-12:], 400, "cut off"),
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


@pytest.mark.parametrize(
    ("header", "status"), [("text/csv", 406), ("application/json;top_k=none", 400)]
)
def test_other_forms_of_answers_are_refused(header: str, status: int) -> None:
    answer = post(encoded(), accept=header)
    assert answer.status_code == status
    assert "error" in answer.json()


def test_six_megabytes_and_a_byte_are_too_much_in_real_time_only() -> None:
    body = encoded() + bytes(6 * 1024 * 1024 + 1 - len(encoded()))
    assert post(body).status_code == 413
    assert "6291456" in post(body).json()["error"]
    assert post(body[:-1], batch=False).status_code == 400  # its size is right, its end is not
    assert post(body, batch=True).status_code == 400


def test_a_body_without_end_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TRANSFORM_MB", 1)
    assert post(bytes(1024**2 + 1), batch=True).status_code == 413


def test_the_best_classes_are_answered_by_name() -> None:
    best = [{"label": 0, "name": "red", "probability": 100.0}]
    wanted = "top_k=1;labels"
    assert post(encoded(), x_amzn_sagemaker_custom_attributes=wanted).json() == best
    assert post(encoded(), accept=f"application/json;{wanted}", batch=True).json() == {
        "prediction": best
    }


def record(label: float, channels: int = 3) -> bytes:
    return frame(pack_image([label], 7, encoded(channels=channels)))


def test_records_are_answered_one_by_one() -> None:
    body = record(1) + record(2, channels=1) + frame(encoded())
    answer = post(body, "application/x-recordio")
    assert [len(each) for each in answer.json()] == [3, 3, 3]
    assert answer.json()[0] == answer.json()[2] == [100, 100, 0]
    lines = post(body, "application/x-recordio", accept="application/jsonlines", batch=True)
    assert lines.headers["content-type"] == "application/jsonlines"
    assert [json.loads(line)["prediction"] for line in lines.text.splitlines()] == answer.json()


def test_a_record_without_its_frame_is_one_as_batch_transform_sends_it() -> None:
    bare = pack_image([1], 7, encoded())
    assert post(bare, "application/x-recordio").json() == [[100, 100, 0]]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is empty"),
        (record(1)[:-8], "cut off"),
        (record(1) + frame(pack_image([1], 7, b"hello")), "record 1: the body is no image"),
        (frame(b"short"), "too short"),
        (b"hello", "too short"),
    ],
)
def test_bad_records_are_named(body: bytes, message: str) -> None:
    answer = post(body, "application/x-recordio")
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_many_records_are_answered_in_their_order() -> None:
    greys = [cv2.imencode(".png", np.full((9, 9), 2 * n, np.uint8))[1].tobytes() for n in range(99)]
    answer = post(b"".join(map(frame, greys)), "application/x-recordio")
    assert [row[0] for row in answer.json()] == [2 * n for n in range(99)]


def test_unknown_paths_and_methods_are_json_errors_too() -> None:
    assert client().get("/nothing").json() == {"error": "Not Found"}
    assert client().get("/invocations").status_code == 405


@pytest.mark.parametrize("payload", [None, 1, 6, 12, 40, 100])
def test_execution_parameters_stay_within_batch_transforms_limit(payload: int | None) -> None:
    application = make_application(MeanColours(), Limits(batch=True, payload=payload), threads=1)
    told = json.loads(TestClient(application).get("/execution-parameters").text)
    assert set(told) == {"MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB"}
    assert told["MaxPayloadInMB"] == (payload or 6)
    assert 1 <= told["MaxConcurrentTransforms"] <= 16
    assert told["MaxConcurrentTransforms"] * told["MaxPayloadInMB"] <= 100
    assert told["BatchStrategy"] == "SINGLE_RECORD"


def test_a_png_whose_chunk_claims_gigabytes_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OpenCV would take the memory first."""
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    body = bytearray(encoded())
    body[33:37] = (0x7FFFFFFF).to_bytes(4, "big")  # IDAT's length
    answer = post(bytes(body))
    assert answer.status_code == 400
    assert "cut off" in answer.json()["error"]


def test_an_animated_png_is_the_senders_error_and_does_not_end_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OpenCV crashes on this one: any client could stop a server with it."""
    monkeypatch.setattr(cv2, "imdecode", lambda *_: None)
    told = "the image cannot be classified: it is an animated PNG; only still images are supported"
    answer = post(animated_png())
    assert (answer.status_code, answer.json()) == (400, {"error": told})
    answer = post(frame(pack_image([1], 7, animated_png())), "application/x-recordio")
    assert (answer.status_code, answer.json()) == (400, {"error": told})


FUZZED = client()
STARTS = (b"", encoded(".jpg"), encoded(".png"), record(1))


@settings(deadline=None)
@given(
    start=st.sampled_from(STARTS),
    cut=st.integers(0, 400),
    flips=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 255)), max_size=4),
    tail=st.binary(max_size=40),
    kind=st.sampled_from(["image/jpeg", "application/x-recordio"]),
)
def test_no_body_whatever_makes_the_server_fail(
    start: bytes, cut: int, flips: list[tuple[int, int]], tail: bytes, kind: str
) -> None:
    """Cut, changed, continued: an answer or the sender's error, and both are JSON."""
    body = bytearray(start[: len(start) - cut] if cut < len(start) else start)
    for at, mask in flips:
        if at < len(body):
            body[at] ^= mask
    answer = FUZZED.post("/invocations", content=bytes(body) + tail, headers={"Content-Type": kind})
    assert answer.status_code in (200, 400)
    assert isinstance(answer.json(), list if answer.status_code == 200 else dict)
