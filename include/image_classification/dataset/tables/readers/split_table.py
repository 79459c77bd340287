"""Tables in a JSON file of splits: the lists train, val and test of [path, number, class].

CoOp's splits have this form (`split_zhou_OxfordPets.json`):
https://github.com/KaiyangZhou/CoOp/blob/main/DATASETS.md
"""

import json
from collections.abc import Iterator
from typing import Any

from include.image_classification.container import CommandError
from include.image_classification.dataset.source.split_names import split_in_name
from include.image_classification.dataset.tables.table import Table, TableRow

COLUMNS = ("file", "label", "split")


def read_split_json(name: str, text: str) -> Table | None:
    """Return the table in a JSON file of splits, or None if the file has another form.

    Raises:
        CommandError: The file is not JSON.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{name} cannot be read ({error}); download it again"
        raise CommandError(message) from error
    if not isinstance(content, dict) or not content:
        return None
    if not all(split_in_name(split) and _has_entries(rows) for split, rows in content.items()):
        return None

    def rows() -> Iterator[TableRow]:
        for split, entries in content.items():
            for number, (path, _, label) in enumerate(entries, start=1):
                yield f"{name} {split} entry {number}", (path, label, split)

    return Table(name, COLUMNS, True, rows)


def _has_entries(rows: Any) -> bool:
    return isinstance(rows, list) and all(
        isinstance(row, list) and len(row) == 3 and isinstance(row[0], str) for row in rows
    )
