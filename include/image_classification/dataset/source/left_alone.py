"""Names of the files that a refresh leaves alone: every file is counted, similar ones together."""

import posixpath
from collections import Counter
from collections.abc import Iterator

from include.image_classification.dataset.archives.system_names import is_system_name

NAMED_APART = 5
"""Files of one folder with one suffix are named one by one up to this number."""

NAMED_AT_MOST = 200


class LeftAlone:
    """Counts files that are left alone; its memory grows with the folders, not with the files."""

    def __init__(self) -> None:
        self.count = 0
        self._groups: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], list[str]] = {}
        self._systems: Counter[str] = Counter()
        self._used: set[str] = {""}

    def add(self, path: str) -> None:
        """Count a file by its path in the source; a file of an archive is below its name."""
        self.count += 1
        name = posixpath.basename(path)
        if is_system_name(name):
            self._systems[name] += 1
        group = (posixpath.dirname(path), posixpath.splitext(name)[1].lower())
        self._groups[group] += 1
        first = self._first.setdefault(group, [])
        if len(first) < NAMED_APART:
            first.append(path)

    def use(self, path: str) -> None:
        """Note that a file of the source is read: the folders above it are named by their files."""
        folder = posixpath.dirname(path)
        while folder not in self._used:
            self._used.add(folder)
            folder = posixpath.dirname(folder)

    def names(self) -> list[str]:
        """Return the names, sorted; a folder of which nothing is read counts once."""
        names = sorted(set(self._names()))
        if len(names) <= NAMED_AT_MOST:
            return names
        return [*names[:NAMED_AT_MOST], f"and {len(names) - NAMED_AT_MOST} more"]

    def _names(self) -> Iterator[str]:
        scattered = {name for name, count in self._systems.items() if count > NAMED_APART}
        for (folder, suffix), count in self._groups.items():
            first = self._first[folder, suffix]
            outermost = self._outermost_unread(folder)
            if outermost is not None:
                yield f"{outermost}/"
            elif count <= len(first):
                yield from (path for path in first if posixpath.basename(path) not in scattered)
            else:
                yield f"{posixpath.join(folder, f'*{suffix}')} ({count} files)"
        for name in scattered:
            yield f"{name} ({self._systems[name]} files)"

    def _outermost_unread(self, folder: str) -> str | None:
        """Return the outermost folder, at or above this one, of which nothing is read."""
        if folder in self._used:
            return None
        above = posixpath.dirname(folder)
        while above not in self._used:
            folder, above = above, posixpath.dirname(above)
        return folder
