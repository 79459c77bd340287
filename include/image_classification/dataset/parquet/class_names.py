"""The classes of Parquet files with photos: in their metadata, or in a file beside them.

Hugging Face's library writes the names of the class numbers into each file. Files that other
libraries wrote have them in the dataset's card, README.md, or in a file such as classes.txt.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.parquet.shards import (
    Shard,
    names_of_features,
    quoted,
    read_rows,
)
from include.image_classification.dataset.source.survey import Survey
from include.image_classification.dataset.tables.class_names import (
    is_names_file,
    name_numbers,
    read_names,
)
from include.image_classification.dataset.tables.readers.text import decode_text
from include.image_classification.dataset.tables.table import cell_text, whole_number

CARD, INFOS = "README.md", "dataset_infos.json"
"""Hugging Face's descriptions of a dataset; the second is of older datasets."""

MAX_BYTES = 4 << 20
"""Larger files are not read for class names."""

_FEATURE = re.compile(r"\s*-?\s*name:\s*(\S.*)")
_NAMES = re.compile(r"\s*names:\s*")
_ENTRY = re.compile(r"""\s*['"]?(\d+)['"]?:\s*(\S.*)""")


@dataclass(frozen=True)
class ClassNames:
    """The classes of Parquet files.

    Attributes:
        classes: The class names in label order.
        by_number: The name of each class number from 0, or () if the labels are names already.
        file: The file beside the Parquet files that has the names, or None.
    """

    classes: Sequence[str]
    by_number: Sequence[str] = ()
    file: Path | None = None


def find_class_names(found: Survey, shards: Sequence[tuple[Shard, str]]) -> ClassNames:
    """Return the classes: the names in the metadata or in a file, or the different labels.

    Args:
        found: The survey of the source.
        shards: The Parquet files, each with its column of the class.

    Raises:
        CommandError: The files have different class names, or a file of class names is unclear.
    """
    named = {names: shard.name for shard, column in shards if (names := _own(shard, column))}
    if len(named) > 1:
        raise CommandError(
            f"{' and '.join(sorted(named.values())[:2])} have different class names; keep the files"
            " of one dataset"
        )
    if named:
        names = next(iter(named))
        return ClassNames(names, names)
    labels = {label for shard, column in shards for label in _labels(shard, column)} - {""}
    numbers = {label: whole_number(label) for label in labels}
    if labels and None not in numbers.values():
        used = {number for number in numbers.values() if number is not None and number >= 0}
        for file, by_number in _names_beside(found, shards, used):
            row = [by_number.get(number, str(number)) for number in range(max(by_number) + 1)]
            return ClassNames([by_number[number] for number in sorted(by_number)], row, file)
    return ClassNames(
        sorted(labels, key=lambda label: (numbers[label] is None, numbers[label] or 0, label))
    )


def _own(shard: Shard, column: str) -> tuple[str, ...]:
    return tuple(shard.class_names.get(column, ()))


def _labels(shard: Shard, column: str) -> set[str]:
    return {cell_text(value) for _, value in read_rows(shard, [quoted(column)])}


def _names_beside(
    found: Survey, shards: Sequence[tuple[Shard, str]], numbers: Collection[int]
) -> Iterator[tuple[Path, Mapping[int, str]]]:
    """Yield the files with class names in the folders of the Parquet files and above them."""
    columns = {column for _, column in shards}
    folders = {
        folder
        for shard, _ in shards
        for folder in shard.read.parents
        if folder == found.folder or found.folder in folder.parents
    }
    for folder in sorted(folders, key=lambda folder: (-len(folder.parts), folder)):
        files = [file for file in sorted(folder.iterdir()) if file.name not in found.without]
        small = [file for file in files if file.is_file() and file.stat().st_size <= MAX_BYTES]
        for file in (file for file in small if is_names_file(file.name)):
            name = found.name(file)
            yield file, name_numbers(numbers, read_names(name, file.read_bytes()), name)
        for file in (file for file in small if file.name in (CARD, INFOS)):
            described = _described(file, found.name(file))
            names = {described[column] for column in columns & described.keys()}
            if len(names) == 1:
                yield file, dict(enumerate(names.pop()))


def _described(file: Path, name: str) -> dict[str, tuple[str, ...]]:
    """Return the class names by column in a description of a dataset; ambiguous ones are left out.

    A description may have several configurations, which may differ.
    """
    text = decode_text(file.read_bytes(), name)
    found: dict[str, set[tuple[str, ...]]] = {}
    for column, names in _in_card(text) if file.name == CARD else _in_infos(text):
        found.setdefault(column, set()).add(tuple(names))
    return {column: names.pop() for column, names in found.items() if len(names) == 1}


def _in_infos(text: str) -> Iterator[tuple[str, Sequence[str]]]:
    try:
        configurations = list(json.loads(text).values())
        features = [configuration.get("features", {}) for configuration in configurations]
    except (ValueError, AttributeError):  # another file of the same name
        return
    for feature in features:
        yield from names_of_features(feature).items()


def _in_card(text: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield column and class names of each ClassLabel in the YAML at the start of a card.

    Hugging Face's library writes that part of the YAML, one name a line.
    """
    lines = text.split("\n---", 1)[0].splitlines() if text.startswith("---") else []
    column, names, reading = "", dict[int, str](), False
    for line in [*lines, ""]:
        entry = _ENTRY.fullmatch(line) if reading else None
        if entry:
            names[int(entry[1])] = _scalar(entry[2].strip())
            continue
        if names and sorted(names) == list(range(len(names))):
            yield column, [names[number] for number in range(len(names))]
        names, reading = {}, _NAMES.fullmatch(line) is not None
        if feature := _FEATURE.fullmatch(line):
            column = _scalar(feature[1].strip())


def _scalar(text: str) -> str:
    """Return the value of a YAML scalar on one line."""
    if text[:1] == text[-1:] == "'":
        return text[1:-1].replace("''", "'")
    if text[:1] == text[-1:] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text
