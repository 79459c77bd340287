"""The user's new photos for batch inference: a folder `incoming/`, and their true classes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from include.image_classification.dataset.archives.member import normalize
from include.image_classification.dataset.archives.system_names import is_system_path
from include.image_classification.dataset.source.file_kinds import is_photo_name
from include.local_run.errors import usage_error

INCOMING = "incoming"
INCOMING_LABELS = "incoming_labels.json"


@dataclass(frozen=True)
class IncomingPhotos:
    """New photos.

    Attributes:
        photos: Files by their names below `incoming/`.
        labels: True classes of photos by name, as far as they are known.
    """

    photos: dict[str, Path]
    labels: dict[str, str] = field(default_factory=dict)


def find_incoming(folder: Path) -> IncomingPhotos | None:
    """Return the new photos of a folder with the photos' folder `incoming/`; None without any.

    Files of systems and tools are left out, as in the source.

    Raises:
        RunError: A name is not valid in S3, or incoming_labels.json does not map names to classes.
    """
    incoming = folder / INCOMING
    photos = {
        name: path
        for path in sorted(incoming.rglob("*"))
        if path.is_file() and is_photo_name(path.name)
        if not is_system_path(name := path.relative_to(incoming).as_posix())
    }
    require_valid_names(photos, str(incoming))
    return IncomingPhotos(photos, _read_labels(folder / INCOMING_LABELS)) if photos else None


def require_valid_names(names: Iterable[str], folder: str) -> None:
    """Check that S3 takes the names of files.

    Args:
        names: Paths relative to the folder.
        folder: The folder, as messages name it.

    Raises:
        RunError: A name has control characters or bytes that are not UTF-8.
    """
    for name in names:
        if "\\" in (escaped := normalize(name)):
            raise usage_error(f"{folder}: {escaped} is not a valid name in S3: rename the file")


def _read_labels(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    try:
        labels = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise usage_error(f"{file} is not valid JSON: {error}") from error
    if not isinstance(labels, dict) or not all(isinstance(text, str) for text in labels.values()):
        raise usage_error(
            f'{file} must map names of photos to classes: {{"folder/photo.jpg": "class"}}'
        )
    return labels
