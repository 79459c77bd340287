"""Names under which public label files have their columns."""

import re
from collections.abc import Sequence

FILE = ("filename", "file", "filepath", "path", "imagepath", "imgpath", "imagefile",
        "imagefilename", "imagename", "imgname", "relativeimpath", "relativepath", "relpath",
        "fname", "photo", "picture", "image", "img", "images", "filenames", "sourceref",
        "imageuri", "uri")  # fmt: skip
IDENTIFIER = ("imageid", "imgid", "idcode", "photoid", "id", "name", "uid", "uuid")

CLASS_NAME = ("classname", "labelname", "categoryname", "labeltext", "classlabel")
CLASS = ("label", "class", "category", "labels", "classes", "species", "breed", "diagnosis",
         "target", "y", "tag")  # fmt: skip
CLASS_NUMBER = ("classid", "labelid", "categoryid", "classindex", "labelindex", "classidx",
                "labelidx", "classnumber")  # fmt: skip

SPLIT = ("split", "set", "subset", "partition", "usage", "phase", "datasplit", "trainortest",
         "dataset")  # fmt: skip
TEST_FLAG = ("istest",)
TRAIN_FLAG = ("istrain", "istraining", "istrainingimage")

CORNERS = (
    ("x1", "y1", "x2", "y2"),
    ("bboxx1", "bboxy1", "bboxx2", "bboxy2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("bboxxmin", "bboxymin", "bboxxmax", "bboxymax"),
    ("left", "top", "right", "bottom"),
)
SIZES = (
    ("x", "y", "w", "h"),
    ("x", "y", "width", "height"),
    ("left", "top", "width", "height"),
    ("bboxx", "bboxy", "bboxw", "bboxh"),
    ("bboxx", "bboxy", "bboxwidth", "bboxheight"),
)

# Columns that are never labels.
OTHER = ("", "width", "height", "index", "unnamed0", "size", "filesize", "depth", "channels",
         "confidence", "area", "md5", "sha256", "url", "license", "bbox", "objects", "boxes",
         "roix1", "roiy1", "roix2", "roiy2")  # fmt: skip

_BOX = (name for names in (*CORNERS, *SIZES) for name in names)
_ALL = (*FILE, *IDENTIFIER, *CLASS_NAME, *CLASS, *CLASS_NUMBER, *SPLIT, *TEST_FLAG, *TRAIN_FLAG)
_KNOWN = frozenset({*_ALL, *_BOX, *OTHER}) - {"", "y", "x", "w", "h"}


def simplify(name: str) -> str:
    """Return a column's name in lower case without spaces and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_known_name(name: str) -> bool:
    """Return whether this is a usual name of a column."""
    return simplify(name) in _KNOWN


def find_columns(columns: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return the indices of the columns with one of these names, in the order of the names."""
    simple = [simplify(column) for column in columns]
    return [index for name in names for index, column in enumerate(simple) if column == name]


def find_group(columns: Sequence[str], groups: Sequence[Sequence[str]]) -> tuple[int, ...] | None:
    """Return the indices of the first group of names that are all columns, or None."""
    simple = [simplify(column) for column in columns]
    for names in groups:
        if all(name in simple for name in names):
            return tuple(simple.index(name) for name in names)
    return None
