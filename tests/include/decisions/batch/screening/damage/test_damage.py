"""What our image refuses never enters a batch: one such image would fail all of it."""

import io
import struct
import zlib
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from include.decisions.batch.screening.check import problem
from include.image_classification.serving.photo import PhotoError, read_photo

START = b"\x89PNG\r\n\x1a\n"
KINDS = (
    "baseline", "progressive", "restarting", "grey", "four inks", "several",
    "colours", "palette", "deep", "described", "interlaced", "two colours",
)  # fmt: skip
END_OF_JPEG = b"\xff\xd9"


@cache
def photo(kind: str) -> bytes:
    """A small photo of noise, in which each byte says something."""
    noise = np.random.default_rng(0).integers(0, 255, (40, 56, 4), np.uint8)
    colours, inks = Image.fromarray(noise[..., :3].copy()), Image.fromarray(noise, "CMYK")
    deep = Image.fromarray(noise[..., :2].copy().view(np.uint16)[..., 0])
    if kind == "interlaced":
        return interlaced(noise[..., :3])
    pictures: dict[str, tuple[Image.Image, str, dict[str, Any]]] = {
        "baseline": (colours, "JPEG", {}),
        "progressive": (colours, "JPEG", {"progressive": True}),
        "restarting": (colours, "JPEG", {"restart_marker_blocks": 2}),
        "grey": (colours.convert("L"), "JPEG", {}),
        "four inks": (inks, "JPEG", {}),
        "several": (colours, "MPO", {"save_all": True, "append_images": [colours.rotate(180)]}),
        "colours": (colours, "PNG", {}),
        "palette": (colours.quantize(16), "PNG", {}),
        "deep": (deep, "PNG", {}),
        "two colours": (colours.convert("1"), "PNG", {}),
        "described": (
            colours,
            "PNG",
            {"dpi": (72, 72), "exif": Image.Exif(), "icc_profile": b"x" * 200},
        ),
    }
    picture, form, options = pictures[kind]
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def interlaced(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG whose pixels come in seven parts, which Pillow and OpenCV read and do not write."""
    height, width, _ = pixels.shape
    parts = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    rows = [
        b"\0" + row.tobytes()
        for top, left, down, across in [*parts, (1, 0, 2, 1)]
        for row in pixels[top::down, left::across]
    ]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    content = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return joined(content)


def refused(content: bytes) -> bool:
    try:
        read_photo(content, (3, 32, 32))
    except PhotoError:
        return True
    return False


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(START)
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        found.append((kind, png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def joined(parts: list[tuple[bytes, bytes]]) -> bytes:
    return START + b"".join(
        struct.pack(">I", len(content)) + kind + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A photo with up to three things done to it, few of which a disk or a cable would do."""
    content = photo(draw(st.sampled_from(KINDS)))
    for _ in range(draw(st.integers(1, 3))):
        content = draw(st.sampled_from(MUTATIONS))(draw, content)
    return content


def places(draw: st.DrawFn, content: bytes) -> int:
    """Anywhere, but often near an end, where what matters is close together."""
    size = max(len(content) - 1, 0)
    near = st.integers(0, min(size, 40))
    return draw(st.one_of(st.integers(0, size), near, near.map(lambda at: size - at)))


def cut_off(draw: st.DrawFn, content: bytes) -> bytes:
    return content[: places(draw, content)]


def cut_out(draw: st.DrawFn, content: bytes) -> bytes:
    """Take bytes out of the middle, or from before the first picture's end."""
    ends = [content.find(END_OF_JPEG), content.rfind(END_OF_JPEG), places(draw, content)]
    end = max(draw(st.sampled_from(ends)), 0)
    return content[: max(end - draw(st.integers(1, 300)), 0)] + content[end:]


def put_in(draw: st.DrawFn, content: bytes) -> bytes:
    ends = [content.find(END_OF_JPEG), places(draw, content), len(content)]
    at = max(draw(st.sampled_from(ends)), 0)
    some = draw(st.sampled_from([b"\0", b"\0" * 9, b"\0" * 60, b"\xff", b"x" * 5000, END_OF_JPEG]))
    return content[:at] + some + content[at:]


def flip(draw: st.DrawFn, content: bytes) -> bytes:
    if not content:
        return content
    changed, at = bytearray(content), places(draw, content)
    changed[at] ^= draw(st.integers(1, 255))
    return bytes(changed)


def rebuild(draw: st.DrawFn, content: bytes) -> bytes:
    """Change a PNG's chunks and keep their checksums right."""
    if not content.startswith(START):
        return flip(draw, content)
    try:
        parts = chunks(content)
    except struct.error:
        return content
    at = draw(st.integers(0, len(parts) - 1)) if parts else 0
    kind, inside = parts[at] if parts else (b"IEND", b"")
    match draw(st.sampled_from(["drop", "double", "change", "empty", "halve", "strange", "split"])):
        case "drop":
            parts[at : at + 1] = []
        case "double":
            parts.insert(draw(st.integers(0, len(parts))), (kind, inside))
        case "change":
            parts[at : at + 1] = [(kind, flip(draw, inside))]
        case "empty":
            parts[at : at + 1] = [(kind, b"")]
        case "halve":
            parts[at : at + 1] = [(kind, cut_off(draw, inside))]
        case "strange":
            names = [b"IDOT", b"vpAg", b"acTL", b"tRNS", b"PLTE", b"fdAT", b"a1 b", b"IHDR"]
            parts.insert(at, (draw(st.sampled_from(names)), draw(st.binary(max_size=16))))
        case "split":
            half = places(draw, inside)
            parts[at : at + 1] = [(kind, inside[:half]), (kind, inside[half:])]
    return joined(parts)


MUTATIONS = (cut_off, cut_out, put_in, flip, rebuild)


def first_end(jpeg: bytes) -> int:
    return jpeg.index(END_OF_JPEG)


def with_chunk(png: bytes, at: int, kind: bytes, content: bytes) -> bytes:
    parts = chunks(png)
    parts.insert(at, (kind, content))
    return joined(parts)


def without_checksum(png: bytes) -> bytes:
    """Cut off the end of the pixels' stream, and keep the chunk's own checksum right."""
    return joined([(k, c[:-4] if k == b"IDAT" else c) for k, c in chunks(png)])


def taller(png: bytes, height: int) -> bytes:
    """Let a PNG's header claim more rows than its pixels have, with its checksum right."""
    size = struct.pack(">I", height)
    return joined([(k, c[:4] + size + c[8:] if k == b"IHDR" else c) for k, c in chunks(png)])


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]


