"""Splits from the names of folders, archives and lists."""

import re
from collections.abc import Sequence

from include.contracts.dataset import Split

# A training folder gives no split: the ratio may take the other splits from its photos.
_SPLITS: dict[str, Split | None] = {
    "train": None,
    "training": None,
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
_LAST_WORD = re.compile(r"(?:^|[^a-z0-9])([a-z]+)(?:_\d+)?$")


def is_split_name(name: str) -> bool:
    """Return whether a folder is named after a split: train, val, test."""
    return name.lower() in _SPLITS


def folder_split(folders: Sequence[str]) -> Split | None:
    """Return the split of files in these folders, outermost first; the outermost name counts."""
    named = next((name.lower() for name in folders if is_split_name(name)), "train")
    return _SPLITS[named]


def name_part(stem: str) -> str | None:
    """Return the split in a file's name: `merch-train` and `x_train_0` are `train`.

    Returns:
        train, validation or test, or None for other names.
    """
    word = _LAST_WORD.search(stem.lower())
    if word is None or word[1] not in _SPLITS:
        return None
    return _SPLITS[word[1]] or "train"
