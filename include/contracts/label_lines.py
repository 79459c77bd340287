"""Read files of labels line by line: JSON lines, or an output manifest of Ground Truth.

The lines of one file need memory for one line. A line that is no label gives a problem for users,
and the reading goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from include.contracts.label_files import MAX_LINE_BYTES
from include.contracts.records.base import RecordProblem, parse_record
from include.contracts.records.label import LabelRecord

GROUND_TRUTH = "ground-truth"
"""The user of Ground Truth's labels. A later labeling job replaces the labels of earlier ones."""

SOURCE_REF = "source-ref"
METADATA = "-metadata"
CLASSIFICATION = "groundtruth/image-classification"

_UTF8_BOM = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_OTHER_FILES = {b"\x1f\x8b": "gzip data", b"PK\x03\x04": "a zip archive"}


class LabelLineError(ValueError):
    """A line is no label; the text says why."""


@dataclass(frozen=True, slots=True)
class LabelLine:
    """A line of a label file: a label, or the reason why it is none.

    Attributes:
        number: The line's number, from 1.
        record: The label, or None.
        problem: Why the line is no label, or "".
    """

    number: int
    record: LabelRecord | None
    problem: str = ""


def read_label_lines(chunks: Iterable[bytes]) -> Iterator[LabelLine]:
    """Yield the lines of a label file, without empty lines.

    A file that is not text in UTF-8 gives one problem, and its lines are not read.

    Args:
        chunks: The file's bytes.
    """
    for number, line in enumerate(_lines(chunks), 1):
        content = line.removeprefix(_UTF8_BOM) if number == 1 else line
        if number == 1 and (problem := _file_problem(content)):
            yield LabelLine(number, None, problem)
            return
        if not content.strip():
            continue
        try:
            yield LabelLine(number, parse_label_line(content))
        except LabelLineError as error:
            yield LabelLine(number, None, str(error))


def parse_label_line(line: bytes) -> LabelRecord:
    """Return the label of a line.

    Raises:
        LabelLineError: The line is no label.
    """
    if len(line) > MAX_LINE_BYTES:
        raise LabelLineError(f"it is longer than {MAX_LINE_BYTES} bytes")
    try:
        content = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise LabelLineError(
            f"it is not UTF-8 (byte {error.start}): save the file as UTF-8"
        ) from None
    except (ValueError, RecursionError) as error:
        raise LabelLineError(f"it is not a JSON object, or is cut off ({error})") from None
    if not isinstance(content, dict):
        raise LabelLineError("it is not a JSON object: write one object a line, without a list")
    try:
        return parse_record(LabelRecord, _ground_truth(content) or content)
    except RecordProblem as problem:
        raise LabelLineError(str(problem)) from None


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines without their ends; of a line that is too long, only its start."""
    pending, full = b"", MAX_LINE_BYTES + 1
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        pending = (pending + first)[:full]
        for line in others:
            yield pending
            pending = line[:full]
    if pending:
        yield pending


def _file_problem(start: bytes) -> str:
    for magic, name in (_OTHER_ENCODINGS | _OTHER_FILES).items():
        if start.startswith(magic):
            return f"the file is {name}: save it as JSON lines in UTF-8"
    return "the file is no text: it has NUL bytes" if b"\0" in start else ""


def _ground_truth(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the label of a line of Ground Truth, or None if it is another line."""
    if SOURCE_REF not in content:
        return None
    labels = [
        (str(metadata.get("creation-date", "")), name, metadata)
        for name in content
        if isinstance(metadata := content.get(f"{name}{METADATA}"), dict)
        and str(metadata.get("type", "")).startswith(CLASSIFICATION)
    ]
    if not labels:
        raise LabelLineError(
            f"it has {SOURCE_REF}, but no label attribute whose metadata has the type "
            f"{CLASSIFICATION}"
        )
    # Attributes of adjustment jobs are newer than those of the job that they adjust.
    when, _, metadata = max(labels, key=lambda label: label[0])
    job = str(metadata.get("job-name", "")).removeprefix("labeling-job/")
    return {
        "file": content[SOURCE_REF],
        "class": _class_name(metadata),
        "who": GROUND_TRUTH,
        "when": when,
        "note": f"labeling job {job}" if job else "",
    }


def _class_name(metadata: Mapping[str, Any]) -> str:
    if reason := metadata.get("failure-reason"):
        raise LabelLineError(f"Ground Truth could not label the photo: {reason}")
    names = metadata.get("class-map", {})
    found = [metadata["class-name"]] if "class-name" in metadata else list(dict(names).values())
    if len(found) != 1 or not isinstance(found[0], str):
        raise LabelLineError(f"the label has {len(found)} classes, but a photo has one class")
    return found[0]
