"""Read the files of labels into opinions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from include.contracts.label_files import SUFFIXES
from include.contracts.label_lines import read_label_lines
from include.image_classification.dataset.corrections.opinions import Opinion

CHUNK = 1 << 20

AHEAD = timedelta(days=1)
"""How far clocks may be ahead. A label with a later time would be the newest for ever."""

MAX_PROBLEMS = 1000
"""How many lines that are no labels are listed; all of them are counted."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BadLine:
    """A line that is no label, or a file that is not read (line 0)."""

    source: str
    line: int
    problem: str


@dataclass
class ReadLabels:
    """All label files of a refresh, in the order of their names.

    `problems` has the first `MAX_PROBLEMS` lines that are no labels, `bad_lines` their number.
    """

    opinions: list[Opinion] = field(default_factory=list)
    problems: list[BadLine] = field(default_factory=list)
    files: int = 0
    lines: int = 0
    bad_lines: int = 0

    def refuse(self, source: str, line: int, problem: str) -> None:
        """Note a line that is no label."""
        self.bad_lines += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(BadLine(source, line, problem))


@dataclass(frozen=True)
class Places:
    """The S3 addresses by which labels may name photos; each ends in a slash, or is empty."""

    root: str
    source: str

    def relative(self, file: str | None) -> str | None:
        """Return a label's file without the pipeline's folder or the source's folder."""
        if file is None or not file.startswith("s3://"):
            return file
        for address in (self.source, self.root):
            if address and file.startswith(address):
                return file.removeprefix(address)
        return file


def read_labels(folder: Path, places: Places) -> ReadLabels:
    """Read all label files below a folder, which may be missing."""
    found = ReadLabels()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _read_file(found, path, _printable(path.relative_to(folder).as_posix()), places)
    if found.bad_lines:
        first = found.problems[0]
        _log.warning(
            "labels/: %d of %d lines are no labels, for example %s, line %d: %s",
            found.bad_lines, found.lines, first.source, first.line, first.problem,
        )  # fmt: skip
    return found


def _read_file(found: ReadLabels, path: Path, source: str, places: Places) -> None:
    found.files += 1
    if path.suffix.lower() not in SUFFIXES:
        found.refuse(source, 0, f"the file is not read: labels are in {', '.join(SUFFIXES)} files")
        return
    latest = datetime.now(UTC) + AHEAD
    for line in read_label_lines(_chunks(path)):
        found.lines += 1
        if line.record is None:
            found.refuse(source, line.number, line.problem)
        elif line.record.moment > latest:
            found.refuse(source, line.number, f"{line.record.when} is in the future")
        else:
            file = places.relative(line.record.file)
            found.opinions.append(Opinion.of(line.record, file, source, line.number))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(CHUNK), b"")


def _printable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()
