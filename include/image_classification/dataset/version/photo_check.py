"""Whether a photo may enter a data set: it is decoded, not believed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from include.contracts.dataset import Box, Split
from include.contracts.limits import size_problem
from include.image_classification.dataset.version.manifest import Cut, image_key
from include.image_classification.images.animation import animation
from include.image_classification.images.cropping import crop, place_box
from include.image_classification.images.header import (
    PhotoHeader,
    describe,
    read_photo_header,
)
from include.image_classification.images.perceptual_hash import perceptual_hash
from include.image_classification.images.strict_decoding import RefusedPhotoError, decode_small


@dataclass(frozen=True)
class Photo:
    """A photo as the source lists it, with its label and its bytes.

    Attributes:
        path: Its name in the source.
        label: The class, an index into the source's classes.
        data: Its bytes.
        box: The part that shows the labelled thing, if the source says so.
        split: The part of the data that the source itself assigns it to, if it does.
    """

    path: str
    label: int
    data: bytes = field(repr=False)
    box: Box | None = None
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What an image holds, whatever it is called: what the manifest says of its bytes.

    Attributes:
        sha256: Of its bytes.
        size: Of its bytes.
        width: In pixels as stored.
        height: In pixels as stored.
        key: Where its bytes are, relative to the folder of images.
        look: Its perceptual hash.
        cut: What it was cut from, or None for a photo as the source holds it.
    """

    sha256: str
    size: int
    width: int
    height: int
    key: str
    look: int
    cut: Cut | None = None

    @property
    def photo_sha256(self) -> str:
        """The hash of the photo that it is or was cut from."""
        return self.cut.photo_sha256 if self.cut else self.sha256


Made = Cut | str
"""What an image is made from: a cut, or the hash of a whole photo."""


@dataclass(frozen=True, slots=True)
class CheckedPhoto:
    """A photo that decodes: what the manifest will say of it, but for its split.

    `split` is the source's own, if it has one.
    """

    path: str
    label: int
    content: Content
    split: Split | None = None

    @property
    def sha256(self) -> str:
        """Of the image's bytes."""
        return self.content.sha256

    @property
    def photo_sha256(self) -> str:
        """Of the photo that the image is or was cut from."""
        return self.content.photo_sha256


@dataclass(frozen=True)
class PhotoRules:
    """What an image must be, and what becomes one.

    Attributes:
        min_side: How small an image's shorter side may be, in pixels.
        max_pixels: How many pixels a photo may hold.
        margin: With which margin, a share of the box's sides, a photo is cut to its box; None
            keeps whole photos.
    """

    min_side: int
    max_pixels: int
    margin: float | None = None


def photo_hash(data: bytes) -> str:
    """The hash that names a photo's bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def check_photo(
    photo: Photo, sha256: str, rules: PhotoRules, known: Mapping[Made, Content]
) -> tuple[Content, bytes | None]:
    """Decode all of a photo, and cut it to its box where the rules say so.

    Args:
        photo: What to check.
        sha256: Of its bytes.
        rules: What is accepted.
        known: Images that were checked before. They are not decoded again.

    Returns:
        The image, and its bytes; None for a known one that would have to be cut again.

    Raises:
        RefusedPhotoError: The photo is refused.
    """
    header = _read_header(photo.data, rules)
    box = _place(photo.box, rules, header)
    made: Made = Cut(sha256, box) if box else sha256
    if made in known:
        return known[made], None if box else photo.data
    small = decode_small(photo.data, header)
    if isinstance(made, Cut):
        return _cut(photo.data, made, header)
    content = Content(
        sha256=sha256,
        size=len(photo.data),
        width=header.width,
        height=header.height,
        key=image_key(sha256, header.suffix),
        look=perceptual_hash(small),
    )
    return content, photo.data


def _read_header(data: bytes, rules: PhotoRules) -> PhotoHeader:
    moving = animation(data)
    if moving:
        raise RefusedPhotoError("animated", f"{moving}; only still images are supported")
    header = read_photo_header(data)
    if header is None:
        raise RefusedPhotoError("not-an-image", describe(data))
    width, height = header.width, header.height
    if not header.whole:
        raise RefusedPhotoError("truncated", "the file ends before its picture does")
    if not width or not height:
        raise RefusedPhotoError("undecodable", f"its header says {width} x {height} pixels")
    if width * height > rules.max_pixels:
        limit = f"{width} x {height} pixels are over the limit of {rules.max_pixels}"
        raise RefusedPhotoError("too-large", limit)
    if wrong := size_problem(header.suffix, width, height):
        raise RefusedPhotoError("too-large", wrong)
    _check_sides(width, height, rules)
    return header


def _check_sides(width: int, height: int, rules: PhotoRules) -> None:
    if min(width, height) < rules.min_side:
        least = f"{width} x {height} pixels; each side needs {rules.min_side}"
        raise RefusedPhotoError("too-small", least)


def _place(box: Box | None, rules: PhotoRules, header: PhotoHeader) -> Box | None:
    if box is None or rules.margin is None:
        return None
    placed = place_box(box, rules.margin, header.width, header.height)
    if placed is None:
        corners = f"{box.left}, {box.top} to {box.right}, {box.bottom}"
        detail = f"its box from {corners} shows nothing of {header.width} x {header.height} pixels"
        raise RefusedPhotoError("bad-box", detail)
    _check_sides(placed.right - placed.left, placed.bottom - placed.top, rules)
    return placed


def _cut(data: bytes, made: Cut, header: PhotoHeader) -> tuple[Content, bytes]:
    image = crop(data, made.box, header)
    if image is None:
        raise RefusedPhotoError("undecodable", "the decoder rejects it")
    sha256 = photo_hash(image.data)
    content = Content(
        sha256=sha256,
        size=len(image.data),
        width=image.width,
        height=image.height,
        key=image_key(sha256, header.suffix),
        look=perceptual_hash(np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_BGR2GRAY), np.uint8)),
        cut=made,
    )
    return content, image.data
