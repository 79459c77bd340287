"""What the names of folders, archives and lists say about the split."""

import re
from collections.abc import Sequence

from include.contracts.dataset import Split

# Training photos have no hint: the ratio may still carve the other splits out of them.
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
    """Whether a folder is named after a part of the data: train, val, test."""
    return name.lower() in _SPLITS


def folder_split(folders: Sequence[str]) -> Split | None:
    """The split of what lies in these folders, outermost first; the first that says so holds."""
    named = next((name.lower() for name in folders if is_split_name(name)), "train")
    return _SPLITS[named]


def name_part(stem: str) -> str | None:
    """The part of the data that a file is named after: `merch-train` and `x_train_0` are `train`.

    Returns:
        train, validation or test, or None for a name that says nothing.
    """
    word = _LAST_WORD.search(stem.lower())
    if word is None or word[1] not in _SPLITS:
        return None
    return _SPLITS[word[1]] or "train"
