"""Disk usage of the state folder."""

import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from include.local_aws.settings import Settings

_FRESH = 10.0  # seconds for which a measurement is reused


@dataclass(frozen=True)
class Usage:
    """Bytes on the disk.

    Attributes:
        parts: Usage of the parts of the folder.
        buckets: Usage of S3 buckets, with deleted objects whose space is not free yet.
        free: Free for this user on the folder's disk.
        total: Size of the disk.
    """

    parts: dict[str, int]
    buckets: dict[str, int]
    free: int
    total: int

    @property
    def used(self) -> int:
        """Usage of the whole folder."""
        return sum(self.parts.values())


class Storage:
    """Measures the usage at most every ten seconds. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._measured = float("-inf")
        self._usage = Usage({}, {}, 0, 0)

    def usage(self) -> Usage:
        """Return the latest measurement."""
        with self._lock:
            if time.monotonic() - self._measured > _FRESH:
                self._usage = measure(self._settings)
                self._measured = time.monotonic()
            return self._usage


def measure(settings: Settings) -> Usage:
    """Measure the usage. Files that are deleted meanwhile are ignored."""
    disk = shutil.disk_usage(settings.root)
    parts = {
        "S3": _size(settings.storage),
        "running": _size(settings.work),
        "logs": _size(settings.logs),
        "state": sum(size for path, size in _files(settings.root, deep=False)),
    }
    return Usage(parts, _buckets(settings.storage / "data"), disk.free, disk.total)


def _size(folder: Path) -> int:
    return sum(size for _, size in _files(folder))


def _buckets(data: Path) -> dict[str, int]:
    """Return sizes by bucket: SeaweedFS stores a bucket in volumes `<bucket>_<number>.dat`."""
    sizes: Counter[str] = Counter()
    for path, size in _files(data, deep=False):
        bucket, underscore, number = Path(path).stem.rpartition("_")
        if underscore and number.isdigit() and path.endswith(".dat"):
            sizes[bucket] += size
    return dict(sizes.most_common())


def _files(folder: str | Path, *, deep: bool = True) -> Iterator[tuple[str, int]]:
    """Yield files and their disk usage; links are not followed."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            if not entry.is_dir(follow_symlinks=False):
                yield entry.path, entry.stat(follow_symlinks=False).st_blocks * 512
            elif deep:
                yield from _files(entry.path)
        except OSError:
            continue
