"""Names of folders that are parts of the data rather than classes."""

import re
from typing import Literal

from include.image_classification.dataset.source.split_names import split_in_name

FolderKind = Literal["class", "split", "unlabelled", "container"]

UNLABELLED_WORDS = frozenset(
    {"pred", "preds", "prediction", "predictions", "predict", "unlabelled", "unlabeled",
     "inference", "incoming", "submission"}
)  # fmt: skip
"""Last words of folders whose photos have no labels: `single_prediction`, `seg_pred`."""

CONTAINER_WORDS = frozenset(
    {"image", "images", "img", "imgs", "photos", "pictures", "pics", "data", "dataset", "datasets",
     "files", "jpeg", "jpegs", "jpg", "jpgs", "png", "pngs"}
)  # fmt: skip
"""Words of folders that only hold something: `images`, `image_data`, `JPEGImages`."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")


def folder_kind(name: str) -> FolderKind:
    """Return what the name of a folder says that its photos are."""
    if split_in_name(name):
        return "split"
    words = [word.lower() for word in _WORD.findall(name)]
    if words and words[-1] in UNLABELLED_WORDS:
        return "unlabelled"
    if words and all(word in CONTAINER_WORDS for word in words):
        return "container"
    return "class"


def is_cut_class_name(outer: str, inner: str) -> bool:
    """Return whether two nested folders are one class name that contained a slash.

    As in `Ram C/V Cargo Van`: a single letter on each side of the slash.
    """
    before, after = outer.split()[-1:], inner.split()[:1]
    return all(len(word) == 1 and word.isalpha() for word in (*before, *after)) and bool(
        before and after
    )
