"""The check of photos, in particular of damage that OpenCV accepts."""

import hashlib
import io
import zlib

import cv2
import numpy as np
import PIL.Image
import PIL.ImageCms
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from include.contracts.dataset import Box
from include.image_classification.dataset.version import photo_check as photo_check
from include.image_classification.dataset.version.photo_check import (
    Content,
    Photo,
    PhotoRules,
    check_photo,
    photo_hash,
)
from include.image_classification.images.header import read_photo_header
from include.image_classification.images.strict_decoding import RefusedPhotoError
from include.image_classification.threads import ordered_threads
from tests.include.image_classification.dataset.sample_sources import photo

RULES = PhotoRules(min_side=16, max_pixels=10_000)
JPEG, PNG = photo(1, 60, 40), photo(1, 60, 40, ".png")


def jpeg(pixels: np.ndarray, *options: int) -> bytes:  # type: ignore[type-arg]
    return bytes(cv2.imencode(".jpg", pixels, list(options))[1].tobytes())


PROGRESSIVE = jpeg(np.full((40, 60, 3), 99, np.uint8), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)


def with_thumbnail(data: bytes) -> bytes:
    """Return a JPEG with a JPEG thumbnail in its EXIF segment, as cameras write it."""
    body = b"Exif\0\0" + photo(2, 16, 16)
    return data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]


def check(data: bytes, rules: PhotoRules = RULES) -> Content | RefusedPhotoError:
    try:
        return check_photo(Photo("a/1.jpg", 7, data), photo_hash(data), rules, {})[0]
    except RefusedPhotoError as error:
        return error


def reason(data: bytes) -> str:
    result = check(data)
    assert isinstance(result, RefusedPhotoError), result
    return result.reason


@pytest.mark.parametrize(
    ("data", "suffix"),
    [(JPEG, "jpg"), (PNG, "png"), (PROGRESSIVE, "jpg"), (with_thumbnail(JPEG), "jpg")],
)
def test_a_good_photo_is_described(data: bytes, suffix: str) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"{sha256[:2]}/{sha256}.{suffix}"
    content = check(data)
    assert isinstance(content, Content)
    assert content == Content(sha256, len(data), 60, 40, key, content.perceptual_hash)


@pytest.mark.parametrize("data", [JPEG, PNG, PROGRESSIVE, with_thumbnail(JPEG)])
@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_a_truncated_photo_is_refused(data: bytes, keep: float) -> None:
    assert reason(data[: int(len(data) * keep)]) == "truncated"


@pytest.mark.parametrize("missing", [1, 2])
def test_a_photo_without_its_last_bytes_is_refused(missing: int) -> None:
    assert reason(JPEG[:-missing]) == "truncated"


def test_a_picture_that_stops_halfway_is_refused_despite_its_end_marker() -> None:
    """OpenCV returns it half gray and only prints a warning to stderr."""
    assert cv2.imdecode(np.frombuffer(JPEG, np.uint8), cv2.IMREAD_COLOR) is not None
    assert reason(JPEG[: len(JPEG) // 2] + b"\xff\xd9") == "truncated"


@pytest.mark.parametrize(
    "data",
    [JPEG[:-2] + b"\x55" * 9 + b"\xff\xd9", JPEG + b"trailing", JPEG[:2] + b"\xff" + JPEG[2:]],
)
def test_harmless_stray_bytes_are_accepted(data: bytes) -> None:
    assert isinstance(check(data), Content)


def test_a_jpeg_with_a_damaged_middle_is_refused() -> None:
    """It decodes to 60 x 40 pixels, half of them wrong."""
    refused = []
    for at in range(1000, len(JPEG) - 2, 20):
        data = JPEG[:at] + bytes((JPEG[at] ^ 0x10,)) + JPEG[at + 1 :]
        if isinstance(result := check(data), RefusedPhotoError):
            refused.append(result)
    assert {row.reason for row in refused} >= {"undecodable", "truncated"}
    details = " ".join(row.detail for row in refused)
    assert "bad Huffman code" in details
    assert "extraneous bytes" in details


def test_a_changed_bit_in_a_png_is_refused() -> None:
    data = bytearray(PNG)
    data[len(data) // 2] ^= 1
    assert reason(bytes(data)) == "undecodable"


def test_a_png_with_missing_rows_is_refused() -> None:
    """Pillow makes them black; conversion and serving refuse the photo."""
    header = PNG[12:20] + (41).to_bytes(4, "big") + PNG[24:29]
    data = PNG[:12] + header + zlib.crc32(header).to_bytes(4, "big") + PNG[33:]
    assert PIL.Image.open(io.BytesIO(data)).convert("RGB").size == (60, 41)
    assert reason(data) == "undecodable"


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "empty"), (b"<html>", "<html>"), (b"GIF89a", "GIF"), (b"RIFF....WAVE", "RIFF")],
)
def test_another_format_is_named(data: bytes, says: str) -> None:
    result = check(data)
    assert isinstance(result, RefusedPhotoError)
    assert result.reason == "not-an-image"
    assert says in result.detail


@pytest.mark.parametrize(("size", "refused"), [((16, 16), False), ((15, 90), True)])
def test_a_photo_below_the_smallest_side_is_refused(size: tuple[int, int], refused: bool) -> None:
    assert isinstance(check(photo(1, *size)), RefusedPhotoError) == refused


def test_a_photo_with_too_many_pixels_is_refused() -> None:
    assert reason(photo(1, 101, 100)) == "too-large"


def test_a_header_of_a_gigantic_picture_is_refused_before_decoding() -> None:
    """The file has a few bytes and would decode to 10 GB."""
    size = (50_000).to_bytes(4, "big") * 2
    header = b"IHDR" + size + bytes((8, 2, 0, 0, 0))
    bomb = PNG[:12] + header + zlib.crc32(header).to_bytes(4, "big") + PNG[33:]
    assert reason(bomb) == "too-large"


