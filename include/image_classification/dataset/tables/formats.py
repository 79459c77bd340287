"""Formats of label files: which files have the format, and how they are read as tables."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from include.image_classification.dataset.tables.class_names import is_names_file
from include.image_classification.dataset.tables.options import LabelOptions
from include.image_classification.dataset.tables.readers.csv_table import read_csv
from include.image_classification.dataset.tables.readers.json_table import read_json_lines
from include.image_classification.dataset.tables.readers.split_table import read_split_json
from include.image_classification.dataset.tables.readers.text import decode_text
from include.image_classification.dataset.tables.readers.text_table import (
    CUB_FILES,
    join_cub,
    read_text_table,
)
from include.image_classification.dataset.tables.table import Table

IsPhoto = Callable[[str], bool]
Files = Mapping[str, bytes]
"""The bytes of label files by their path in the source."""

_NO_LABELS = re.compile(r"submission|readme|license|requirements", re.IGNORECASE)


@dataclass(frozen=True)
class TableFormat:
    """A format of label files.

    Attributes:
        layout: The name of the layout in a pipeline's YAML.
        suffixes: The suffixes of its files.
        tables: Returns the tables of its files, and None for those without rows of two columns.
        named: What the names of its files contain, if they are not in the settings.
    """

    layout: str
    suffixes: tuple[str, ...]
    tables: Callable[[Files, IsPhoto, LabelOptions], Iterator[tuple[str, Table | None]]]
    named: re.Pattern[str] = re.compile("")

    def accepts(self, path: str, options: LabelOptions) -> bool:
        """Return whether a file may be one of this format's label files."""
        if not path.lower().endswith(self.suffixes):
            return False
        if options.files:
            return path in options.files or path.rpartition("/")[2] in CUB_FILES
        name = path.rpartition("/")[2]
        if is_names_file(path) or _NO_LABELS.search(name):
            return False
        return self.named.search(name.lower()) is not None


def _csv_tables(
    files: Files, is_photo: IsPhoto, _: LabelOptions
) -> Iterator[tuple[str, Table | None]]:
    for name, data in files.items():
        yield name, read_csv(name, decode_text(data, name), is_photo)


def _json_tables(
    files: Files, _: IsPhoto, options: LabelOptions
) -> Iterator[tuple[str, Table | None]]:
    for name, data in files.items():
        yield name, read_json_lines(name, decode_text(data, name), options.source_uri)


def _text_tables(
    files: Files, is_photo: IsPhoto, _: LabelOptions
) -> Iterator[tuple[str, Table | None]]:
    texts = {name: decode_text(data, name) for name, data in files.items()}
    joined = join_cub(texts)
    for name, text in texts.items():
        if name in joined:
            yield name, joined[name]
        elif name.rpartition("/")[2] not in CUB_FILES:
            yield name, read_text_table(name, text, is_photo)


def _split_tables(files: Files, _: IsPhoto, __: LabelOptions) -> Iterator[tuple[str, Table | None]]:
    for name, data in files.items():
        yield name, read_split_json(name, decode_text(data, name))


CSV = TableFormat("csv", (".csv", ".tsv"), _csv_tables)
JSON_LINES = TableFormat("json_lines", (".jsonl", ".ndjson", ".manifest"), _json_tables)
PATH_LABEL = TableFormat("path_label", (".txt",), _text_tables)
SPLIT_JSON = TableFormat("split_json", (".json",), _split_tables, re.compile("split"))

FORMATS = (CSV, JSON_LINES, PATH_LABEL, SPLIT_JSON)
