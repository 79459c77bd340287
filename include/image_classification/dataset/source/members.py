"""All files of a source with their paths, in folders and archives."""

import posixpath
from collections.abc import Iterator
from pathlib import Path

from include.image_classification.dataset.archives.archives import archive_stem, is_archive_name
from include.image_classification.dataset.archives.member import Member, normalize
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.survey import Survey


def source_members(found: Survey, accounting: Accounting) -> Iterator[tuple[str, Member]]:
    """Yield the files of a source that a layout may take, with their paths, archives first.

    An archive counts as a folder with its name; if its files are in a folder with that name, not
    twice.
    """
    yield from archived_members(found, accounting)
    opened = {relative_name(found, path) for path in found.archives}
    for member in accounting.members(found.folder, without=opened | found.without):
        if not is_archive_name(member.path):
            yield member.path, member


def archived_members(found: Survey, accounting: Accounting) -> Iterator[tuple[str, Member]]:
    """Yield the files in archives of a source, as `source_members`."""
    for archive in found.archives:
        folder = archive_folder(found, archive)
        for member in accounting.members(archive):
            yield archived_path(folder, member.path), member


def archived_path(folder: str, member: str) -> str:
    """Return the path in the source of an archive's member; the archive counts as `folder`."""
    parent, _, stem = folder.rpartition("/")
    top = parent if member.startswith(f"{stem}/") else folder
    return posixpath.join(top, member.lstrip("/"))


def archive_folder(found: Survey, archive: Path) -> str:
    """Return the path of the folder that an archive counts as."""
    return relative_name(found, archive.with_name(archive_stem(archive) or archive.name))


def relative_name(found: Survey, path: Path) -> str:
    """Return the normalized path of a file or folder in the source; the source itself is ""."""
    relative = path.relative_to(found.folder).as_posix()
    return "" if relative == "." else normalize(relative)
