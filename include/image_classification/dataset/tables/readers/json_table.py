"""Tables in JSON lines: one object a line, among them Ground Truth's manifests.

A line of an augmented manifest has `source-ref` (the photo's S3 URI), and for each label attribute
a value and an object `<attribute>-metadata`:
https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html
"""

import json
import logging
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from include.common.s3_uri import SCHEME, split_s3_uri
from include.image_classification.container import CommandError
from include.image_classification.dataset.tables.readers.ground_truth import (
    METADATA,
    ClassIndex,
    annotation_box,
    label_cell,
)
from include.image_classification.dataset.tables.table import SAMPLE_ROWS, Table, TableRow

_log = logging.getLogger(__name__)

BOX = ("left", "top", "width", "height")


def read_json_lines(name: str, text: str, source_uri: str) -> Table | None:
    """Return the table in a file of JSON lines, or None if it has no lines.

    Args:
        name: The file's path in the source.
        text: Its text.
        source_uri: The source's S3 URI; URIs below it become paths in the source. Of others, the
            key counts.

    Raises:
        CommandError: A line is not a JSON object; the message names file and line.
    """
    sample = [line for _, line in islice(_objects(name, text), SAMPLE_ROWS)]
    if not sample:
        return None
    keys = list(dict.fromkeys(key for line in sample for key in line))
    attributes = tuple(key for key in keys if f"{key}{METADATA}" in keys)
    columns = [key for key in keys if not key.endswith(METADATA)]
    index = ClassIndex(name, attributes)
    for _, line in _objects(name, text):
        index.add(line)
    index.log()
    boxed = [key for key in attributes if any(annotation_box(line.get(key)) for line in sample)]
    box = boxed[0] if len(boxed) == 1 and not {*BOX} & {*columns} else None

    def rows() -> Iterator[TableRow]:
        for position, line in _objects(name, text):
            cells = [
                label_cell(line, key, index) if key in attributes else _plain(line.get(key), prefix)
                for key in columns
            ]
            if box is not None:
                cells += annotation_box(line.get(box)) or [None] * len(BOX)
            yield position, cells

    prefix = source_uri if not source_uri or source_uri.endswith("/") else f"{source_uri}/"
    remote = any(str(value).startswith(SCHEME) for line in sample for value in line.values())
    return Table(
        name=name,
        columns=(*columns, *(BOX if box is not None else ())),
        headed=True,
        rows=rows,
        labels=attributes,
        base="" if remote else None,
    )


def _plain(value: Any, prefix: str) -> Any:
    """Return a value; an S3 URI becomes the path in the source, or the key."""
    if not isinstance(value, str) or not value.startswith(SCHEME):
        return value
    if prefix and value.startswith(prefix):
        return value[len(prefix) :]
    try:
        return split_s3_uri(value)[1]
    except ValueError:  # without a bucket: the row names no photo
        return value


def _objects(name: str, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # Not splitlines: a name may contain other characters that Python treats as a line end.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        position = f"{name} line {number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CommandError(
                f"{position} is not JSON ({error}); write one object a line, such as"
                ' {"file_name": "1.jpg", "label": "cat"}'
            ) from error
        if not isinstance(value, dict):
            kind = "an S3 manifest, a list of keys" if isinstance(value, list) else "no object"
            raise CommandError(
                f"{position} is {kind} without labels; write one object a line, such as"
                ' {"source-ref": "s3://bucket/1.jpg", "class": 0}'
            )
        yield position, value
