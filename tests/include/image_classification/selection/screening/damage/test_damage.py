"""Tests of damaged photos: those that the container image rejects are left out of a batch."""

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

from include.image_classification.selection.screening.check import problem
from include.image_classification.serving.photo import PhotoError, read_photo

START = b"\x89PNG\r\n\x1a\n"
KINDS = (
    "baseline", "progressive", "restarting", "grey", "four inks", "several",
    "color", "palette", "deep", "described", "interlaced", "two colors",
)  # fmt: skip
END_OF_JPEG = b"\xff\xd9"


@cache
def photo(kind: str) -> bytes:
    """Return a small photo of noise."""
    noise = np.random.default_rng(0).integers(0, 255, (40, 56, 4), np.uint8)
    color, inks = Image.fromarray(noise[..., :3].copy()), Image.fromarray(noise, "CMYK")
    deep = Image.fromarray(noise[..., :2].copy().view(np.uint16)[..., 0])
    if kind == "interlaced":
        return interlaced(noise[..., :3])
    pictures: dict[str, tuple[Image.Image, str, dict[str, Any]]] = {
        "baseline": (color, "JPEG", {}),
        "progressive": (color, "JPEG", {"progressive": True}),
        "restarting": (color, "JPEG", {"restart_marker_blocks": 2}),
        "grey": (color.convert("L"), "JPEG", {}),
        "four inks": (inks, "JPEG", {}),
        "several": (color, "MPO", {"save_all": True, "append_images": [color.rotate(180)]}),
        "color": (color, "PNG", {}),
        "palette": (color.quantize(16), "PNG", {}),
        "deep": (deep, "PNG", {}),
        "two colors": (color.convert("1"), "PNG", {}),
        "described": (
            color,
            "PNG",
            {"dpi": (72, 72), "exif": Image.Exif(), "icc_profile": b"x" * 200},
        ),
    }
    picture, form, options = pictures[kind]
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def interlaced(pixels: NDArray[np.uint8]) -> bytes:
    """Return an interlaced PNG, which Pillow and OpenCV read but do not write."""
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


def rejected(content: bytes) -> bool:
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
    """Generate a photo with one to three mutations."""
    content = photo(draw(st.sampled_from(KINDS)))
    for _ in range(draw(st.integers(1, 3))):
        content = draw(st.sampled_from(MUTATIONS))(draw, content)
    return content


def places(draw: st.DrawFn, content: bytes) -> int:
    """Draw an offset, often near the start or the end, where most of the structure is."""
    size = max(len(content) - 1, 0)
    near = st.integers(0, min(size, 40))
    return draw(st.one_of(st.integers(0, size), near, near.map(lambda at: size - at)))


def cut_off(draw: st.DrawFn, content: bytes) -> bytes:
    return content[: places(draw, content)]


def cut_out(draw: st.DrawFn, content: bytes) -> bytes:
    """Remove bytes from the middle, or before the first picture's end."""
    ends = [content.find(END_OF_JPEG), content.rfind(END_OF_JPEG), places(draw, content)]
    end = max(draw(st.sampled_from(ends)), 0)
    return content[: max(end - draw(st.integers(1, 300)), 0)] + content[end:]


def put_in(draw: st.DrawFn, content: bytes) -> bytes:
    ends = [content.find(END_OF_JPEG), places(draw, content), len(content)]
    at = max(draw(st.sampled_from(ends)), 0)
    inserted = draw(
        st.sampled_from([b"\0", b"\0" * 9, b"\0" * 60, b"\xff", b"x" * 5000, END_OF_JPEG])
    )
    return content[:at] + inserted + content[at:]


def flip(draw: st.DrawFn, content: bytes) -> bytes:
    if not content:
        return content
    changed, at = bytearray(content), places(draw, content)
    changed[at] ^= draw(st.integers(1, 255))
    return bytes(changed)


def rebuild(draw: st.DrawFn, content: bytes) -> bytes:
    """Change a PNG's chunks, and recompute their checksums."""
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
    """Cut off the end of the pixels' stream, and recompute the chunk's checksum."""
    return joined([(k, c[:-4] if k == b"IDAT" else c) for k, c in chunks(png)])


def taller(png: bytes, height: int) -> bytes:
    """Let a PNG's header claim more rows than there are, and recompute its checksum."""
    size = struct.pack(">I", height)
    return joined([(k, c[:4] + size + c[8:] if k == b"IHDR" else c) for k, c in chunks(png)])


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]


@pytest.mark.parametrize("kind", KINDS)
def test_intact_photos_are_readable(kind: str) -> None:
    assert not rejected(photo(kind))
    assert problem(photo(kind)) is None


PNG, PALETTE, MPO = photo("color"), photo("palette"), photo("several")
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
        (with_chunk(PNG, 1, b"IDOT", b""), "an invalid chunk type IDOT"),
        (joined([*chunks(PNG)[:1], *chunks(PNG)]), "in a wrong order: IHDR, IHDR, IDAT, IEND"),
        (joined([part for part in chunks(PALETTE) if part[0] != b"PLTE"]), "palette is missing"),
    ],
)
def test_damage_that_pillow_does_not_detect_is_found(content: bytes, reason: str) -> None:
    """The container image rejects these photos."""
    assert rejected(content)
    assert reason in str(problem(content))


def test_pixels_without_a_checksum_are_damaged() -> None:
    """Without the checksum it is unknown whether the picture is complete."""
    assert "have no end" in str(problem(without_checksum(PNG)))


def test_an_animated_png_is_left_out() -> None:
    """Otherwise the model would predict only the first of several pictures."""
    buffer = io.BytesIO()
    first = Image.new("RGB", (8, 8))
    first.save(buffer, "PNG", save_all=True, append_images=[Image.new("RGB", (8, 8), "red")])
    assert problem(buffer.getvalue()) == "is an animated PNG; a photo must be a single picture"


@pytest.mark.parametrize("marker", [b"\xff\xd9", b"\xff\xdb"])
def test_a_few_stray_bytes_are_accepted(marker: bytes) -> None:
    """Some cameras write them, and the container image accepts them."""
    jpeg = photo("baseline")
    at = jpeg.index(marker)
    content = jpeg[:at] + b"\0\0" + jpeg[at:]
    assert not rejected(content)
    assert problem(content) is None


def test_stray_bytes_do_not_hide_damage() -> None:
    """The last warning is about stray bytes, the one before it about damage."""
    jpeg = photo("restarting")
    restart, end = jpeg.index(b"\xff\xd3"), first_end(jpeg)
    content = jpeg[: restart - 9] + jpeg[restart:end] + b"\0\0" + jpeg[end:]
    assert rejected(content)
    assert "premature end" in str(problem(content))


@given(damaged())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_photos_that_the_container_rejects_are_left_out(content: bytes) -> None:
    """One such photo would fail the whole transform job."""
    if rejected(content):
        assert problem(content) is not None
