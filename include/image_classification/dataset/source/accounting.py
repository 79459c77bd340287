"""The account of a source's files: each ends as used, quarantined, read for labels or left alone.

A file of the source is a file of its folder, or a member of an archive whose photos are read; such
an archive itself is none. An archive of labels only, and one that is not opened, is one file. The
rows of a Parquet file with photos count like the members of an archive.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from include.image_classification.dataset.archives.archives import all_members, is_archive_name
from include.image_classification.dataset.archives.member import Member, normalize
from include.image_classification.dataset.archives.system_names import is_system_path
from include.image_classification.dataset.source.left_alone import LeftAlone


class Accounting:
    """Reads the files of a source and counts what becomes of each.

    A layout takes its photos from `members`, and calls `take` for each one that it passes on. What
    it does not take is left alone by name.

    Args:
        folder: The source.
        labels: The files with labels, and the archives that hold only labels.

    Attributes:
        found: The number of files found so far.
        passed_on: How many of them became entries of the source: photos or quarantined files.
        label_files: How many of them have labels or class names.
        left_alone: The others.
    """

    def __init__(self, folder: Path, labels: Iterable[Path] = ()) -> None:
        self._folder = folder
        self._labels = {self._relative(path) for path in labels}
        self._taken = self._is_label = self._is_container = False
        self.found = self.passed_on = self.label_files = 0
        self.left_alone = LeftAlone()
        for label in self._labels:
            self.left_alone.use(label)

    def members(self, path: Path, without: Collection[str] = ()) -> Iterator[Member]:
        """Yield the files of a folder or archive that a layout may take.

        Files with labels, those of systems, and archives in an archive are not yielded.

        Args:
            path: The folder or archive.
            without: Files and folders in the folder that are read on their own.
        """
        prefix = self._relative(path)
        inside = tuple(f"{name}/" for name in without)
        archived = path.is_file()
        for member in all_members(path):
            if member.path in without or (inside and member.path.startswith(inside)):
                continue
            self.found += 1
            name = f"{prefix}/{member.path}" if prefix else member.path
            if name in self._labels and not archived:
                self.label_files += 1
            elif is_system_path(member.path) or (archived and is_archive_name(member.path)):
                self.left_alone.add(name)
            else:
                yield member
                self._settle(name)

    def take(self) -> None:
        """Note that the member that was yielded last becomes an entry of the source."""
        self._taken = True

    def take_label(self) -> None:
        """Note that the member that was yielded last has labels."""
        self._is_label = True

    def take_container(self) -> None:
        """Note that of the member that was yielded last, the content counts, by `count_row`."""
        self._is_container = True

    def count_row(self, name: str, taken: bool) -> None:
        """Count a photo in a file with several, such as a row of a Parquet file.

        Args:
            name: The path of the file and of the photo in it.
            taken: Whether it becomes an entry of the source.
        """
        self.found += 1
        self._taken = taken
        self._settle(name)

    def leave_rest(self, read: Sequence[Path]) -> None:
        """Count the files that are not in the folders and archives that are read.

        Args:
            read: The folders and archives whose members are read, each by `members`.
        """
        containers = set(map(str, read))
        for top, folders, files in os.walk(self._folder):
            if top in containers:
                folders.clear()
                continue
            links = [name for name in folders if os.path.islink(os.path.join(top, name))]
            for name in (*files, *links):
                if (path := os.path.join(top, name)) not in containers:
                    self._count_unread(self._relative(Path(path)))

    def counts(self, used: int) -> dict[str, int]:
        """Return the account; `used` is the number of files that became images or duplicates."""
        return {
            "found": self.found,
            "used": used,
            "quarantined": self.passed_on - used,
            "label_files": self.label_files,
            "left_alone": self.left_alone.count,
        }

    def _settle(self, name: str) -> None:
        if self._taken:
            self.passed_on += 1
            self.left_alone.use(name)
        elif self._is_label:
            self.label_files += 1
            self.left_alone.use(name)
        elif self._is_container:
            self.found -= 1
            self.left_alone.use(name)
        else:
            self.left_alone.add(name)
        self._taken = self._is_label = self._is_container = False

    def _count_unread(self, name: str) -> None:
        self.found += 1
        if name in self._labels:
            self.label_files += 1
        else:
            self.left_alone.add(name)

    def _relative(self, path: Path) -> str:
        relative = path.relative_to(self._folder).as_posix()
        return "" if relative == "." else normalize(relative)
