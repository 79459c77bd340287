"""Dataset versions: splits, quarantine reasons and boxes, as in manifests."""

import dataclasses
from typing import Literal, NotRequired, TypedDict

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

# The test split is evaluated with the original photos through the served model.
CONVERTED: tuple[Split, ...] = ("train", "validation")

EVALUATED: tuple[Split, ...] = ("validation", "test")
"""The splits on which candidates may be evaluated, `evaluation.split`."""

Reason = Literal[
    "animated",
    "bad-annotation",  # an annotation without a file name
    "bad-box",  # a box that is empty, or outside the photo
    "conflicting-labels",  # the same bytes, or the same name, under different labels
    "label-out-of-range",
    "listed-twice",
    "missing-file",  # an annotation without its photo
    "missing-label",  # an annotation without its class
    "not-an-image",
    "not-usable",  # a user says so in labels/
    "too-large",
    "too-small",
    "truncated",
    "undecodable",
    "unlisted-file",  # a photo without a label
    "unsafe-member",  # a link, a device or a path out of the archive
]


@dataclasses.dataclass(frozen=True)
class Box:
    """A rectangle in a stored photo's pixels: `right` and `bottom` are exclusive.

    A devkit's box counts from 1 and includes both ends, so its x2 and y2 equal `right` and
    `bottom`.
    """

    left: int
    top: int
    right: int
    bottom: int


class CutRow(TypedDict):
    """The photo and box from which an image was cropped."""

    photo_sha256: str
    box: dict[str, int]


class LabelSource(TypedDict):
    """Who gave an image its class in labels/: the user, the time, and the file in labels/."""

    who: str
    when: str
    file: str
    note: NotRequired[str]


class ManifestRow(TypedDict):
    """A line of manifest.jsonl: one image of a dataset version.

    `label` is an index into classes.json; `key` is the path in the folder of stored images;
    `label_source` is missing if the source gave the class. Rows are plain dictionaries, because a
    version may have a million of them.
    """

    path: str
    sha256: str
    size: int
    width: int
    height: int
    label: int
    split: Split
    key: str
    cut: NotRequired[CutRow]
    label_source: NotRequired[LabelSource]