@pytest.mark.parametrize("length", range(2, 200, 7))
@pytest.mark.parametrize("data", [JPEG, PNG])
def test_a_truncated_header_does_not_make_the_reader_fail(data: bytes, length: int) -> None:
    header = read_photo_header(data[:length])
    assert header is None or not header.whole


def saved(mode: str, kind: str, **options: object) -> bytes:
    """Return a picture in one of Pillow's color modes."""
    pixels = cv2.resize(cv2.imdecode(np.frombuffer(JPEG, np.uint8), 1), (60, 40))
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).convert(mode).save(file, kind, **options)
    return file.getvalue()


SIDEWAYS = PIL.Image.Exif()
SIDEWAYS[0x0112] = 6

RIGHT = {
    "CMYK": saved("CMYK", "JPEG"),
    "gray JPEG": saved("L", "JPEG"),
    "progressive gray": saved("L", "JPEG", progressive=True),
    "RGB JPEG": saved("RGB", "JPEG", keep_rgb=True),
    "4:1:1": saved("RGB", "JPEG", subsampling="4:1:1"),
    "EXIF rotation": saved(
        "RGB",
        "JPEG",
        exif=SIDEWAYS,
    ),
    "alpha": saved("RGBA", "PNG"),
    "gray and alpha": saved("LA", "PNG"),
    "palette": saved("P", "PNG"),
    "transparent palette": saved("P", "PNG", transparency=b"\0\x80"),
    "two colors": saved("1", "PNG"),
    "gray of 16 bits": saved("I;16", "PNG"),
    "color of 16 bits": cv2.imencode(".png", np.full((40, 60, 3), 777, np.uint16))[1].tobytes(),
    "a broken color profile": saved("RGB", "PNG", icc_profile=b"no profile"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_unusual_photos_are_accepted(name: str) -> None:
    content = check(RIGHT[name])
    assert isinstance(content, Content), content.detail
    assert (content.width, content.height) == (60, 40)


@pytest.mark.parametrize("name", RIGHT)
def test_cut_off_unusual_photos_are_refused(name: str) -> None:
    """All decoders read to the end."""
    data = RIGHT[name]
    end = 12 if data.startswith(b"\x89PNG") else 2
    assert reason(data[: len(data) // 2] + data[-end:]) in {"truncated", "undecodable"}


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_an_animated_picture_is_named_and_a_still_one_is_not(kind: str) -> None:
    frames = [PIL.Image.new("RGB", (60, 40), color) for color in ("red", "blue")]
    moving, still = io.BytesIO(), io.BytesIO()
    frames[0].save(moving, kind, save_all=True, append_images=frames[1:])
    frames[0].save(still, kind)
    assert reason(moving.getvalue()) == "animated"
    assert getattr(check(still.getvalue()), "reason", None) == (
        "not-an-image" if kind == "GIF" else None
    )


@given(st.sampled_from([b"GIF89a", b"RIFF....WEBPVP8X", PNG[:16], JPEG[:20]]), st.binary())
def test_any_bytes_are_accepted_or_refused(start: bytes, rest: bytes) -> None:
    check(start + rest)


def test_a_known_photo_is_not_decoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known = check(JPEG)
    assert isinstance(known, Content)
    monkeypatch.setattr(photo_check, "decode_small", lambda *_: pytest.fail("it was decoded"))
    made = check_photo(Photo("b.jpg", 0, JPEG), known.sha256, RULES, {known.sha256: known})
    assert made == (known, JPEG)


@pytest.mark.parametrize("rules", [PhotoRules(41, 10_000), PhotoRules(16, 100)])
def test_a_known_photo_must_meet_the_current_rules(rules: PhotoRules) -> None:
    known = check(JPEG)
    assert isinstance(known, Content)
    with pytest.raises(RefusedPhotoError):
        check_photo(Photo("b.jpg", 0, JPEG), known.sha256, rules, {known.sha256: known})


def test_simplejpeg_decodes_only_photos_that_opencv_decodes_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others have arithmetic coding, 12 bits or four colors."""
    asked = []
    monkeypatch.setattr(simplejpeg, "decode_jpeg", lambda _, into, **__: asked.append(into))
    frame = JPEG.index(b"\xff\xc0")
    arithmetic = JPEG[:frame] + b"\xff\xc9" + JPEG[frame + 2 :]
    twelve_bits = JPEG[: frame + 4] + b"\x0c" + JPEG[frame + 5 :]
    for data in (RIGHT["CMYK"], arithmetic, twelve_bits):
        check(data)
    assert "GRAY" not in asked


def test_messages_of_libpng_in_other_threads_are_no_damage() -> None:
    """The library libpng prints warnings for PNGs with a wrong color profile."""
    profile = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    photos = [saved("L", "PNG", icc_profile=profile), saved("CMYK", "JPEG")]

    def accepted(data: bytes) -> bool:
        whole = Photo("a/1.jpg", 7, data, Box(0, 0, 60, 40))
        rules = PhotoRules(min_side=16, max_pixels=10_000, margin=0)
        return bool(check_photo(whole, photo_hash(data), rules, {}))

    assert all(ordered_threads(accepted, photos * 200, 2))


def test_warnings_are_attributed_to_their_photo_although_threads_share_stderr() -> None:
    whole = [photo(seed, 60, 40) for seed in range(40)]
    broken = [data[: len(data) // 2] + b"\xff\xd9" for data in whole]
    results = list(ordered_threads(check, whole + broken + whole, 4))
    assert all(isinstance(result, Content) for result in results[:40] + results[80:])
    assert {getattr(result, "reason", None) for result in results[40:80]} == {"truncated"}
