"""Dataset versions: splits, quarantine reasons and boxes, as manifests write them."""

import dataclasses
from typing import Literal

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

# Tests are judged by the photos themselves, through the served model, not by records.
CONVERTED: tuple[Split, ...] = ("train", "validation")

Reason = Literal[
    "animated",
    "bad-annotation",  # one without a file name
    "bad-box",  # it is empty, or outside the photo
    "conflicting-labels",  # the same bytes, or the same name, under different labels
    "label-out-of-range",
    "listed-twice",
    "missing-file",  # an annotation without its photo
    "missing-label",  # an annotation without its class
    "not-an-image",
    "too-large",
    "too-small",
    "truncated",
    "undecodable",
    "unlisted-file",  # a photo without a label
    "unsafe-member",  # a link, a device or a path out of the archive
]


@dataclasses.dataclass(frozen=True)
class Box:
    """A rectangle in a photo's pixels as stored: `left` and `top` are within, the others without.

    A devkit's box counts from 1 and includes both ends, so that its x2 and y2 are our `right` and
    `bottom`.
    """

    left: int
    top: int
    right: int
    bottom: int
