"""The folders of a source whose photos label files name; the others are left alone by name."""

import posixpath
from collections.abc import Iterable, Sequence
from pathlib import Path

from include.image_classification.dataset.source.members import archive_folder
from include.image_classification.dataset.source.survey import Survey
from include.image_classification.dataset.tables.photo_index import PhotoIndex


class UsedFolders:
    """Folders that directly hold photos of label files.

    A photo without a label is quarantined if others in its folder have labels. A folder without any
    labelled photo, such as the test photos of a competition, is left alone.

    Args:
        photos: The paths in label files.
    """

    def __init__(self, photos: Iterable[str]) -> None:
        self._direct = {posixpath.dirname(photo) for photo in photos}

    def has(self, photo: str) -> bool:
        """Return whether the folder of a photo directly holds labelled photos."""
        return posixpath.dirname(photo) in self._direct

    def files_read(self, found: Survey, index: PhotoIndex, labels: Sequence[str]) -> list[Path]:
        """Return what is read: archives, label files, folders, and photos at the top."""
        folders = [(f"{archive_folder(found, path)}/", path) for path in found.archives]
        read: dict[Path, None] = {}
        for path in [*labels, *(photo for photo in index if self.has(photo))]:
            archive = next((file for top, file in folders if path.startswith(top)), None)
            parent = posixpath.dirname(path)
            whole = path in labels or not parent
            read[archive or found.folder / (path if whole else parent)] = None
        return list(read)


def names_read(found: Survey, read: Sequence[Path]) -> list[str]:
    """Return the names of what is read: files, archives, and folders at the top; "./" is the top.

    Args:
        found: The survey of the source.
        read: The result of `UsedFolders.files_read`.
    """
    names = set()
    for path in read:
        parts = path.relative_to(found.folder).parts
        if path in found.labels or path in found.archives:
            names.add(found.name(path))
        else:
            names.add(f"{parts[0]}/" if path.is_dir() else "./")
    return sorted(names)