@pytest.mark.parametrize("kind", KINDS)
def test_whole_photos_are_predicted(kind: str) -> None:
    assert not refused(photo(kind))
    assert problem(photo(kind)) is None


PNG, PALETTE, MPO = photo("colours"), photo("palette"), photo("several")
END = len(PNG) - 12


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        *((PNG[:-missing], "has no end") for missing in (1, 2, 4)),
        (flipped(PNG, END - 1), "the checksum of its chunk IDAT"),
        (flipped(PNG, END + 11), "the checksum of its chunk IEND"),
        (flipped(PNG, END + 3), "ends within a chunk"),
        *(
            (MPO[: first_end(MPO) - missing] + MPO[first_end(MPO) :], "premature end")
            for missing in (20, 100, 300)
        ),
        (taller(PNG, 41), "has 6760 of 6929 bytes of pixels"),
        (taller(PNG, 65_576), "has 6760 of 11082344 bytes of pixels"),
        (PNG + b"x" * 5000, "followed by 5000 bytes"),
        (joined([*chunks(PNG)[:1], *chunks(PNG)[2:]]), "cannot be decoded"),
        (with_chunk(PNG, 1, b"IDOT", b""), "a chunk IDOT"),
        (joined([*chunks(PNG)[:1], *chunks(PNG)]), "not in a PNG's order: IHDR, IHDR, IDAT, IEND"),
        (joined([part for part in chunks(PALETTE) if part[0] != b"PLTE"]), "palette is missing"),
    ],
)
def test_what_pillow_makes_a_picture_of_is_looked_at_again(content: bytes, reason: str) -> None:
    """Protects from the damages that Pillow does not see, and our image refuses."""
    assert refused(content)
    assert reason in str(problem(content))


def test_pixels_go_up_to_their_checksum() -> None:
    """Protects from a picture of which nobody can say that it is whole."""
    assert "have no end" in str(problem(without_checksum(PNG)))


def test_an_animated_png_is_left_out() -> None:
    """Protects from a model that is asked of the first of several pictures."""
    buffer = io.BytesIO()
    first = Image.new("RGB", (8, 8))
    first.save(buffer, "PNG", save_all=True, append_images=[Image.new("RGB", (8, 8), "red")])
    assert problem(buffer.getvalue()) == "is an animated PNG; a photo shows one picture"


@pytest.mark.parametrize("marker", [b"\xff\xd9", b"\xff\xdb"])
def test_a_few_stray_bytes_are_no_damage(marker: bytes) -> None:
    """Protects photos of cameras that leave some, which our image answers."""
    jpeg = photo("baseline")
    at = jpeg.index(marker)
    content = jpeg[:at] + b"\0\0" + jpeg[at:]
    assert not refused(content)
    assert problem(content) is None


def test_stray_bytes_do_not_hide_damage() -> None:
    """Protects from believing the last warning alone: the one before it tells of the damage."""
    jpeg = photo("restarting")
    restart, end = jpeg.index(b"\xff\xd3"), first_end(jpeg)
    content = jpeg[: restart - 9] + jpeg[restart:end] + b"\0\0" + jpeg[end:]
    assert refused(content)
    assert "premature end" in str(problem(content))


@given(damaged())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_our_image_refuses_is_left_out(content: bytes) -> None:
    """Protects every night from one image that fails the whole transform."""
    if refused(content):
        assert problem(content) is not None
