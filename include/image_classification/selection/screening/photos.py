"""Screen incoming images: find those that the model could not read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath

from include.contracts import files
from include.image_classification.progress import with_progress
from include.image_classification.selection.folder import Folder
from include.image_classification.selection.screening.budget import Budget
from include.image_classification.selection.screening.decoders import Decoders

THREADS = 16
BYTES_AT_ONCE = 256 << 20
"""The bytes of photos in memory at the same time, unless one photo is larger."""

ENDINGS = frozenset({".jpg", ".jpeg", ".png"})
LONGEST_NAME = 255 - len(files.PREDICTION_SUFFIX)
"""The maximum length of a file's or folder's name in bytes: batch transform appends a suffix."""


@dataclass(frozen=True)
class IncomingImage:
    """An object below `incoming/`.

    Attributes:
        key: Its key below `incoming/`.
        tag: Its ETag, which identifies its content.
        size: Its size in bytes.
    """

    key: str
    tag: str
    size: int


@dataclass(frozen=True)
class Screened:
    """The images among those screened that a batch cannot take.

    Attributes:
        unreadable: The reasons, by key.
        changed: The keys of images that were replaced or deleted since they were listed.
    """

    unreadable: dict[str, str]
    changed: frozenset[str] = frozenset()


class _ChangedError(Exception):
    """The object is no longer the one that was listed."""


def screen_names(images: Sequence[IncomingImage], largest: int) -> Screened:
    """Screen images by their names and sizes.

    Args:
        images: The images.
        largest: The largest allowed image in bytes, which is the size of a request.
    """
    found = ((image.key, _listing_problem(image, largest)) for image in images)
    return Screened({key: reason for key, reason in found if reason})


def screen_photos(incoming: Folder, images: Sequence[IncomingImage], largest: int) -> Screened:
    """Screen images by their names and sizes, and by decoding the photos.

    Photos are decoded in child processes, see `Decoders`. A photo that crashes its process is
    unreadable like other damaged photos.

    Args:
        incoming: The folder `incoming/`.
        images: The images.
        largest: The largest allowed image in bytes, which is the size of a request.

    Raises:
        DecoderError: A child process cannot be started, or was killed from outside.
    """
    budget = Budget(BYTES_AT_ONCE)
    unreadable: dict[str, str] = {}
    changed: set[str] = set()
    with Decoders() as decoders, ThreadPoolExecutor(THREADS) as threads:

        def check(image: IncomingImage) -> str | None:
            if problem := _listing_problem(image, largest):
                return problem
            with budget.taken(image.size):
                return decoders.problem(_read(incoming, image))

        results = threads.map(_or_changed(check), images)
        for image, found in with_progress(
            zip(images, results, strict=True), "photos screened", len(images)
        ):
            if isinstance(found, _ChangedError):
                changed.add(image.key)
            elif found:
                unreadable[image.key] = found
    return Screened(unreadable, frozenset(changed))


def _or_changed(
    check: Callable[[IncomingImage], str | None],
) -> Callable[[IncomingImage], str | _ChangedError | None]:
    def result(image: IncomingImage) -> str | _ChangedError | None:
        try:
            return check(image)
        except _ChangedError as changed:
            return changed

    return result


def _read(incoming: Folder, image: IncomingImage) -> bytes:
    """Return an image's bytes.

    Raises:
        _ChangedError: The object was replaced or deleted since it was listed.
    """
    try:
        response = incoming.s3.get_object(**incoming.key(image.key))
    except incoming.s3.exceptions.ClientError:
        # The error of a missing object depends on the role's permissions.
        if incoming.tag(image.key) == image.tag:
            raise
        raise _ChangedError from None
    if response["ETag"] != image.tag:
        response["Body"].close()
        raise _ChangedError
    content: bytes = response["Body"].read()
    return content


def _listing_problem(image: IncomingImage, largest: int) -> str | None:
    """Return why an image is left out, by its name and size, or None."""
    if problem := _name_problem(image.key):
        return problem
    if image.size > largest:
        return f"has {image.size} bytes, and a request allows {largest}"
    return None


def _name_problem(key: str) -> str | None:
    """Return why an object's name is not that of an image, or is invalid as a file name."""
    if PurePosixPath(key).suffix.lower() not in ENDINGS:
        return "not a .jpg, .jpeg or .png"
    parts = key.split("/")
    if invalid := {"", ".", ".."}.intersection(parts):
        return f"has a part {min(invalid)!r} in its name, which is invalid as a file name"
    if max(len(part.encode()) for part in parts) > LONGEST_NAME:
        return f"has a part of more than {LONGEST_NAME} bytes in its name"
    return None
