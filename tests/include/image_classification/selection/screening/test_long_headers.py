"""Tests of photos with very long headers: the time to read them is limited."""

import zlib
from collections.abc import Callable
from typing import Any

import pytest

from include.contracts import limits as photo_limits
from include.image_classification.images.animation import detect_animation
from include.image_classification.images.header import png_chunks, read_photo_header
from include.image_classification.images.orientation import read_orientation
from include.image_classification.selection.screening.damage.jpeg import _markers
from include.image_classification.selection.screening.damage.png import png_damage
from include.image_classification.serving.photo import _has_whole_chunks
from tests.include.image_classification.dataset.sample_sources import photo

LONG = 4_000_000
JPEG = photo(1)
PNG = photo(1, suffix=".png")
EMPTY_SEGMENT = b"\xff\xe0\x00\x02"


class Counted(bytes):
    """Bytes that count accesses to single bytes and slices."""

    accesses = 0

    def __getitem__(self, place: Any) -> Any:
        self.accesses += 1
        return super().__getitem__(place)


SCANS: list[Callable[[bytes], Any]] = [read_photo_header, _markers, read_orientation]


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize(
    "filling",
    [b"\xff" + b"\0" * LONG, b"\xff" * LONG, b"\xff\xd0" * LONG, b"\xff\0" * LONG],
    ids=["zeros", "padding", "restarts", "data"],
)
@pytest.mark.parametrize("rest", [b"", JPEG[2:]], ids=["nothing", "a photo"])
def test_bytes_that_are_not_a_marker_are_skipped_at_once(
    scan: Callable[[bytes], Any], filling: bytes, rest: bytes
) -> None:
    """A few megabytes must not block the worker or the server for seconds."""
    content = Counted(JPEG[:2] + filling + rest)
    scan(content)
    assert content.accesses < 1000  # of four million and more


@pytest.mark.parametrize("scan", SCANS)
def test_the_number_of_segments_is_limited(scan: Callable[[bytes], Any]) -> None:
    content = Counted(JPEG[:2] + EMPTY_SEGMENT * LONG + JPEG[2:])
    scan(content)
    assert content.accesses < 10 * photo_limits.MAX_SEGMENTS


@pytest.mark.parametrize("segments", [photo_limits.MAX_SEGMENTS // 2, photo_limits.MAX_SEGMENTS])
def test_worker_and_container_have_the_same_limit_of_segments(segments: int) -> None:
    content = JPEG[:2] + EMPTY_SEGMENT * segments + JPEG[2:]
    header = read_photo_header(content)
    assert header is not None
    assert header.whole == (segments < photo_limits.MAX_SEGMENTS)
    assert (_markers(content) is not None) == header.whole


def test_a_photo_after_stray_bytes_is_found() -> None:
    content = JPEG[:2] + b"\xff" + b"\0" * 1000 + JPEG[2:]
    header = read_photo_header(content)
    assert header is not None
    assert (header.width, header.height, header.whole) == (40, 24, True)


@pytest.mark.parametrize("scan", [_has_whole_chunks, detect_animation])
def test_the_number_of_chunks_is_limited(scan: Callable[[bytes], Any]) -> None:
    content = Counted(PNG[:8] + b"\0" * 12 * LONG)
    scan(content)
    assert content.accesses < 10 * photo_limits.MAX_CHUNKS
    assert not scan(bytes(content))


def test_the_walk_over_chunks_stops_at_the_limit() -> None:
    """Both functions above use it, and `Counted` does not count its accesses."""
    chunks = list(png_chunks(PNG[:8] + b"\0" * 12 * LONG))
    assert len(chunks) == photo_limits.MAX_CHUNKS


def test_the_worker_rejects_a_png_with_too_many_chunks() -> None:
    empty = b"\0\0\0\0tEXt" + zlib.crc32(b"tEXt").to_bytes(4, "big")
    assert png_damage(PNG[:33] + empty * 3 + PNG[33:]) is None
    content = PNG[:33] + empty * photo_limits.MAX_CHUNKS + PNG[33:]
    assert png_damage(content) == f"has more than {photo_limits.MAX_CHUNKS} chunks"
    assert not _has_whole_chunks(content)
