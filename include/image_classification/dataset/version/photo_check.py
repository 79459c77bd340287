"""Check of photos before they enter a dataset: every photo is decoded completely."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from include.contracts.dataset import Box, LabelSource, Split
from include.contracts.limits import size_problem
from include.image_classification.dataset.version.manifest import Cut, image_key
from include.image_classification.images.animation import detect_animation
from include.image_classification.images.cropping import crop, place_box
from include.image_classification.images.header import (
    PhotoHeader,
    describe,
    read_photo_header,
)
from include.image_classification.images.perceptual_hash import perceptual_hash
from include.image_classification.images.strict_decoding import RefusedPhotoError, decode_small
from include.image_classification.images.webp import is_webp, read_webp_header


@dataclass(frozen=True)
class Photo:
    """A photo of the source, with its label and its bytes.

    Attributes:
        path: The path in the source.
        label: The class, an index into the source's classes.
        data: The file's bytes.
        box: The bounding box of the labelled object, if the source has one.
        split: The split that the source assigns, if any.
    """

    path: str
    label: int
    data: bytes = field(repr=False)
    box: Box | None = None
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """The properties of an image that depend only on its bytes.

    Attributes:
        sha256: The hash of the bytes.
        size: The number of bytes.
        width: The width in pixels as stored.
        height: The height in pixels as stored.
        key: The image's path in the folder of images.
        perceptual_hash: The perceptual hash.
        cut: The photo and box that the image was cropped from, or None for a whole photo.
    """

    sha256: str
    size: int
    width: int
    height: int
    key: str
    perceptual_hash: int
    cut: Cut | None = None

    @property
    def photo_sha256(self) -> str:
        """The hash of the whole photo."""
        return self.cut.photo_sha256 if self.cut else self.sha256


Origin = Cut | str
"""The origin of an image: a part of a photo, or the hash of a whole photo."""


@dataclass(frozen=True, slots=True)
class CheckedPhoto:
    """A photo that passed the check.

    `split` is the split that the source assigns, if any; `label_source` says which user gave the
    label, if not the source.
    """

    path: str
    label: int
    content: Content
    split: Split | None = None
    label_source: LabelSource | None = None

    @property
    def sha256(self) -> str:
        """The hash of the image."""
        return self.content.sha256

    @property
    def photo_sha256(self) -> str:
        """The hash of the whole photo."""
        return self.content.photo_sha256


@dataclass(frozen=True)
class PhotoRules:
    """Limits of images, and whether photos are cropped.

    Attributes:
        min_side: The minimum of an image's shorter side in pixels.
        max_pixels: The maximum number of pixels of a photo.
        margin: Crop photos to their boxes with this margin, a share of the box's sides; None keeps
            whole photos.
    """

    min_side: int
    max_pixels: int
    margin: float | None = None


def photo_hash(data: bytes) -> str:
    """Return the SHA-256 of a photo's bytes in hex."""
    return hashlib.sha256(data).hexdigest()


def check_photo(
    photo: Photo, sha256: str, rules: PhotoRules, known: Mapping[Origin, Content]
) -> tuple[Content, bytes | None]:
    """Decode a photo completely, and crop it to its box if the rules require it.

    A WebP is always stored as another image, like a part of a photo: the part is the whole.

    Args:
        photo: The photo.
        sha256: The hash of the photo's bytes.
        rules: The limits.
        known: Images that earlier refreshes checked. They are not decoded again.

    Returns:
        The image and its bytes; the bytes are None for a known image made from a photo.

    Raises:
        RefusedPhotoError: The photo is refused.
    """
    header = _read_header(photo.data, rules)
    box = _place(photo.box, rules, header)
    if box is None and is_webp(photo.data):
        box = Box(0, 0, header.width, header.height)
    origin: Origin = Cut(sha256, box) if box else sha256
    if origin in known:
        return known[origin], None if box else photo.data
    if isinstance(origin, Cut):
        if not is_webp(photo.data):
            decode_small(photo.data, header)
        return _crop(photo.data, origin, header)
    small = decode_small(photo.data, header)
    content = Content(
        sha256=sha256,
        size=len(photo.data),
        width=header.width,
        height=header.height,
        key=image_key(sha256, header.suffix),
        perceptual_hash=perceptual_hash(small),
    )
    return content, photo.data


def _read_header(data: bytes, rules: PhotoRules) -> PhotoHeader:
    kind = detect_animation(data)
    if kind:
        raise RefusedPhotoError("animated", f"{kind}; only still images are supported")
    header = read_photo_header(data) or read_webp_header(data)
    if header is None:
        raise RefusedPhotoError("not-an-image", describe(data))
    width, height = header.width, header.height
    if not header.whole:
        raise RefusedPhotoError("truncated", "the file ends before its picture does")
    if not width or not height:
        raise RefusedPhotoError("undecodable", f"its header announces {width} x {height} pixels")
    if width * height > rules.max_pixels:
        limit = f"{width} x {height} pixels exceed the limit of {rules.max_pixels}"
        raise RefusedPhotoError("too-large", limit)
    if problem := size_problem(header.suffix, width, height):
        raise RefusedPhotoError("too-large", problem)
    _check_sides(width, height, rules)
    return header


def _check_sides(width: int, height: int, rules: PhotoRules) -> None:
    if min(width, height) < rules.min_side:
        least = f"{width} x {height} pixels; each side needs at least {rules.min_side}"
        raise RefusedPhotoError("too-small", least)


def _place(box: Box | None, rules: PhotoRules, header: PhotoHeader) -> Box | None:
    if box is None or rules.margin is None:
        return None
    placed = place_box(box, rules.margin, header.width, header.height)
    if placed is None:
        corners = f"{box.left}, {box.top} to {box.right}, {box.bottom}"
        detail = f"the box from {corners} lies outside the {header.width} x {header.height} pixels"
        raise RefusedPhotoError("bad-box", detail)
    _check_sides(placed.right - placed.left, placed.bottom - placed.top, rules)
    return placed


def _crop(data: bytes, cut: Cut, header: PhotoHeader) -> tuple[Content, bytes]:
    image = crop(data, cut.box, header)
    if image is None:
        raise RefusedPhotoError("undecodable", "the decoder rejects it")
    sha256 = photo_hash(image.data)
    content = Content(
        sha256=sha256,
        size=len(image.data),
        width=image.width,
        height=image.height,
        key=image_key(sha256, header.suffix),
        perceptual_hash=perceptual_hash(
            np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_BGR2GRAY), np.uint8)
        ),
        cut=cut,
    )
    return content, image.data
