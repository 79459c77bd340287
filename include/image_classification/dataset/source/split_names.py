"""Splits from names: one recogniser for folders, archives, lists, and the values of a column.

A name is read as words: `seg_train`, `TestImages`, `train2017`, `Validation Set (1)`. Numbers and
words such as `set` and `images` are skipped. The last word that is left names the split, in any
case; `train_station` and `test_of_pets` name none. A name with two splits (`train_test`) names none
either, except the training and validation images in one (`trainval`), which are training images.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from include.contracts.dataset import Split

SPLIT_WORDS: Mapping[str, Split] = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "trainval": "train",
    "val": "validation",
    "vali": "validation",
    "valid": "validation",
    "validate": "validation",
    "validation": "validation",
    "dev": "validation",
    "devel": "validation",
    "eval": "validation",
    "evaluation": "validation",
    "test": "test",
    "tests": "test",
    "testing": "test",
    "tst": "test",
    "holdout": "test",
    "heldout": "test",
}
"""The words that name a split, in lower case."""

FILLERS = frozenset(
    {
        "set", "sets", "subset", "split", "part", "data", "dataset", "folder", "files", "list",
        "lists", "image", "images", "img", "imgs", "photo", "photos", "pic", "pics", "picture",
        "pictures", "sample", "samples", "label", "labels", "labelled", "labeled", "annotation",
        "annotations", "annos", "of", "the", "copy", "new", "final", "small", "full", "resized",
        "cropped",
    }
)  # fmt: skip
"""Words that say nothing about the split or the class."""

_WORD = re.compile(r"[^\W\d_]+")
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_GLUED = re.compile(f"({'|'.join(SPLIT_WORDS)})(set|data|images|imgs|img)")


def split_in_name(name: str) -> Split | None:
    """Return the split that a name contains, or None.

    Args:
        name: The name of a folder, of an archive or a list without its suffix, or a value.
    """
    words = [word for word in _words(name) if word not in FILLERS]
    named = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    if not words or words[-1] not in SPLIT_WORDS:
        return None
    if named == {"train", "validation"}:
        return "train"
    return SPLIT_WORDS[words[-1]] if len(named) == 1 else None


def split_in_path(folders: Sequence[str]) -> Split | None:
    """Return the split of the files in these folders, outermost first; the outermost counts."""
    return next((split for name in folders if (split := split_in_name(name))), None)


def held_out(split: Split | None) -> Split | None:
    """Return the split that a source assigns to a photo: validation, test or None.

    A source's training photos get none, because the other splits may be taken from them.
    """
    return None if split == "train" else split


def names_only_a_split(name: str) -> bool:
    """Return whether a name says nothing but a split: `test`, `Test Images`, `train2017`."""
    words = [word for word in _words(name) if word not in FILLERS]
    return bool(words) and all(word in SPLIT_WORDS for word in words)


def known_words(split: Split) -> str:
    """Return the words of a split for messages."""
    return _listed(word for word, named in SPLIT_WORDS.items() if named == split)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _words(name: str) -> list[str]:
    """Return the words of a name in lower case, without numbers."""
    words = [word.lower() for run in _WORD.findall(name) for word in _CAMEL_CASE.split(run)]
    return [part for word in words for part in _parts(word)]


def _parts(word: str) -> Sequence[str]:
    glued = _GLUED.fullmatch(word)
    return glued.groups() if glued else (word,)
